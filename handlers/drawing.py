"""How does a stored thing look in Slack? Cards are drawn from the plan as it stands, answers were stored as they are said."""

from __future__ import annotations

from typing import Any

from bot.approval.policy import missing
from bot.errors import NotFound
from bot.render.plan_card import plan_card
from bot.store.course import SHOWN
from bot.store.outbox import Outgoing
from handlers.deciding import approvers_of, breakglass_of
from handlers.desk import Desk
from handlers.outbox import head_of


async def draw(desk: Desk, outgoing: Outgoing) -> dict[str, Any] | None:
    """The `text` and `blocks` of a message; None for a plan that is no longer stored."""
    if outgoing.show.kind != SHOWN:
        return dict(outgoing.show.payload)
    try:
        progress = await desk.store.plans.progress(outgoing.show.subject)
        conversation = await desk.store.conversations.by_id(progress.conversation)
    except NotFound:
        return None
    problem = desk.engine.library.get(progress.plan.problem)
    if problem is not None and problem.digest != progress.plan.problem_digest:
        problem = None  # its safety text may speak of another fix than the one that was planned
    approvers = approvers_of(desk, progress)
    register = desk.engine.inventory.register
    lacks = missing(progress.plan, progress.reviews, approvers, register=register, confirmations=progress.confirmations)
    head, breakable = head_of(outgoing.show), bool(breakglass_of(desk, progress))
    message = plan_card(progress, problem, approvers, conversation.lang, head, missing=lacks, breakable=breakable)
    return {"text": message.text, "blocks": list(message.blocks)}
