"""What did a person paste, and which known problems does it look like?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One cleaned line; `number` counts the lines of the original text from 1, `host` is the log line's own host field."""

    number: int
    text: str
    host: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paste:
    """What a person pasted, after cleaning; `cut` is true when the original was longer than is read."""

    lines: tuple[Line, ...]
    cut: bool = False

    @property
    def text(self) -> str:
        """The cleaned lines, one a line."""
        return "\n".join(line.text for line in self.lines)


class Kind(StrEnum):
    """How a problem was recognised."""

    EXACT = "exact"
    SIMILAR = "similar"
    PHRASE = "phrase"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One recognised problem: score in 0..100, margin over the runner-up, typed captures, the deciding lines."""

    problem: str
    kind: Kind
    score: float
    margin: float = 0.0
    captures: Mapping[str, str] = field(default_factory=dict)
    lines: tuple[Line, ...] = ()
    count: int = 1  # how many lines of the paste show this problem
    numbers: tuple[int, ...] = ()  # of all of these lines in the original text


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """The answer to a paste: `sure` are posted unprompted, most causal first; `near` are offered as questions."""

    paste: Paste
    sure: tuple[Match, ...] = ()
    near: tuple[Match, ...] = ()  # best first, holds the sure ones too
    hosts: tuple[str, ...] = ()  # host fields and names met in the paste, most frequent first
