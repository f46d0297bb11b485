"""Slack: who did what there, and what is shown there. Thin: everything that decides is in `bot`."""

from handlers.connection import Slack, connect
from handlers.serving import register

__all__ = ["Slack", "connect", "register"]
