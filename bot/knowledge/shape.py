"""Which shapes may a value in an entry have? Small readers that raise `KnowledgeError` with file, line and hint."""

from __future__ import annotations

from dataclasses import dataclass

from bot.knowledge.loader import Section
from bot.model.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Which keys a mapping must have, and which it may have beside them."""

    needed: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()


TEXT = Keys(needed=frozenset({"en", "zh"}))


def known_keys(one: Section, keys: Keys) -> None:
    """Refuse unknown and missing keys."""
    allowed = keys.needed | keys.others
    for key in one:
        if key not in allowed:
            raise one.wrong(key, f"the key {key!r} is not known here", f"known are: {', '.join(sorted(allowed))}")
    for key in sorted(keys.needed):
        if key not in one:
            raise one.wrong(key, f"the key {key!r} is missing", f"add `{key}:` here")


def word(one: Section, key: str) -> str:
    """A string that is not empty."""
    value = one.get(key)
    if not isinstance(value, str) or not value.strip():
        raise one.wrong(key, f"{key} is not a text", f"write `{key}: …`, in quotes if it looks like a number")
    return value


def yes_or_no(one: Section, key: str) -> bool:
    """True or false; a missing key is false."""
    value = one.get(key, False)
    if not isinstance(value, bool):
        raise one.wrong(key, f"{key} is neither true nor false", f"write `{key}: true`, or leave it out")
    return value


def words(one: Section, key: str) -> tuple[str, ...]:
    """A list of strings; a missing key is an empty list."""
    listed = one.get(key, [])
    if not isinstance(listed, list) or not all(isinstance(item, str) and item.strip() for item in listed):
        raise one.wrong(key, f"{key} is not a list of texts", f"write `{key}: [ … ]` with each text in quotes")
    return tuple(listed)


def section(one: Section, key: str) -> Section:
    """A mapping; a missing key is an empty one."""
    value = one.get(key)
    if value is None:
        return Section(one.where, one.line)
    if not isinstance(value, Section):
        raise one.wrong(key, f"{key} is not a mapping", f"write `{key}: {{ … }}`")
    return value


def sections(one: Section, key: str) -> tuple[Section, ...]:
    """A list of mappings; a missing key is an empty list."""
    listed = one.get(key, [])
    if not isinstance(listed, list) or not all(isinstance(item, Section) for item in listed):
        raise one.wrong(key, f"{key} is not a list of mappings", f"write `{key}:` and below it `- …: …`")
    return tuple(listed)


def text(one: Section, key: str) -> Text:
    """A text in every language: `{ en: …, zh: … }`."""
    both = section(one, key)
    known_keys(both, TEXT)
    return Text(en=word(both, "en").strip(), zh=word(both, "zh").strip())


def text_or_none(one: Section, key: str) -> Text | None:
    """Like `text`, but the key may be missing or null."""
    return text(one, key) if one.get(key) is not None else None
