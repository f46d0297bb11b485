"""What did the general health check of a host find, without a paste?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.model.diagnosis import Diagnosis
from bot.model.fact import Facts
from bot.model.match import Match


class Source(StrEnum):
    """Where on the host a problem was seen."""

    QUEUE = "queue"
    LOG = "log"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One group of queue reasons or log lines: the problem it is, or only the text of what nobody knows."""

    source: Source
    count: int
    match: Match | None
    sure: bool
    text: str
    oldest: str = ""  # the time of the first and the last of them as the host gives it, empty when it gives none
    newest: str = ""
    passing: bool = False  # what waits for it goes out by itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkup:
    """The health of one host: its facts, what stands in queue and log most weighty first, and what was judged of it."""

    host: str
    facts: Facts
    seen: tuple[Seen, ...]
    diagnoses: tuple[Diagnosis, ...]
    measured_at: float
    error: str = ""
