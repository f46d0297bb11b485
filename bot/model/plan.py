"""What exactly would be done, on which host, under which conditions? The digest covers every word a person approves."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

from bot.model.problem import Risk
from bot.model.text import Text

NOTHING = Text(en="", zh="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that would be different afterwards, as short texts: `what`, its value `before` and `after`."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One operation with its tokens; `script` is the fixed sh text that the host runs with them as `$1`, `$2` …, and
    `says` what it does, for people."""

    operation: str
    tokens: tuple[str, ...]
    script: str
    says: Text = NOTHING
    changes: tuple[Change, ...] = ()

    @property
    def wire(self) -> str:
        """The words that travel: `destination-add example.org`."""
        return " ".join((self.operation, *self.tokens))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """An immutable plan for one host; times are UTC seconds since the epoch, conditions are in the entry's own form."""

    id: str
    host: str
    host_key: str  # SHA256 fingerprint of the key the diagnosis was made over
    problem: str
    problem_digest: str
    cause: str
    fix: str
    risk: Risk
    captures: tuple[tuple[str, str], ...]  # of the match: `before` and `after` are measured with the same ones
    steps: tuple[Step, ...]
    undo: tuple[Step, ...]
    before: tuple[str, ...]  # conditions as canonical JSON, see bot/knowledge/conditions.py
    after: tuple[str, ...]
    within: int
    facts: tuple[tuple[str, str], ...]  # path and shown value of what decided the cause
    requester: str  # who asked: Slack user id or `local:<login>`
    created_at: float
    expires_at: float

    @property
    def digest(self) -> str:
        """SHA-256 over everything above in canonical JSON; the approval binds to it."""
        canonical = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(canonical.encode()).hexdigest()
