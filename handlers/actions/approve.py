"""A person clicked "Approve and run". The click is kept, and handled from the stored plan."""

from __future__ import annotations

import re

from slack_bolt.async_app import AsyncApp

from bot.model.review import Decision
from bot.store.inbox import Received
from handlers.acknowledging import acknowledge
from handlers.deciding import decide
from handlers.desk import Desk
from handlers.incoming import Incoming, Json, Served, click, click_key, opaque

KIND = "approve"
_ACTION = re.compile("approve")


def read(body: Json, served: Served) -> Incoming | None:
    """Keep which plan was approved, by whom and where."""
    found = click(body, _ACTION, served)
    if found is None:
        return None
    where, action = found
    return Incoming(key=click_key(body), kind=KIND, payload=where | {"plan": opaque(action.get("value"))})


def register(app: AsyncApp, desk: Desk) -> None:
    """Acknowledge at once."""
    app.action(_ACTION)(acknowledge)


async def handle(desk: Desk, received: Received) -> None:
    """Count the approval."""
    await decide(desk, received.payload, Decision.APPROVE)
