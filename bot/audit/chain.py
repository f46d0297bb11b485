"""Was the record of what happened altered? One event is one line of ASCII, and each digest covers the digest before it.

Editing, deleting, inserting and reordering events shows. Cutting events off at the end, or rewriting the whole chain with new
digests, shows only against an anchor: a (sequence, digest) pair kept where the writer of the chain cannot rewrite it. This file
never stores anything; the store writes each line in the transaction of the change it records.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace

from bot.model.event import Event

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
        return event if line(event) == text else UNREADABLE
    except (ValueError, TypeError, RecursionError):
        return UNREADABLE


def follows(event: Event, *, sequence: int, previous: str) -> bool:
    """Whether `event` is unaltered and is number `sequence`, directly after the event with the digest `previous`."""
    return event.sequence == sequence and event.previous == previous and event.digest == _digest(event)


def verify(events: Iterable[Event], anchors: Mapping[int, str] | None = None) -> int | None:
    """Give the first sequence number at which the chain is broken or contradicts an anchor, or None when it holds.

    `anchors` maps sequence numbers to digests kept elsewhere; without them events missing at the end cannot be seen.
    """
    wanted = dict(anchors or {})
    previous = GENESIS
    for sequence, event in enumerate(events, start=1):
        if not follows(event, sequence=sequence, previous=previous) or wanted.pop(sequence, event.digest) != event.digest:
            return sequence
        previous = event.digest
    return min(wanted, default=None)


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


def _canonical(parts: Mapping[str, object]) -> str:
    # ASCII only: control characters, line separators, bidi marks and lone surrogates all become escapes.
    return json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True).replace("\x7f", "\\u007f")


def _digest(event: Event) -> str:
    return hashlib.sha256(_canonical(_parts(event)).encode("ascii")).hexdigest()


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text)} characters)"
