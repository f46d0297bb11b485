"""What everything in the local workspace agrees on: JSON, refusals and time spans."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
Clock = Callable[[], float]
"""Seconds since 1970."""


class Refusal(Exception):
    """A Web API call Slack would answer with ok:false; `extra` joins the answer."""

    def __init__(self, error: str, **extra: Any) -> None:
        super().__init__(error)
        self.error = error
        self.extra = extra


class Denied(Exception):
    """Something the person at the page cannot do; the text is what Slack would tell them."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Slack's time limits in seconds; tests shorten the waits, never the rules."""

    ack: float = 3.0
    trigger: float = 3.0
    response_url: float = 1800.0
    response_url_uses: int = 5
    http_retries: tuple[float, ...] = (0.0, 60.0, 300.0)
    socket_retries: tuple[float, ...] = (1.0, 60.0, 300.0)
    approximate_connection: int = 3600
