"""A person said why they run a plan alone, without another person's approval."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from bot.model.review import Decision
from bot.render.replies import EMERGENCY
from bot.store.inbox import Received
from handlers.deciding import decide
from handlers.desk import Desk
from handlers.incoming import Incoming, Json, Served
from handlers.reasons import on_view, read_view

KIND = "emergency"


def read(body: Json, served: Served) -> Incoming | None:
    """Keep the plan and the reason."""
    return read_view(body, served, EMERGENCY, KIND)


def register(app: AsyncApp, desk: Desk) -> None:
    """Ask until there is a reason."""
    on_view(app, desk, EMERGENCY)


async def handle(desk: Desk, received: Received) -> None:
    """Raise the alarm, then let the plan run."""
    await decide(desk, received.payload, Decision.BREAK_GLASS, received.payload["reason"])
