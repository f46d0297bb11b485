"""A chain of events, as short or long as a test needs."""

from __future__ import annotations

from bot.audit import chain
from bot.model.event import Anchor, Event


def made(count: int, kind: str = "step.ended") -> list[Event]:
    """A chain of `count` events that holds."""
    return resealed([
        Event(
            sequence=number,
            at=1000.0 + number,
            kind=kind,
            actor="U0ANNE",
            subject="plan-1",
            details={"exit": str(number)},
        )
        for number in range(1, count + 1)
    ])  # fmt: skip


def resealed(events: list[Event]) -> list[Event]:
    """The same events, numbered and given digests anew, as somebody does who may write everywhere."""
    chained: list[Event] = []
    previous = chain.GENESIS
    for sequence, event in enumerate(events, 1):
        one = chain.seal(
            sequence=sequence,
            at=event.at,
            kind=event.kind,
            actor=event.actor,
            subject=event.subject,
            details=event.details,
            previous=previous,
        )
        chained.append(one)
        previous = one.digest
    return chained


def anchor(event: Event, characters: int = 64) -> Anchor:
    """What a place outside remembers of an event."""
    return Anchor(sequence=event.sequence, digest=event.digest[:characters])
