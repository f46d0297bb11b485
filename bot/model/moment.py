"""How is a moment that a host tells written for people? In UTC, to the minute; never by the clock of this machine."""

from __future__ import annotations

from datetime import UTC, datetime


def moment(seconds: int) -> str:
    """Write seconds since 1970 as `2026-11-22 17:07 UTC`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
