"""What may be forgotten? Finished things after a time, because they hold what people pasted; never the audit chain."""

from __future__ import annotations

from sqlalchemy import delete, select

from bot.model.execution import FINAL
from bot.store import course, schema
from bot.store.database import Database
from bot.store.dialect import now


async def forget(database: Database, older_seconds: float) -> None:
    """Delete handled inbox rows, ended plans with all that belongs to them, threads without plans, and texts that nobody
    asks about any more, that are older.

    Choose more than a few days: a key that is forgotten would be accepted again if Slack delivered it again.
    """
    plan, talk, shown, received = schema.plans.c, schema.conversations.c, schema.outbox.c, schema.inbox.c
    async with database.writing() as connection:
        before = await connection.scalar(select(now() - older_seconds))
        ended = select(plan.id).where(plan.state.in_(FINAL), plan.changed_at < before)
        for table in (schema.reviews, schema.confirmations, schema.steps, schema.measurements):
            await connection.execute(delete(table).where(table.c.plan.in_(ended)))
        of_ended = (shown.kind == course.SHOWN, shown.subject.in_(ended))
        await connection.execute(delete(schema.outbox).where(*of_ended))
        await connection.execute(delete(schema.plans).where(plan.id.in_(ended)))
        others = (shown.kind != course.SHOWN, shown.sent >= shown.version, shown.changed_at < before)
        await connection.execute(delete(schema.outbox).where(*others))
        used = select(plan.conversation)
        await connection.execute(delete(schema.conversations).where(talk.created_at < before, talk.id.not_in(used)))
        await connection.execute(delete(schema.unmatched).where(schema.unmatched.c.last_at < before))
        await connection.execute(delete(schema.inbox).where(received.state != "waiting", received.changed_at < before))
