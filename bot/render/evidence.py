"""How is shown what decided? Each measurement with its value, unknown ones with their reason."""

from __future__ import annotations

from collections.abc import Iterable

from bot.model.diagnosis import Evidence
from bot.model.fact import Unknown
from bot.model.text import Lang
from bot.render.templates import Escape, shown, slack_value


def evidence(found: Iterable[Evidence], lang: Lang, escape: Escape = slack_value) -> str:
    """All deciding measurements in one line: `path` = value."""
    return " · ".join(evidence_of(one.path, one.value, lang, escape) for one in found)


def pairs(found: Iterable[tuple[str, str]], escape: Escape = slack_value) -> str:
    """The same for stored (path, shown value) pairs."""
    return " · ".join(f"{escape(path)} = {escape(value)}" for path, value in found)


def evidence_of(path: str, value: object, lang: Lang, escape: Escape = slack_value) -> str:
    """One measurement: its path and value, or why there is none."""
    said = shown(value, lang)
    if isinstance(value, Unknown) and value.detail:
        said = f"{said} ({value.detail})"
    return f"{escape(path)} = {escape(said)}"
