"""Who are people to postmedic, and what did they decide about a plan?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """One known person at one time; names are for display only and never decide anything."""

    team: str
    id: str
    name: str = ""
    groups: frozenset[str] = frozenset()
    full_member: bool = True  # false for guests, bots, deactivated accounts and people of other workspaces
    lookup_failed: bool = False  # Slack could not say who this is: refuse


class Decision(StrEnum):
    """What a reviewer said."""

    APPROVE = "approve"
    DENY = "deny"


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One decision about one plan digest; `at` is UTC seconds since the epoch."""

    plan_digest: str
    actor: Actor
    decision: Decision
    at: float
    reason: str = ""


class Standing(StrEnum):
    """What the reviews of a plan amount to."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"
