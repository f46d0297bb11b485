"""May this plan begin now? Everything that was true when people approved it is looked at again; no step is sent."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.approval.policy import review_refusal, standing
from bot.connectors.base import StepState, Writer
from bot.errors import HostError, OtherHost, Refused, UnknownHost
from bot.execution.enrolment import expected
from bot.execution.means import Means
from bot.execution.measuring import measured
from bot.execution.signatures import verified
from bot.facts.boot import BOOT
from bot.knowledge.conditions import from_canonical
from bot.model.condition import Truth, paths
from bot.model.diagnosis import Diagnosis
from bot.model.execution import State
from bot.model.host import Host
from bot.model.progress import Measurement, Progress, Stage, Why
from bot.model.review import Review, Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """The plan does not begin: it ends in `state`, and why."""

    why: Why
    state: State = State.STALE
    detail: str = ""
    measured: Measurement | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """The plan may begin: with this way to its host, and what was measured for it."""

    writer: Writer
    measured: Measurement


async def checked(means: Means, progress: Progress) -> Cleared | Stopped:
    """Look again at the right to approve, the expiry, the host key, the entry, and the conditions for the change."""
    plan = progress.plan
    try:
        host = means.host_of(plan.host)
        if stopped := await _approval(means, progress, host):
            return stopped
        means.host(plan)
    except UnknownHost as error:
        return Stopped(why=Why.HOST_UNKNOWN, detail=str(error))
    except OtherHost:
        return Stopped(why=Why.HOST_KEY_CHANGED)
    if (writer := means.connector.writer(host)) is None:
        return Stopped(why=Why.NO_WRITER)
    try:
        if (await writer.ask(plan.id, 0))[0] is not StepState.UNSEEN:
            return Stopped(why=Why.ALREADY_RAN)
    except HostError as error:
        return Stopped(why=Why.BEFORE_UNKNOWN, detail=str(error))
    strange = await _enrolment(writer)
    found, diagnosis = await measured(means, plan, Stage.BEFORE)  # last of all, so that no other answer makes it old
    if diagnosis is not None and diagnosis.problem.digest != plan.problem_digest:
        return Stopped(why=Why.ENTRY_CHANGED, measured=found)
    if not found.holds:
        return Stopped(why=_why(found, diagnosis), detail=found.error, measured=found)
    if strange:
        return replace(strange, measured=found)
    if means.clock() >= plan.expires_at:  # measuring takes time
        return Stopped(why=Why.NONE, state=State.EXPIRED, measured=found)
    return Cleared(writer=writer, measured=found)


def _why(found: Measurement, diagnosis: Diagnosis | None) -> Why:
    if diagnosis is not None and diagnosis.facts.strange_key:
        return Why.HOST_KEY_REJECTED
    false = [from_canonical(check.condition) for check in found.checks if check.truth is Truth.FALSE]
    if any(BOOT.path in paths(condition) for condition in false):
        return Why.RESTARTED
    return Why.BEFORE_CHANGED if false else Why.BEFORE_UNKNOWN


async def _enrolment(writer: Writer) -> Stopped | None:
    """What people approved is this postmedic's text of each step; a host with other programs would run another."""
    try:
        found = await writer.enrolment()
    except HostError as error:
        return Stopped(why=Why.ENROLMENT_UNKNOWN, detail=str(error))
    if found is None:
        return Stopped(why=Why.ENROLMENT_UNKNOWN)
    wanted = expected()
    if found.digest != wanted.digest:
        return Stopped(why=Why.ENROLMENT_OTHER, detail=f"{found.shown} ≠ {wanted.shown}")
    return None


async def _approval(means: Means, progress: Progress, host: Host) -> Stopped | None:
    """Ask again who the reviewers are; Slack being away is no reason to trust them."""
    plan = progress.plan
    counted: list[Review] = []
    lost: list[str] = []
    for review in progress.reviews:
        actor = await means.actor_now(review.actor)
        asked_again = replace(review, actor=actor)
        if why := review_refusal(plan, asked_again, host.approvers, host.breakglass, means.team, means.register):
            lost.append(f"{actor.id}: {why}")
        else:
            counted.append(asked_again)
    try:
        confirmations = await verified(plan, progress.confirmations, means.register)
    except Refused as error:
        return Stopped(why=Why.APPROVAL_LOST, detail=str(error))
    lost += [f"{one.person}: signature" for one in progress.confirmations if one not in confirmations]
    rights = standing(
        plan,
        counted,
        host.approvers,
        means.clock(),
        breakglass=host.breakglass,
        register=means.register,
        confirmations=confirmations,
    )
    match rights:
        case Standing.APPROVED:
            return None
        case Standing.EXPIRED:
            return Stopped(why=Why.NONE, state=State.EXPIRED)
        case Standing.PENDING | Standing.DENIED:
            return Stopped(why=Why.APPROVAL_LOST, detail=", ".join(lost))
