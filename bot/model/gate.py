"""What keeps approved changes from beginning? A freeze that people lay on everything, and caps on how much runs in an hour."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """Nothing may be sent to any host since `at` (UTC seconds); `actor` is a Slack user id or `local:<login>`."""

    at: float
    actor: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """How many changes may begin within an hour, on one host and on all of them."""

    host: int = 6
    fleet: int = 20


class Waits(StrEnum):
    """Why an approved plan does not begin now; it is not dropped, and its expiry still counts."""

    NOTHING = ""
    FROZEN = "frozen"
    HOST_BUSY = "host-busy"  # another change is on the host
    HOST_CAP = "host-cap"
    FLEET_CAP = "fleet-cap"
