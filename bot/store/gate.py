"""May a change begin, or its next step be sent? A freeze and hourly caps, asked in the transaction that lets it happen.

The gate is one row. Who lets something through holds it until commit, so a freeze that has returned lets nothing more through.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import Frozen
from bot.model.event import Event
from bot.model.execution import FINAL, ON_HOST, State
from bot.model.gate import Caps, Freeze, Waits
from bot.store import course, events, schema
from bot.store.database import Database
from bot.store.dialect import now

HOUR = 3600.0
_GATE = schema.gate
_PLAN = schema.plans.c


class Gate:
    """The freeze, laid and lifted by people."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def freeze(self, actor: str, reason: str) -> Freeze:
        """Stop everything that was not yet sent; the freeze that lies there already stays as it is."""
        async with self._database.writing(urgent=True) as connection:
            laid = (_GATE.c.frozen_at == 0.0,)
            swapped = await connection.execute(update(_GATE).where(*laid).values(frozen_at=now(), actor=actor, reason=reason))
            if swapped.rowcount == 1:
                event = await events.append(
                    connection, kind="gate.frozen", actor=actor, subject="every host", details={"reason": reason}
                )
                await _show_open(connection, event)
            found = await frozen(connection)
        assert found is not None  # noqa: S101  # this very transaction saw it
        return found

    async def unfreeze(self, actor: str) -> bool:
        """Let approved plans that have not expired begin again; False when nothing was frozen."""
        async with self._database.writing() as connection:
            lifted = await connection.execute(
                update(_GATE).where(_GATE.c.frozen_at > 0.0).values(frozen_at=0.0, actor="", reason="")
            )
            if lifted.rowcount != 1:
                return False
            event = await events.append(connection, kind="gate.unfrozen", actor=actor, subject="every host", details={})
            await _show_open(connection, event)
            return True

    async def frozen(self) -> Freeze | None:
        """The freeze that lies on everything, if any."""
        async with self._database.reading() as connection:
            return await frozen(connection)


async def frozen(connection: AsyncConnection, *, hold: bool = False) -> Freeze | None:
    """The freeze, if any; with `hold` none can be laid before this transaction ends."""
    row = (await connection.execute(select(*_GATE.c).with_for_update(read=True) if hold else select(*_GATE.c))).one()
    return Freeze(at=row.frozen_at, actor=row.actor, reason=row.reason) if row.frozen_at else None


async def step_through(connection: AsyncConnection, *, hold: bool = True) -> None:
    """Let one step through, in the transaction that notes it as sent; raises `Frozen`. Without `hold` it is only asked."""
    if found := await frozen(connection, hold=hold):
        raise Frozen(who=found.actor, reason=found.reason or "no reason given")


async def waits(connection: AsyncConnection, plan_id: str, caps: Caps, *, alone: bool = False) -> Waits:
    """What keeps an approved plan from beginning; with `alone` no other plan is let through before this transaction ends."""
    if alone:  # two claims must not both count one free place
        await connection.execute(select(_GATE.c.id).with_for_update())
    if await frozen(connection):
        return Waits.FROZEN
    host = await connection.scalar(select(_PLAN.host).where(_PLAN.id == plan_id))
    if await connection.scalar(select(_PLAN.id).where(_PLAN.host == host, _PLAN.state.in_(ON_HOST))):
        return Waits.HOST_BUSY
    if await _begun(connection, _PLAN.host == host) >= caps.host:
        return Waits.HOST_CAP
    return Waits.FLEET_CAP if await _begun(connection) >= caps.fleet else Waits.NOTHING


async def ready(connection: AsyncConnection, caps: Caps) -> tuple[str, ...]:
    """The approved plans for which `waits` says nothing, oldest first: of each host one, and no more than there is room for."""
    if await frozen(connection):
        return ()
    counted = await connection.execute(select(_PLAN.host, func.count()).where(_took_a_place()).group_by(_PLAN.host))
    begun = {row[0]: row[1] for row in counted.all()}
    full = [host for host, count in begun.items() if count >= caps.host]
    busy = select(_PLAN.host).where(_PLAN.state.in_(ON_HOST))
    free = (_PLAN.state == State.APPROVED, _PLAN.host.not_in(busy), _PLAN.host.not_in(full))
    found = await connection.execute(select(_PLAN.id, _PLAN.host).where(*free).order_by(_PLAN.changed_at, _PLAN.id))
    oldest: dict[str, str] = {}
    for id, host in found.all():
        oldest.setdefault(host, id)
    return tuple(oldest.values())[: max(0, caps.fleet - sum(begun.values()))]


async def _begun(connection: AsyncConnection, *where: ColumnElement[bool]) -> int:
    return await connection.scalar(select(func.count()).select_from(schema.plans).where(_took_a_place(), *where)) or 0


def _took_a_place() -> ColumnElement[bool]:
    """That a plan took a place within the last hour: its first step was sent, or it is about to be."""
    row = schema.steps.c
    sent = select(row.plan).where(row.number == 0, row.started_at > now() - HOUR)
    return or_(_PLAN.id.in_(sent), _PLAN.state == State.CHECKING)


async def _show_open(connection: AsyncConnection, event: Event) -> None:
    open_plans = select(_PLAN.id).where(_PLAN.state.not_in(FINAL)).order_by(_PLAN.changed_at, _PLAN.id)
    for plan_id in (await connection.scalars(open_plans)).all():
        await course.show(connection, plan_id, event)
