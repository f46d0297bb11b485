"""What may be forgotten? Questions that ended long ago, because they hold what people pasted; never the audit chain.

A question goes as a whole: its paste, its answer, and its plans with their reviews, steps and cards. As long as anything of it
is open or not yet shown, all of it stays, so that no plan is ever made a second time under the same id.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, and_, delete, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model.execution import FINAL
from bot.store import events, schema
from bot.store.course import SHOWN
from bot.store.database import Database
from bot.store.dialect import now
from bot.store.outbox import ANSWER

BATCH = 200  # rows of a table that go in one transaction: a click that is to be stored waits for no more
PAUSE_SECONDS = 0.05  # between two batches, for other processes that wait to write
_PLAN, _TALK, _SHOWN = schema.plans.c, schema.conversations.c, schema.outbox.c
_OF_PLANS = (schema.reviews, schema.confirmations, schema.steps, schema.measurements)
_Conditions = tuple[ColumnElement[bool], ...]


async def forget(database: Database, older_seconds: float) -> Mapping[str, int]:
    """Delete what ended, and has not changed since, longer ago; give how many rows of which table.

    Each batch is one transaction with the event that says what it deleted. Several processes may do this at the same time.
    Choose more than a few days: a key that is forgotten would be accepted again if Slack delivered it again.
    """
    async with database.reading() as connection:
        before = float((await connection.execute(select(now() - older_seconds))).scalar_one())
    forgotten: Counter[str] = Counter()
    while batch := await _batch(database, before):
        forgotten.update(batch)
        await asyncio.sleep(PAUSE_SECONDS)
    return forgotten


async def _batch(database: Database, before: float) -> Mapping[str, int]:
    """Delete some rows of every table; nothing where there are none, or where another process is just deleting them."""
    ended_plans, ended_talks, single = _ended_plans(before), _ended_talks(before), _single(before)
    async with database.reading() as connection:  # nobody waits while it is looked for

        async def found(key: Column[Any], where: _Conditions) -> Sequence[Any]:
            return (await connection.scalars(select(key).where(*where).limit(BATCH))).all()

        talks = await found(_TALK.id, ended_talks)
        plans = await found(_PLAN.id, ended_plans)
        keys = [await found(key, where) for _, key, where in single]
    if not any((talks, plans, *keys)):
        return {}
    async with database.writing() as connection:
        talks = await _held(connection, _TALK.id, talks)
        # Only now, as a plan that is being proposed holds its question too.
        open_talks = select(_PLAN.conversation).where(_PLAN.conversation.in_(talks), _PLAN.state.not_in(FINAL))
        fresh = select(_SHOWN.subject).where(_SHOWN.kind == ANSWER, _SHOWN.subject.in_(talks), _fresh(before))
        still = (_TALK.id.in_(talks), _TALK.id.not_in(open_talks), _TALK.id.not_in(fresh))
        talks = (await connection.scalars(select(_TALK.id).where(*still))).all()
        of_talks = (await connection.scalars(select(_PLAN.id).where(_PLAN.conversation.in_(talks)))).all()
        plans = [*of_talks, *await _held(connection, _PLAN.id, plans)]
        for table in _OF_PLANS:
            await _delete(connection, table, table.c.plan.in_(plans))
        cards = await _delete(connection, schema.outbox, _SHOWN.kind == SHOWN, _SHOWN.subject.in_(plans))
        answers = await _delete(connection, schema.outbox, _SHOWN.kind == ANSWER, _SHOWN.subject.in_(talks))
        counts = {
            "plans": await _delete(connection, schema.plans, _PLAN.id.in_(plans)),
            "conversations": await _delete(connection, schema.conversations, _TALK.id.in_(talks)),
            "outbox": cards + answers,
        }
        for (table, key, where), listed in zip(single, keys, strict=True):
            held = await _held(connection, key, listed, *where)
            counts[table.name] = counts.get(table.name, 0) + await _delete(connection, table, key.in_(held))
        if not any(counts.values()):
            return {}
        details = {"before": f"{before:.3f}", **{name: str(count) for name, count in counts.items()}}
        await events.append(connection, kind="rows.forgotten", actor="postmedic", subject="database", details=details)
    return counts


def _ended_plans(before: float) -> _Conditions:
    """The plans that nothing more can become of, and whose question is not stored; see `_ended_talks` for the others."""
    return (not_(_busy(before)), _PLAN.conversation.not_in(select(_TALK.id)))


def _ended_talks(before: float) -> _Conditions:
    """The questions of which no plan and no message is open, fresh, or not yet shown."""
    busy = select(_PLAN.conversation).where(_busy(before))
    fresh = select(_SHOWN.subject).where(_SHOWN.kind == ANSWER, _fresh(before))
    return (_TALK.created_at < before, _TALK.id.not_in(busy), _TALK.id.not_in(fresh))


def _busy(before: float) -> ColumnElement[bool]:
    cards = select(_SHOWN.subject).where(_SHOWN.kind == SHOWN, _fresh(before))
    return or_(_PLAN.state.not_in(FINAL), _PLAN.changed_at >= before, _PLAN.id.in_(cards))


def _fresh(before: float) -> ColumnElement[bool]:
    return or_(_SHOWN.sent < _SHOWN.version, _SHOWN.changed_at >= before)


def _single(before: float) -> tuple[tuple[Table, Column[Any], _Conditions], ...]:
    """What belongs to no question: table, key, and the conditions of being old."""
    message, got, asked = and_(_SHOWN.kind != SHOWN, not_(_fresh(before))), schema.inbox.c, schema.unmatched.c
    return (
        (schema.outbox, _SHOWN.position, (message, _SHOWN.subject.not_in(select(_TALK.id)))),
        (schema.inbox, got.key, (got.state != "waiting", got.changed_at < before)),
        (schema.unmatched, asked.key, (asked.last_at < before,)),
    )


async def _held(connection: AsyncConnection, key: Column[Any], found: Sequence[Any], *where: ColumnElement[bool]) -> Any:
    """Lock those of the found rows that nobody else has: waiting for each other's rows could be for ever."""
    rows = select(key).where(key.in_(found), *where).with_for_update(skip_locked=True)
    return (await connection.scalars(rows)).all() if found else ()


async def _delete(connection: AsyncConnection, table: Table, *where: ColumnElement[bool]) -> int:
    return (await connection.execute(delete(table).where(*where))).rowcount
