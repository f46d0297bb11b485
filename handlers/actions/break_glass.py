"""A person clicked "Break glass". Only a modal is opened; sending it raises the alarm and then runs the plan."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from bot.render.replies import emergency
from handlers.desk import Desk
from handlers.reasons import on_button


def register(app: AsyncApp, desk: Desk) -> None:
    """Open the modal."""
    on_button(app, desk, "break_glass", emergency)
