"""What does the chain tell about each plan? Folds events into accounts; needs no other row, and never raises on odd events.

It believes what it is given: whether the events are the ones that were written is for `bot/audit/chain.py` to say.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bot.model.account import Account, Opinion, Ran
from bot.model.event import Event

_SAID = frozenset({"plan.reviewed", "plan.confirmed"})
_REFUSED = frozenset({"plan.review-refused", "plan.resolve-refused", "plan.confirm-refused"})


def accounts(events: Iterable[Event]) -> dict[str, Account]:
    """Give the account of every plan whose proposal is among the events, in the order of proposal."""
    found: dict[str, Account] = {}
    for event in events:
        if event.kind == "plan.proposed":
            found[event.subject] = _begun(event)
        elif event.subject in found:
            found[event.subject] = _told(found[event.subject], event)
    return found


def _begun(event: Event) -> Account:
    said = event.details
    return Account(
        plan=event.subject,
        host=said.get("host", ""),
        host_key=said.get("host_key", ""),
        digest=said.get("digest", ""),
        requester=said.get("requester", event.actor),
        where=said.get("where", ""),
        problem=said.get("problem", ""),
        fix=said.get("fix", ""),
        state=said.get("to", ""),
        why="",
        detail="",
        proposed_at=event.at,
        changed_at=event.at,
        head=event.head,
    )


def _told(before: Account, event: Event) -> Account:
    said = event.details
    account = replace(before, changed_at=event.at, head=event.head)
    if "to" in said:
        account = replace(account, state=said["to"], why=said.get("why", ""), detail=said.get("detail", ""))
    if stage := said.get("stage"):
        account = replace(account, measured={**account.measured, stage: said.get("measured", "")})
    if event.kind in _SAID | _REFUSED:
        account = replace(account, opinions=(*account.opinions, _opinion(event)))
    if event.kind == "step.started":
        account = replace(account, ran=(*account.ran, _started(event)))
    if event.kind == "step.ended":
        account = replace(account, ran=_with(account.ran, event, exit=_number(said.get("exit"))))
    if event.kind == "step.not-sent":
        account = replace(account, ran=_with(account.ran, event, sent=False))
    return account


def _opinion(event: Event) -> Opinion:
    said = event.details
    refused = event.kind in _REFUSED
    return Opinion(
        actor=event.actor,
        decision="" if refused else said.get("decision", ""),
        digest=said.get("digest", ""),
        at=event.at,
        team=said.get("team", ""),
        person=said.get("person", ""),
        why=said.get("why" if refused else "reason", ""),
        counted=not refused,
    )


def _started(event: Event) -> Ran:
    said = event.details
    return Ran(
        index=_index(event),
        step=said.get("step", ""),
        script=said.get("script", ""),
        changes=said.get("changes", ""),
        undo=said.get("undo") == "True",
        at=event.at,
    )


def _with(ran: tuple[Ran, ...], event: Event, **changed: object) -> tuple[Ran, ...]:
    """The steps with the newest one of the event's index changed; a step that was not sent may begin again later."""
    index = _index(event)
    place = max((place for place, one in enumerate(ran) if one.index == index), default=None)
    if place is None:
        return ran
    return (*ran[:place], replace(ran[place], **changed), *ran[place + 1 :])  # type: ignore[arg-type]


def _index(event: Event) -> int:
    number = _number(event.details.get("index"))
    return -1 if number is None else number


def _number(text: str | None) -> int | None:
    try:
        return int((text or "")[:12])
    except ValueError:
        return None
