"""What is written down for ever about who did what? One event is one line of the audit chain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """The place and digest of one event, or the beginning of its digest, as some place outside remembers it."""

    sequence: int
    digest: str

    @property
    def token(self) -> str:
        """How it is written for people and logs, the same in every language: `audit:17:0123456789abcdef`."""
        return f"audit:{self.sequence}:{self.digest}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One audited fact; `previous` is the digest of the event before it, `at` UTC seconds since the epoch."""

    sequence: int
    at: float
    kind: str  # e.g. plan.proposed, plan.approved, step.started, step.ended
    actor: str  # a Slack user id, `local:<login>`, the name of the process that acted, or `postmedic`
    subject: str  # the plan's id, or the host's name
    details: Mapping[str, str] = field(default_factory=dict)
    previous: str = ""
    digest: str = ""

    @property
    def head(self) -> Anchor:
        """What a place outside has to remember of it."""
        return Anchor(sequence=self.sequence, digest=self.digest)
