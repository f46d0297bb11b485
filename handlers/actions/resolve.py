"""A person said how a plan in doubt ended. Nothing is run for it."""

from __future__ import annotations

import re

from slack_bolt.async_app import AsyncApp

from bot.store.inbox import Received
from handlers.acknowledging import acknowledge
from handlers.deciding import resolve
from handlers.desk import Desk
from handlers.incoming import Incoming, Json, Served, click, click_key, opaque

KIND = "resolve"
_SUCCEEDED = "resolve_succeeded"
_ACTION = re.compile(f"{_SUCCEEDED}|resolve_failed")


def read(body: Json, served: Served) -> Incoming | None:
    """Keep which plan ended how, by whom and where."""
    found = click(body, _ACTION, served)
    if found is None:
        return None
    where, action = found
    said = {"plan": opaque(action.get("value")), "succeeded": action["action_id"] == _SUCCEEDED}
    return Incoming(key=click_key(body), kind=KIND, payload=where | said)


def register(app: AsyncApp, desk: Desk) -> None:
    """Acknowledge at once."""
    app.action(_ACTION)(acknowledge)


async def handle(desk: Desk, received: Received) -> None:
    """Record the end."""
    await resolve(desk, received.payload, succeeded=received.payload["succeeded"])
