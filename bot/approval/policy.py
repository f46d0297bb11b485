"""May this person decide about this plan, and what do its reviews amount to? A table one can enumerate; never does any I/O."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import StrEnum

from bot.model.host import Approvers
from bot.model.person import Register
from bot.model.plan import Plan
from bot.model.problem import Risk
from bot.model.review import Actor, Confirmation, Decision, Missing, Review, Standing

NEEDED = {Risk.LOW: 1, Risk.HIGH: 2}  # different people, none of them the requester
UNLISTED = Register()
NOBODY = Approvers()


class Refusal(StrEnum):
    """Why a person's decision does not count."""

    LOOKUP_FAILED = "lookup-failed"  # Slack could not say who this is
    OTHER_TEAM = "other-team"
    GUEST = "guest"  # also bots, deactivated accounts and people of connected workspaces
    OWN_REQUEST = "own-request"
    UNKNOWN_PERSON = "unknown-person"  # the inventory lists people, and this account belongs to none or to several
    NOT_AN_APPROVER = "not-an-approver"
    NOBODY_TOLD = "nobody-told"  # the alarm that must come before reached nobody
    NO_BREAKGLASS = "no-breakglass"  # not in the role that may break the glass, or there is none


def refusal(plan: Plan, actor: Actor, approvers: Approvers, team: str, register: Register = UNLISTED) -> Refusal | None:
    """Say why `actor` may not decide about `plan`, or None when they may; `team` is the workspace that is served."""
    if actor.id == plan.requester or register.of(actor.team, actor.id) in register.asked(plan.requester):
        return Refusal.OWN_REQUEST
    return resolver_refusal(actor, approvers, team, register)


def resolver_refusal(actor: Actor, approvers: Approvers, team: str, register: Register = UNLISTED) -> Refusal | None:
    """Say why `actor` may not declare how a plan in doubt ended; unlike an approval the requester may, as nothing is run."""
    return member_refusal(actor, team) or _outside(actor, approvers, register, Refusal.NOT_AN_APPROVER)


def breakglass_refusal(actor: Actor, role: Approvers, team: str, register: Register = UNLISTED) -> Refusal | None:
    """Say why `actor` may not break the glass; the requester may, which is what it is for."""
    return member_refusal(actor, team) or _outside(actor, role, register, Refusal.NO_BREAKGLASS)


def review_refusal(
    plan: Plan, review: Review, approvers: Approvers, breakglass: Approvers, team: str, register: Register = UNLISTED
) -> Refusal | None:
    """Say why a review does not count, by the role that its decision needs."""
    if review.decision is Decision.BREAK_GLASS:
        return breakglass_refusal(review.actor, breakglass, team, register)
    return refusal(plan, review.actor, approvers, team, register)


def member_refusal(actor: Actor, team: str) -> Refusal | None:
    """Say why `actor` is no full member of the workspace, or None when they are."""
    if actor.lookup_failed:
        return Refusal.LOOKUP_FAILED
    if actor.team != team:
        return Refusal.OTHER_TEAM
    return None if actor.full_member else Refusal.GUEST


def standing(
    plan: Plan,
    reviews: Iterable[Review],
    approvers: Approvers,
    now: float,
    *,
    breakglass: Approvers = NOBODY,
    register: Register = UNLISTED,
    confirmations: Iterable[Confirmation] = (),
) -> Standing:
    """Add the reviews up at `now` (UTC seconds): one denial decides, approvals count once per person, all bound to the digest.

    A review does not count when it is for another digest, was made at or after the expiry, or is by one who may not decide.
    The caller has verified the signatures of `confirmations`.
    """
    counted = _counted(plan, reviews, approvers, breakglass, register)
    if any(review.decision is Decision.DENY for review in counted):
        return Standing.DENIED
    if now >= plan.expires_at:
        return Standing.EXPIRED
    alone = people(counted, Decision.BREAK_GLASS, register)
    if alone and (plan.risk is Risk.LOW or alone & confirmed(plan, confirmations, Decision.BREAK_GLASS)):
        return Standing.APPROVED
    lacks = _lacks(plan, people(counted, Decision.APPROVE, register), confirmations)
    return Standing.PENDING if lacks.people or lacks.confirmation else Standing.APPROVED


def missing(
    plan: Plan,
    reviews: Iterable[Review],
    approvers: Approvers,
    *,
    register: Register = UNLISTED,
    confirmations: Iterable[Confirmation] = (),
) -> Missing:
    """What approval still lacks, for the card."""
    counted = _counted(plan, reviews, approvers, NOBODY, register)
    return _lacks(plan, people(counted, Decision.APPROVE, register), confirmations)


def people(reviews: Iterable[Review], decision: Decision, register: Register) -> frozenset[str]:
    """The different human beings who said this; an account without one person behind it is nobody."""
    named = {register.of(one.actor.team, one.actor.id) for one in reviews if one.decision is decision}
    return frozenset(name for name in named if name is not None)


def confirmed(plan: Plan, confirmations: Iterable[Confirmation], decision: Decision) -> frozenset[str]:
    """Who confirmed this decision about exactly this plan, in time."""
    return frozenset(
        one.person
        for one in confirmations
        if one.plan_digest == plan.digest and one.decision is decision and one.at < plan.expires_at
    )


def _counted(
    plan: Plan, reviews: Iterable[Review], approvers: Approvers, breakglass: Approvers, register: Register
) -> list[Review]:
    def counts(review: Review) -> bool:
        in_time = review.plan_digest == plan.digest and review.at < plan.expires_at
        return in_time and review_refusal(plan, review, approvers, breakglass, review.actor.team, register) is None

    return [one for one in reviews if counts(one)]


def _lacks(plan: Plan, agreed: Collection[str], confirmations: Iterable[Confirmation]) -> Missing:
    outside = plan.risk is Risk.HIGH and confirmed(plan, confirmations, Decision.APPROVE).isdisjoint(agreed)
    return Missing(people=max(0, NEEDED[plan.risk] - len(agreed)), confirmation=outside)


def _outside(actor: Actor, role: Approvers, register: Register, why: Refusal) -> Refusal | None:
    if not actor.id or (actor.id not in role.users and role.groups.isdisjoint(actor.groups)):
        return why
    return Refusal.UNKNOWN_PERSON if register.of(actor.team, actor.id) is None else None
