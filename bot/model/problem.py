"""What is a known problem: how it looks, which facts tell its causes apart, and what helps. It holds no command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.model.condition import Condition
from bot.model.fact import FactUse, Scalar
from bot.model.text import Text


class Risk(StrEnum):
    """Who must agree: low = one approver who did not ask for it, high = two."""

    LOW = "low"
    HIGH = "high"


@dataclass(frozen=True, slots=True, kw_only=True)
class FactPath:
    """A parameter whose value is the measured fact at this path."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepUse:
    """An operation as a fix names it; parameters are literals or measured facts, never text from a paste."""

    operation: str
    parameters: Mapping[str, Scalar | FactPath] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """A change that helps against a cause, with what must hold before and after it."""

    id: str
    risk: Risk
    safety: Text
    steps: tuple[StepUse, ...]
    before: tuple[Condition, ...]
    after: tuple[Condition, ...]
    within: int  # seconds in which `after` must come to hold
    undo: tuple[StepUse, ...]  # empty: there is nothing to take back


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One explanation; it names a fix, or gives advice where no automatic fix is right, or both."""

    id: str
    when: Condition
    says: Text
    fix: str | None
    advice: Text | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """What people write when they paste no log, by language."""

    en: tuple[str, ...] = ()
    zh: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """A value computed from facts, captures and literals by a named pure function, bound to `name`."""

    name: str
    function: str
    arguments: tuple[str, ...]  # `match.<capture>`, a fact path, or a quoted literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One entry of the knowledge; `digest` is the SHA-256 of the raw bytes it was parsed from."""

    id: str
    version: int
    title: Text
    references: tuple[str, ...]
    signatures: tuple[str, ...]
    phrases: Phrases
    yields_to: tuple[str, ...]  # ids of more telling problems beside which this one is only a symptom
    facts: tuple[FactUse, ...]
    derived: tuple[Derived, ...]
    causes: tuple[Cause, ...]
    fixes: Mapping[str, Fix]
    lab: tuple[LabCase, ...]
    digest: str
    passing: bool = False  # mail that waits for this is tried again and then goes out: no alarm


@dataclass(frozen=True, slots=True, kw_only=True)
class LabCase:
    """How to make a cause real on a disposable host; shell texts for root, used by the lab only and never by the bot."""

    id: str
    breaks: tuple[str, ...]
    trigger: tuple[str, ...]
    cause: str
    hosts: tuple[str, ...] = ()  # empty: every lab host that runs Postfix
    check: tuple[str, ...] = ()  # shell texts that must succeed once it is healed, e.g. mail really arrives
    mend: tuple[str, ...] = ()  # where the answer is advice: what an administrator who follows it types
    paste: str = ""  # used when the host logs nothing, e.g. a problem described in words
