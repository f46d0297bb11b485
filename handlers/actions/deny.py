"""A person clicked "Deny". Only a modal is opened; sending it is the denial."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from bot.render.replies import denial
from handlers.desk import Desk
from handlers.reasons import on_button


def register(app: AsyncApp, desk: Desk) -> None:
    """Open the modal."""
    on_button(app, desk, "deny", denial)
