"""A person said why they deny a plan."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from bot.model.review import Decision
from bot.render.replies import DENIAL
from bot.store.inbox import Received
from handlers.deciding import decide
from handlers.desk import Desk
from handlers.incoming import Incoming, Json, Served
from handlers.reasons import on_view, read_view

KIND = "denial"


def read(body: Json, served: Served) -> Incoming | None:
    """Keep the plan and the reason."""
    return read_view(body, served, DENIAL, KIND)


def register(app: AsyncApp, desk: Desk) -> None:
    """Ask until there is a reason."""
    on_view(app, desk, DENIAL)


async def handle(desk: Desk, received: Received) -> None:
    """Count the denial."""
    await decide(desk, received.payload, Decision.DENY, received.payload["reason"])
