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
    BREAK_GLASS = "break-glass"  # run it now, alone: an alarm was raised first


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One decision about one plan digest; `at` is UTC seconds since the epoch."""

    plan_digest: str
    actor: Actor
    decision: Decision
    at: float
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """A person's signature, made outside Slack, below one decision about one plan digest; `at` is UTC seconds."""

    plan_digest: str
    person: str  # a name of the inventory
    decision: Decision
    at: float
    signature: str  # armored, as `ssh-keygen -Y sign` writes it


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """What a proposed plan still needs: so many people, and whether one of those who agreed must confirm outside Slack."""

    people: int
    confirmation: bool


class Standing(StrEnum):
    """What the reviews of a plan amount to."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"
