"""Was the record of what happened altered? One event is one line of ASCII, and each digest covers the digest before it.

Editing, deleting, inserting and reordering events shows. Cutting events off at the end, or rewriting the whole chain with new
digests, shows only against an anchor: a (sequence, digest) pair kept where the writer of the chain cannot rewrite it. This file
never stores anything; the store writes each line in the transaction of the change it records.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.model.event import Anchor, Event

GENESIS = "0" * 64  # what the first event has for the digest before it
LONGEST = 4096  # characters kept of one field: an event must stay a line that a person can read
UNREADABLE = Event(sequence=0, at=0.0, kind="unreadable", actor="", subject="")


def seal(*, sequence: int, at: float, kind: str, actor: str, subject: str, details: Mapping[str, str], previous: str) -> Event:
    """Make the event that follows the one with the digest `previous`; longer fields are cut and say so."""
    event = Event(
        sequence=sequence,
        at=at,
        kind=_cut(kind),
        actor=_cut(actor),
        subject=_cut(subject),
        details={_cut(name): _cut(value) for name, value in details.items()},
        previous=previous,
    )
    return replace(event, digest=_digest(event))


def line(event: Event) -> str:
    """Write an event as one line: ASCII without control characters, whatever its fields hold."""
    return _canonical(_parts(event) | {"digest": event.digest})


def read(text: str) -> Event:
    """Read a line back; a line that is not an event becomes an event which no chain accepts, so that `verify` names it."""
    try:
        event = Event(**json.loads(text))
        return event if _typed(event) and line(event) == text else UNREADABLE
    except (ValueError, TypeError, AttributeError, RecursionError):
        return UNREADABLE


def follows(event: Event, *, sequence: int, previous: str) -> bool:
    """Whether `event` is unaltered and is number `sequence`, directly after the event with the digest `previous`."""
    return event.sequence == sequence and event.previous == previous and event.digest == _digest(event)


class Fault(StrEnum):
    """What is wrong at the first bad event."""

    ALTERED = "altered"  # it is not the event that was written there: edited, moved, put in, or one before it is gone
    CONTRADICTED = "contradicted"  # it fits the chain, and a place outside remembers another one
    MISSING = "missing"  # a place outside remembers it, and the chain ends before it


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """Where the chain does not hold."""

    sequence: int
    fault: Fault


class Verification:
    """One walk over a chain from its first event; memory is for the anchors alone, whatever the length of the chain."""

    def __init__(self, anchors: Iterable[Anchor] = ()) -> None:
        self._wanted: dict[int, list[str]] = {}
        for anchor in anchors:
            self._wanted.setdefault(anchor.sequence, []).append(anchor.digest)
        self.length = 0
        self._previous = GENESIS

    def see(self, event: Event) -> Break | None:
        """Look at the next event; after a break nothing further means anything."""
        self.length += 1
        if not follows(event, sequence=self.length, previous=self._previous):
            return Break(sequence=self.length, fault=Fault.ALTERED)
        # An anchor may hold only the beginning of a digest, as messages for people show it.
        if not all(event.digest.startswith(digest) for digest in self._wanted.pop(self.length, ())):
            return Break(sequence=self.length, fault=Fault.CONTRADICTED)
        self._previous = event.digest
        return None

    def end(self) -> Break | None:
        """Look whether the chain ends before an event that an anchor remembers."""
        return Break(sequence=min(self._wanted), fault=Fault.MISSING) if self._wanted else None


def verify(events: Iterable[Event], anchors: Iterable[Anchor] = ()) -> Break | None:
    """Give the first place at which the chain is broken or contradicts an anchor, or None when it holds.

    Without anchors kept elsewhere, events missing at the end and a chain that was written anew cannot be seen.
    """
    walk = Verification(anchors)
    for event in events:
        if broken := walk.see(event):
            return broken
    return walk.end()


def _parts(event: Event) -> dict[str, object]:
    return {
        "sequence": event.sequence,
        "at": event.at,
        "kind": event.kind,
        "actor": event.actor,
        "subject": event.subject,
        "details": dict(event.details),
        "previous": event.previous,
    }


def _canonical(value: object) -> str:
    # ASCII only: control characters, line separators, bidi marks and lone surrogates all become escapes.
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).replace("\x7f", "\\u007f")


def _typed(event: Event) -> bool:
    """Whether the fields are what they are said to be: who rewrites the chain must not be able to crash its readers."""
    texts = (event.kind, event.actor, event.subject, event.previous, event.digest, *event.details, *event.details.values())
    numbers = type(event.sequence) is int and type(event.at) is float and math.isfinite(event.at)
    return numbers and all(isinstance(text, str) for text in texts)


def _digest(event: Event) -> str:
    return hashlib.sha256(_canonical(_parts(event)).encode("ascii")).hexdigest()


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text)} characters)"
