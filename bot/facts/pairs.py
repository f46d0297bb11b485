"""How is the output of a probe read that prints `name=value` lines? In one way, which a hostile host cannot make raise.

Such a probe ends with the line `end=ok`; without it the output was cut, and what is missing must not look like "no".
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.facts.base import refusal, unreadable
from bot.model.fact import Reason, Unknown
from bot.model.probe import Reading

Pairs = Mapping[str, tuple[str, ...]]
_LONGEST = 512

# How such probes start: `need COMMAND…` ends them where a command is missing, `yes COMMAND…` prints yes or no.
SHELL = """
need() { for one; do command -v "$one" >/dev/null || exit 127; done; }
yes() { if "$@" >/dev/null 2>&1; then echo yes; else echo no; fi; }
""".strip()


def pairs(reading: Reading) -> Pairs | Unknown:
    """Give the values of each name in the order printed, or why there are none."""
    if refused := refusal(reading):
        return refused
    if reading.exit != 0:
        return unreadable("the probe did not end as it should")
    values: dict[str, list[str]] = {}
    for line in reading.out.split("\n"):
        name, equals, value = line.partition("=")
        if equals:
            values.setdefault(name, []).append(value.strip()[:_LONGEST])
    if values.get("end") != ["ok"]:
        return Unknown(reason=Reason.TRUNCATED, detail="the probe's answer was cut")
    return {name: tuple(found) for name, found in values.items()}


def text(values: Pairs, name: str) -> str:
    """The first value of a name, empty where it was not printed."""
    return values.get(name, ("",))[0]


def flag(values: Pairs, name: str) -> bool | Unknown:
    """A yes or no; anything else is unknown."""
    match values.get(name):
        case ("yes",):
            return True
        case ("no",):
            return False
        case _:
            return unreadable(f"the probe did not say yes or no about {name}")


def number(values: Pairs, name: str) -> int | None:
    """A decimal number, or None for anything else."""
    value = text(values, name)
    return int(value) if value.isascii() and value.isdecimal() and len(value) <= 15 else None
