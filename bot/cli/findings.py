"""What did `postmedic doctor` find, and what mends it? A finding names the exact command wherever there is one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.model.text import Lang
from bot.render import templates


class Verdict(StrEnum):
    """How much a finding weighs."""

    FINE = "fine"
    NOTED = "noted"  # works, and is worth knowing
    UNMEASURED = "unmeasured"  # could not be looked at, which is not health
    FOUND = "found"  # wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at; `mend` is a command, or what to write where, and empty when nothing is wrong."""

    about: str
    verdict: Verdict
    says: str
    mend: str = ""


def say(name: str, lang: Lang, **values: object) -> str:
    """What a finding says, from the program's texts; values cannot move the cursor."""
    return templates.say(name, lang, templates.plain_value, **values)
