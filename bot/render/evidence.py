"""How is shown what decided? Each measurement with its value, unknown ones with their reason."""

from __future__ import annotations

from collections.abc import Iterable

from bot.model.diagnosis import Evidence
from bot.model.fact import Unknown
from bot.model.text import Lang
from bot.render.templates import Escape, shown, slack_value


def evidence(found: Iterable[Evidence], lang: Lang, escape: Escape = slack_value) -> str:
    """All deciding measurements in one line: `path` = value."""
    return " · ".join(_one(one, lang, escape) for one in found)


def pairs(found: Iterable[tuple[str, str]], escape: Escape = slack_value) -> str:
    """The same for stored (path, shown value) pairs."""
    return " · ".join(f"{escape(path)} = {escape(value)}" for path, value in found)


def _one(one: Evidence, lang: Lang, escape: Escape) -> str:
    value = shown(one.value, lang)
    if isinstance(one.value, Unknown) and one.value.detail:
        value = f"{value} ({one.value.detail})"
    return f"{escape(one.path)} = {escape(value)}"
