"""What did a host really answer, and what must follow from it? Reads and writes the recorded cases of an entry."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.errors import KnowledgeError
from bot.knowledge.loader import Section, dump, parse
from bot.knowledge.shape import Keys, known_keys, section, word, words
from bot.model.probe import Reading

# The forms of a case; docs/case.schema.json is made of them too.
CASE = Keys(needed=frozenset({"paste", "recorded", "readings", "expect"}), others=frozenset({"probes"}))
EXPECT = Keys(needed=frozenset({"match"}), others=frozenset({"confirmed", "ruled-out", "unmeasured", "plan"}))
READING = Keys(
    needed=frozenset({"exit"}), others=frozenset({"stdout", "stderr", "stdout-base64", "stderr-base64", "truncated"})
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A paste, the recorded reading of each request, and the verdict and plan they must lead to.

    `probes` has the digest of each probe's text at the recording; cases recorded before it was noted have none.
    """

    name: str
    paste: str
    recorded: Mapping[str, str]
    readings: Mapping[str, Reading]
    match: str
    confirmed: tuple[str, ...]
    ruled_out: tuple[str, ...]
    unmeasured: tuple[str, ...]
    plan: tuple[str, ...]
    probes: Mapping[str, str] = field(default_factory=dict)


def cases(folder: Path) -> list[Case]:
    """Read every case of the entry in `folder`, in the order of their names."""
    return [case(path) for path in sorted((folder / "cases").glob("*.yaml"))]


def case(path: Path) -> Case:
    """Read one case; raises `KnowledgeError` with file and line."""
    where = f"{path.parts[-4]}/{path.parts[-3]}/cases/{path.name}"
    try:
        top = parse(path.read_bytes(), where)
    except OSError as error:
        detail = f"it cannot be read: {error.strerror}"
        raise KnowledgeError(where=where, detail=detail, hint="look at its rights") from error
    known_keys(top, CASE)
    expect, recorded, probes = section(top, "expect"), section(top, "recorded"), section(top, "probes")
    known_keys(expect, EXPECT)
    readings = section(top, "readings")
    return Case(
        name=path.stem,
        paste=_text(top, "paste"),
        recorded={key: _text(recorded, key) for key in recorded},
        readings={key: _reading(section(readings, key), key) for key in readings},
        match=word(expect, "match"),
        confirmed=words(expect, "confirmed"),
        ruled_out=words(expect, "ruled-out"),
        unmeasured=words(expect, "unmeasured"),
        plan=words(expect, "plan"),
        probes={name: word(probes, name) for name in probes},
    )


def write(path: Path, one: Case) -> None:
    """Write a recorded case in the form that `case` reads."""
    path.parent.mkdir(parents=True, exist_ok=True)
    expect: dict[str, object] = {"match": one.match, "confirmed": list(one.confirmed), "ruled-out": list(one.ruled_out)}
    expect |= {"unmeasured": list(one.unmeasured), "plan": list(one.plan)}
    document = {
        "paste": one.paste,
        "recorded": dict(one.recorded),
        **({"probes": dict(one.probes)} if one.probes else {}),
        "readings": {key: _written(reading) for key, reading in sorted(one.readings.items())},
        "expect": expect,
    }
    path.write_text(dump(document), encoding="utf-8")


def _reading(one: Section, key: str) -> Reading:
    known_keys(one, READING)
    code = one["exit"]
    if code is not None and (not isinstance(code, int) or isinstance(code, bool)):
        raise one.wrong("exit", "exit is not a number", "write the exit status, or null when the probe did not end")
    truncated = one.get("truncated", False)
    if not isinstance(truncated, bool):
        raise one.wrong("truncated", "truncated is neither true nor false", "write `truncated: true`, or leave it out")
    return Reading(
        key=key,
        exit=code,
        stdout=_stream(one, "stdout"),
        stderr=_stream(one, "stderr"),
        truncated=truncated,
    )


def _stream(one: Section, name: str) -> bytes:
    if f"{name}-base64" in one:
        try:
            return base64.b64decode(word(one, f"{name}-base64"), validate=True)
        except ValueError as error:
            raise one.wrong(f"{name}-base64", "this is not base64", "record the case again") from error
    return _text(one, name).encode()


def _text(one: Section, name: str) -> str:
    text = one.get(name, "")
    if not isinstance(text, str):
        raise one.wrong(name, f"{name} is not a text", "put it in quotes")
    return text


def _written(reading: Reading) -> dict[str, object]:
    written: dict[str, object] = {"exit": reading.exit}
    for name, stream in (("stdout", reading.stdout), ("stderr", reading.stderr)):
        try:
            text = stream.decode("utf-8")
        except UnicodeDecodeError:
            written[f"{name}-base64"] = base64.b64encode(stream).decode()
            continue
        if text:
            written[name] = text
    if reading.truncated:
        written["truncated"] = True
    return written
