"""How is a TOML file read that a person wrote? Whatever is in it, it becomes plain values or one sentence that says why not."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MAX_BYTES = 16 * 1024 * 1024


def read(path: Path) -> dict[str, Any]:
    """The values of the file. Raises `OSError`, or `ValueError` with a sentence that names the place."""
    with path.open("rb") as file:
        raw = file.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise ValueError(f"it has more than {MAX_BYTES // 1024 // 1024} MiB")
    try:
        values = tomllib.loads(raw.decode("utf-8-sig"))  # some editors begin a file with a mark
        spoilt = next((key for key, text in _texts("", values) if "\0" in text), None)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    except ValueError as error:
        raise ValueError(f"it is not TOML: {error}") from error
    if spoilt is not None:
        raise ValueError(f"{spoilt!r} holds a NUL (\\u0000), which no name or path can")
    return values


def _texts(key: str, value: object) -> Iterator[tuple[str, str]]:
    match value:
        case str():
            yield key, value
        case list():
            for one in value:
                yield from _texts(key, one)
        case dict():
            for name, one in value.items():
                yield key or name, name
                yield from _texts(f"{key}.{name}" if key else name, one)
