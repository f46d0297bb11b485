"""May this person decide about this plan, and what do its reviews amount to? A table one can enumerate; never does any I/O."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from bot.model.host import Approvers
from bot.model.plan import Plan
from bot.model.problem import Risk
from bot.model.review import Actor, Decision, Review, Standing

NEEDED = {Risk.LOW: 1, Risk.HIGH: 2}  # different people, none of them the requester


class Refusal(StrEnum):
    """Why a person's decision does not count."""

    LOOKUP_FAILED = "lookup-failed"  # Slack could not say who this is
    OTHER_TEAM = "other-team"
    GUEST = "guest"  # also bots, deactivated accounts and people of connected workspaces
    OWN_REQUEST = "own-request"
    NOT_AN_APPROVER = "not-an-approver"


def refusal(plan: Plan, actor: Actor, approvers: Approvers, team: str) -> Refusal | None:
    """Say why `actor` may not decide about `plan`, or None when they may; `team` is the workspace that is served."""
    return Refusal.OWN_REQUEST if actor.id == plan.requester else resolver_refusal(actor, approvers, team)


def resolver_refusal(actor: Actor, approvers: Approvers, team: str) -> Refusal | None:
    """Say why `actor` may not declare how a plan in doubt ended; unlike an approval the requester may, as nothing is run."""
    if actor.lookup_failed:
        return Refusal.LOOKUP_FAILED
    if actor.team != team:
        return Refusal.OTHER_TEAM
    if not actor.full_member:
        return Refusal.GUEST
    known = bool(actor.id) and (actor.id in approvers.users or not approvers.groups.isdisjoint(actor.groups))
    return None if known else Refusal.NOT_AN_APPROVER


def standing(plan: Plan, reviews: Iterable[Review], approvers: Approvers, now: float) -> Standing:
    """Add the reviews up at `now` (UTC seconds): one denial decides, approvals count once per person, all bound to the digest.

    A review does not count when it is for another digest, was made at or after the expiry, or is by one who may not decide.
    """
    digest = plan.digest
    counted = [
        review
        for review in reviews
        if review.plan_digest == digest
        and review.at < plan.expires_at
        and refusal(plan, review.actor, approvers, review.actor.team) is None
    ]
    if any(review.decision is Decision.DENY for review in counted):
        return Standing.DENIED
    if now >= plan.expires_at:
        return Standing.EXPIRED
    people = {(review.actor.team, review.actor.id) for review in counted}
    return Standing.APPROVED if len(people) >= NEEDED[plan.risk] else Standing.PENDING
