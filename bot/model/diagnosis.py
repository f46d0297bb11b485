"""What was confirmed on the host, what was ruled out, and what could not be measured?"""

from __future__ import annotations

from dataclasses import dataclass

from bot.model.condition import Truth
from bot.model.fact import Facts
from bot.model.match import Match
from bot.model.problem import Cause, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One measurement that decided a cause: its path and the value, or why there is none."""

    path: str
    value: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One cause judged: true = confirmed, false = ruled out, unknown = could not be measured."""

    cause: Cause
    truth: Truth
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One problem judged on one host at one time (`measured_at`: UTC seconds since the epoch)."""

    problem: Problem
    host: str
    match: Match | None
    facts: Facts
    verdicts: tuple[Verdict, ...]
    measured_at: float
    error: str = ""  # why the host could not be asked at all, for people

    @property
    def confirmed(self) -> tuple[Verdict, ...]:
        return tuple(v for v in self.verdicts if v.truth is Truth.TRUE)

    @property
    def ruled_out(self) -> tuple[Verdict, ...]:
        return tuple(v for v in self.verdicts if v.truth is Truth.FALSE)

    @property
    def unmeasured(self) -> tuple[Verdict, ...]:
        return tuple(v for v in self.verdicts if v.truth is Truth.UNKNOWN)
