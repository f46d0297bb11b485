"""What did a real host answer before and after each step of a fix? A scene is that recording, as one JSON file.

    {
      "host": "mail01",                         the name the sample host gets
      "recorded": {"postfix": "3.7.11", ...},   where it was recorded, for people
      "sample": {"title": "...", "text": "..."},  what somebody pastes about it, offered on the demo's page; optional
      "stages": [
        {"readings": {"interfaces": {"exit": 0, "stdout": "...", "stderr": ""}, "tcp-banner 127.0.0.1 25": {...}}},
        {"step": "loopback-up", "result": {"exit": 0, "stdout": "", "stderr": ""}, "readings": {...}}
      ]
    }

Stages are in order; the first is the broken host. Running a stage's `step` (the words that travel: operation and tokens)
in the stage before it gives its `result` and moves the host there. A stage need only hold the readings that differ from
the stage before. Bytes that are not UTF-8 stand as the lone surrogates U+DC80 to U+DCFF (`surrogateescape`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

SCENES = Path(__file__).parent / "scenes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What one command gave: exit status and both outputs."""

    exit: int
    stdout: bytes = b""
    stderr: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One state of the host; `step` leads into it and gives `result` (both None in the first stage)."""

    step: str | None
    result: Recorded | None
    readings: dict[str, Recorded]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One recorded host from broken to mended."""

    host: str
    stages: tuple[Stage, ...]
    recorded: dict[str, str] = field(default_factory=dict)
    sample: dict[str, str] = field(default_factory=dict)


def load_scene(path: Path) -> Scene:
    """Read one scene file; raises `ValueError` naming the file and the place when it is not of the form above."""
    try:
        return read_scene(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path.name} is not a scene: {type(error).__name__} {error}") from error


def load_scenes(folder: Path = SCENES) -> tuple[Scene, ...]:
    """Read all scene files of a folder, by name; raises `ValueError` also when two of them name the same host."""
    scenes = tuple(load_scene(path) for path in sorted(folder.glob("*.json")))
    names = [scene.host for scene in scenes]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two scenes are about the host {name}")
    return scenes


def read_scene(written: dict[str, object]) -> Scene:
    """Give the scene that parsed JSON describes."""
    only(written, {"host", "recorded", "sample", "stages"})
    host, recorded, listed = written["host"], written.get("recorded", {}), written["stages"]
    sample = written.get("sample", {})
    only(sample, {"title", "text"})
    if not isinstance(host, str) or not isinstance(recorded, dict) or not isinstance(listed, list) or not listed:
        raise ValueError("host, recorded and stages must be a name, an object and a list")
    stages: list[Stage] = []
    for place, stage in enumerate(listed):
        only(stage, {"step", "result", "readings"})
        if ("step" in stage) != (place > 0) or ("result" in stage) != (place > 0):
            raise ValueError("every stage but the first has a step and its result")
        inherited = stages[-1].readings if stages else {}
        readings = {key: _recorded(value) for key, value in stage["readings"].items()}
        result = _recorded(stage["result"]) if place else None
        stages.append(Stage(step=stage.get("step"), result=result, readings=inherited | readings))
    return Scene(host=host, stages=tuple(stages), recorded=_texts(recorded), sample=_texts(sample))


def _texts(written: object) -> dict[str, str]:
    if not isinstance(written, dict):
        raise ValueError(f"{str(written)[:40]!r} is no object")
    return {name: str(value) for name, value in written.items()}


def only(written: object, names: set[str]) -> None:
    """Refuse misspelt or unknown names, which would otherwise be silently ignored."""
    if not isinstance(written, dict):
        raise ValueError(f"{str(written)[:40]!r} is no object")
    unknown = sorted(set(written) - names)
    if unknown:
        raise ValueError(f"{unknown[0]!r} is not known here")


def _recorded(written: dict[str, object]) -> Recorded:
    only(written, {"exit", "stdout", "stderr"})
    code = written["exit"]
    if not isinstance(code, int) or isinstance(code, bool) or not 0 <= code <= 255:
        raise ValueError("an exit is a number from 0 to 255")
    stdout, stderr = written.get("stdout", ""), written.get("stderr", "")
    if not isinstance(stdout, str) or not isinstance(stderr, str):
        raise ValueError("an output is a text")
    return Recorded(
        exit=code, stdout=stdout.encode("utf-8", "surrogateescape"), stderr=stderr.encode("utf-8", "surrogateescape")
    )
