"""When does a cause hold? Comparison of facts with literals in three-valued logic; the language is frozen at five words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from bot.model.fact import Facts, Scalar, Unknown


class Truth(StrEnum):
    """The value of a condition; unknown never confirms."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Is:
    """The fact at `path` equals the literal."""

    path: str
    literal: Scalar


@dataclass(frozen=True, slots=True, kw_only=True)
class In:
    """The fact at `path` equals one of the literals."""

    path: str
    literals: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class All:
    """Every part holds; one false part decides, even beside unknown ones."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Any:
    """At least one part holds; one true part decides, even beside unknown ones."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """The part does not hold."""

    part: Condition


Condition = Is | In | All | Any | Not


def judge(condition: Condition, facts: Facts) -> Truth:
    """Evaluate `condition` over `facts` in Kleene's three-valued logic."""
    match condition:
        case Is(path=path, literal=literal):
            return _compare(facts.look(path), (literal,))
        case In(path=path, literals=literals):
            return _compare(facts.look(path), literals)
        case All(parts=parts):
            return _decide([judge(part, facts) for part in parts], Truth.FALSE, Truth.TRUE)
        case Any(parts=parts):
            return _decide([judge(part, facts) for part in parts], Truth.TRUE, Truth.FALSE)
        case Not(part=part):
            return {Truth.TRUE: Truth.FALSE, Truth.FALSE: Truth.TRUE, Truth.UNKNOWN: Truth.UNKNOWN}[judge(part, facts)]
        case _:
            assert_never(condition)


def paths(condition: Condition) -> tuple[str, ...]:
    """Name every fact path the condition reads, in order, without repeats."""
    match condition:
        case Is(path=path) | In(path=path):
            return (path,)
        case All(parts=parts) | Any(parts=parts):
            return tuple(dict.fromkeys(path for part in parts for path in paths(part)))
        case Not(part=part):
            return paths(part)
        case _:
            assert_never(condition)


def _compare(value: object, literals: tuple[Scalar, ...]) -> Truth:
    if isinstance(value, Unknown):
        return Truth.UNKNOWN
    # `type is` because True == 1 in Python, and a port is not a truth value.
    return Truth.TRUE if any(type(value) is type(one) and value == one for one in literals) else Truth.FALSE


def _decide(truths: list[Truth], decisive: Truth, otherwise: Truth) -> Truth:
    if decisive in truths:
        return decisive
    return Truth.UNKNOWN if Truth.UNKNOWN in truths else otherwise
