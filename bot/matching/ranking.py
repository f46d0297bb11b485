"""Which of the problems that a paste shows is the cause, which are only its symptoms, and what is sure enough to say?

Log evidence beats likeness, likeness beats words; a problem that yields to another one present is its symptom; what quotes
more of a line explains it better. Every decision leaves a reason, so that an author can see why a paste stayed unanswered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.model.match import Kind

FLOOR = {Kind.EXACT: 0.0, Kind.SIMILAR: 80.0, Kind.PHRASE: 78.0}
MARGIN = {Kind.EXACT: 0.0, Kind.SIMILAR: 4.0, Kind.PHRASE: 2.0}
NEAR_FLOOR = 55.0
_ORDER = {Kind.EXACT: 0, Kind.SIMILAR: 1, Kind.PHRASE: 2}


class Verdict(StrEnum):
    """Why a candidate is, or is not, said unprompted."""

    SURE = "sure"
    SYMPTOM = "a symptom of"
    LESS_TELLING = "explained better by"
    LOG_IS_BETTER = "only words, and a log line shows"
    FLOOR = "too unlike"
    MARGIN = "too close to"
    FOREIGN = "not about Postfix"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One problem that a paste may show: by which pattern, how surely, and on which lines."""

    problem: str
    kind: Kind
    score: float
    pattern: str
    letters: int  # how much fixed text the pattern quotes
    captures: Mapping[str, str]
    lines: tuple[int, ...]  # indexes into the paste's lines, the deciding ones first
    count: int = 1
    shown: tuple[int, ...] = ()  # indexes of the first line of every place that shows it
    verdict: Verdict = Verdict.SURE
    because: str = ""  # the other problem that the verdict names
    margin: float = 0.0


def ranked(candidates: Sequence[Candidate], yields_to: Mapping[str, Sequence[str]]) -> tuple[Candidate, ...]:
    """Order candidates (one per problem), sure ones first and most causal first, each with its verdict."""
    ordered = sorted(candidates, key=_precedence)
    judged = [_judged(one, ordered, yields_to) for one in ordered]
    if judged and judged[0].verdict is Verdict.SYMPTOM and not any(one.verdict is Verdict.SURE for one in judged):
        judged[0] = replace(judged[0], verdict=Verdict.SURE, because="")  # a ring of yields: somebody must speak
    rank = {Verdict.SURE: 0, Verdict.MARGIN: 1, Verdict.FLOOR: 2}
    return tuple(sorted(judged, key=lambda one: rank.get(one.verdict, 1)))


def _precedence(one: Candidate) -> tuple[int, float, int, int]:
    """Log lines in the order they were written, for a cause is logged before its consequences; the rest by score."""
    return (_ORDER[one.kind], 0.0 if one.kind is Kind.EXACT else -one.score, min(one.lines), -one.letters)


def yields(one: str, other: str, yields_to: Mapping[str, Sequence[str]]) -> bool:
    """Say whether a problem is only a symptom beside another; `area-*` and `*` name many at once."""
    return one != other and _names(yields_to.get(one, ()), other) and not _names(yields_to.get(other, ()), one)


def _clearly_likelier(one: Candidate, other: Candidate) -> bool:
    """Say whether the same lines are clearly more like one problem than like the other."""
    if other.kind is not Kind.SIMILAR or set(one.lines).isdisjoint(other.lines):
        return False
    return one.score - other.score >= MARGIN[Kind.SIMILAR]


def _names(patterns: Sequence[str], problem: str) -> bool:
    return any(pattern == problem or (pattern.endswith("*") and problem.startswith(pattern[:-1])) for pattern in patterns)


def _judged(one: Candidate, ordered: Sequence[Candidate], yields_to: Mapping[str, Sequence[str]]) -> Candidate:
    """One candidate with its verdict in the light of all others."""
    others = [other for other in ordered if other.problem != one.problem and other.verdict is not Verdict.FOREIGN]
    rival = max((other.score for other in others if not yields(other.problem, one.problem, yields_to)), default=0.0)
    one = replace(one, margin=max(0.0, one.score - rival))
    if one.verdict is Verdict.FOREIGN:
        return one
    if one.score < FLOOR[one.kind]:
        return replace(one, verdict=Verdict.FLOOR)
    for other in others:
        certain = other.score >= FLOOR[other.kind] and not _clearly_likelier(one, other)
        if certain and yields(one.problem, other.problem, yields_to) and _ORDER[other.kind] <= max(_ORDER[one.kind], 1):
            return replace(one, verdict=Verdict.SYMPTOM, because=other.problem)
    for other in others:
        if other.score >= FLOOR[other.kind] and _ORDER[other.kind] < _ORDER[one.kind]:
            if one.kind is Kind.PHRASE:
                return replace(one, verdict=Verdict.LOG_IS_BETTER, because=other.problem)
            if not set(one.lines).isdisjoint(other.lines):
                return replace(one, verdict=Verdict.LESS_TELLING, because=other.problem)
        if (
            other.kind is one.kind is not Kind.EXACT
            and (one.kind is Kind.PHRASE or not set(one.lines).isdisjoint(other.lines))
            and one.score - other.score < MARGIN[one.kind]
            and not yields(other.problem, one.problem, yields_to)
        ):
            return replace(one, verdict=Verdict.MARGIN, because=other.problem)
    return one
