"""A person wants everything to stop. Stopping is safe, so every full member may; lifting is left to the bot's machine."""

from __future__ import annotations

import asyncio

from bot.approval.policy import Refusal, member_refusal
from bot.model.text import Lang
from bot.render.blocks import Message
from bot.render.replies import LONGEST_REASON, frozen, note
from handlers.desk import Desk

PATIENCE_SECONDS = 0.5  # for Slack to say who it is: nothing may be sent meanwhile


async def freeze(desk: Desk, user: str, reason: str) -> Message:
    """Freeze every host, and say so; where Slack cannot say who it is, the safe side is to stop."""
    refused = None
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            refused = member_refusal(await desk.people.actor(user), desk.served.team)
    except TimeoutError:
        pass
    if refused in (Refusal.GUEST, Refusal.OTHER_TEAM):
        await desk.store.events.record(
            kind="gate.freeze-refused", actor=user, subject="every host", details={"why": str(refused)}
        )
        return note("refused-freeze", await desk.people.lang(user))
    found = await desk.store.gate.freeze(user, reason[:LONGEST_REASON])
    return frozen(found, await _lang(desk, user))


async def _lang(desk: Desk, user: str) -> Lang:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await desk.people.lang(user)
    except TimeoutError:
        return desk.lang
