"""May this person answer this question? Only who asked, and only where it was asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.errors import NotFound
from bot.render.replies import note
from bot.store.conversations import Conversation
from handlers.desk import Desk


async def question_of(desk: Desk, got: Mapping[str, Any]) -> Conversation | None:
    """The conversation `got["conversation"]`, or None after telling the person why they may not answer in it."""
    try:
        conversation = await desk.store.conversations.by_id(got["conversation"])
    except NotFound:
        conversation = None
    if conversation is not None and (conversation.channel, conversation.requester) == (got["channel"], got["user"]):
        return conversation
    elsewhere = conversation is None or conversation.channel != got["channel"]
    name = "refused-choice" if elsewhere else "refused-not-yours"
    await desk.whisper(got["channel"], got["user"], note(name, await desk.people.lang(got["user"])), got["thread"])
    return None
