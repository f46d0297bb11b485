"""Under which circumstances did something happen to a plan? What every audit event about it says, whoever writes the event."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model.review import Decision
from bot.store import schema

NOWHERE = "command line"  # where a plan was asked for that belongs to no conversation in Slack


async def circumstances(connection: AsyncConnection, subject: str) -> dict[str, str]:
    """Give host, host key, digest, requester, place and approvers of the plan `subject`; nothing for other subjects."""
    plan, thread, review = schema.plans.c, schema.conversations.c, schema.reviews.c
    row = (
        await connection.execute(
            select(plan.host, plan.digest, plan.document, thread.channel, thread.thread)
            .select_from(schema.plans.outerjoin(schema.conversations, plan.conversation == thread.id))
            .where(plan.id == subject)
        )
    ).first()
    if row is None:
        return {}
    approvals = (
        select(review.team, review.actor)
        .where(review.plan == subject, review.decision != Decision.DENY)
        .order_by(review.at, review.actor)
    )
    people = [f"{one.team}:{one.actor}" for one in (await connection.execute(approvals)).all()]
    return {
        "host": row.host,
        "host_key": row.document["host_key"],
        "digest": row.digest,
        "requester": row.document["requester"],
        "where": f"{row.channel} {row.thread}" if row.channel else NOWHERE,
        "approved_by": " ".join(people),
    }
