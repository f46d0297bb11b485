"""A person said which of the likely problems it is."""

from __future__ import annotations

import re
from dataclasses import replace

from slack_bolt.async_app import AsyncApp

from bot.render.replies import PROBLEM_BUTTON, note
from bot.store.inbox import Received
from handlers.acknowledging import acknowledge
from handlers.choosing import question_of
from handlers.desk import Desk
from handlers.diagnosing import proceed
from handlers.incoming import Incoming, Json, Served, click, click_key, opaque

KIND = "choose_problem"
_ACTION = re.compile(rf"{PROBLEM_BUTTON}_\d")


def read(body: Json, served: Served) -> Incoming | None:
    """Keep which of a question's candidates was chosen."""
    found = click(body, _ACTION, served)
    if found is None:
        return None
    where, action = found
    conversation, _, index = opaque(action.get("value")).rpartition(".")
    chosen = {"conversation": conversation, "index": int(index) if index.isdecimal() and len(index) < 3 else -1}
    return Incoming(key=click_key(body), kind=KIND, payload=where | chosen)


def register(app: AsyncApp, desk: Desk) -> None:
    """Acknowledge at once."""
    app.action(_ACTION)(acknowledge)


async def handle(desk: Desk, received: Received) -> None:
    """Go on with the chosen problem; the first choice stays."""
    got = received.payload
    conversation = await question_of(desk, got)
    if conversation is None:
        return
    known = conversation.recognition
    near = list(known.get("near", ()))
    problem = near[got["index"]] if 0 <= got["index"] < len(near) else None
    if problem not in desk.engine.library or known.get("problem", problem) != problem:
        await desk.whisper(got["channel"], got["user"], note("refused-choice", conversation.lang), got["thread"])
        return
    chosen = {**known, "problem": problem}
    await desk.store.conversations.recognised(conversation.id, chosen)
    await proceed(desk, replace(conversation, recognition=chosen))
