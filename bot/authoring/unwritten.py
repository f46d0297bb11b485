"""What of an entry is still to be written? Finds every text that begins with `TODO: `, whose rest says what belongs there."""

from __future__ import annotations

from collections.abc import Iterator

from bot.authoring.findings import Finding
from bot.knowledge.loader import Section, parse

TODO = "TODO: "


def unwritten(raw: bytes, where: str) -> Iterator[Finding]:
    """Name each place of an entry that parses, with its line."""
    yield from _below(parse(raw, where), where, "")


def _below(value: object, at: str, name: str) -> Iterator[Finding]:
    match value:
        case Section():
            for key, one in value.items():
                yield from _below(one, f"{value.where}:{value.lines[key]}", f"{name}.{key}" if name else key)
        case list():
            for one in value:
                yield from _below(one, at, name)
        case str() if value.startswith(TODO):
            yield Finding(where=at, detail=f"{name} is not written yet", hint=value.removeprefix(TODO).strip())
