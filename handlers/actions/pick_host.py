"""A person chose the host a question is about. Only who asked may: else the one who approves could also choose where."""

from __future__ import annotations

import re
from dataclasses import replace

from slack_bolt.async_app import AsyncApp

from bot.render.replies import HOST_MENU, note, unknown_host
from bot.store.inbox import Received
from handlers.acknowledging import acknowledge
from handlers.choosing import question_of
from handlers.desk import Desk
from handlers.diagnosing import proceed
from handlers.incoming import Incoming, Json, Served, click, click_key, opaque

KIND = "pick_host"
_ACTION = re.compile(HOST_MENU)


def read(body: Json, served: Served) -> Incoming | None:
    """Keep which host was chosen for which question."""
    found = click(body, _ACTION, served)
    if found is None:
        return None
    where, action = found
    chosen = {
        "conversation": opaque(str(action.get("block_id") or "").removeprefix("host:")),
        "host": opaque((action.get("selected_option") or {}).get("value")),
    }
    return Incoming(key=click_key(body), kind=KIND, payload=where | chosen)


def register(app: AsyncApp, desk: Desk) -> None:
    """Acknowledge at once."""
    app.action(_ACTION)(acknowledge)


async def handle(desk: Desk, received: Received) -> None:
    """Measure on the chosen host; the first choice stays."""
    got = received.payload
    conversation = await question_of(desk, got)
    if conversation is None:
        return
    host = desk.engine.inventory.get(got["host"])
    if host is None or not desk.discusses(host, conversation.channel):
        known = [one.name for one in desk.hosts(conversation.channel)]
        await desk.whisper(got["channel"], got["user"], unknown_host(got["host"], known, conversation.lang), got["thread"])
    elif conversation.host not in ("", host.name):
        await desk.whisper(got["channel"], got["user"], note("refused-choice", conversation.lang), got["thread"])
    else:
        await desk.store.conversations.about(conversation.id, host.name)
        await proceed(desk, replace(conversation, host=host.name))
