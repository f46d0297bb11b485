"""What does a person hear who decided about a plan? Decisions go to the executor; the card follows the stored row."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, assert_never

from bot.errors import NotFound, StoreUnavailable
from bot.execution.answers import Answer, Said
from bot.model.host import Approvers
from bot.model.progress import Progress
from bot.model.review import Actor, Decision, Review
from bot.model.text import Lang
from bot.render.blocks import Message
from bot.render.replies import decided, note
from handlers.desk import Desk

LOG = logging.getLogger(__name__)


async def plan_in(desk: Desk, plan_id: str, channel: str = "") -> tuple[Progress, str, str] | None:
    """The plan with its channel and thread, where one is stored and, if `channel` is given, shown there; else None."""
    try:
        progress = await desk.store.plans.progress(plan_id)
        conversation = await desk.store.conversations.by_id(progress.conversation)
    except NotFound:
        return None
    if channel and conversation.channel != channel:
        return None
    return progress, conversation.channel, conversation.thread


async def decide(desk: Desk, got: Mapping[str, Any], decision: Decision, reason: str = "") -> None:
    """Count a person's decision about the plan `got["plan"]`; what does not count is told to them alone."""
    user: str = got["user"]
    lang = await desk.people.lang(user)
    found = await plan_in(desk, got["plan"], got["channel"])
    if found is None:
        await desk.whisper(got["channel"], user, note("refused-no-plan", lang), got["thread"])
        return
    progress, channel, thread = found
    approvers = approvers_of(desk, progress)
    role = breakglass_of(desk, progress) if decision is Decision.BREAK_GLASS else approvers
    actor = await desk.people.actor(user, role)
    again = any(one.actor.id == user and one.decision is decision for one in progress.reviews)
    review = Review(plan_digest=progress.plan.digest, actor=actor, decision=decision, at=desk.clock(), reason=reason)
    try:
        answer = await desk.executor.review(progress.plan.id, review, approvers)
    except StoreUnavailable as error:
        await _not_recorded(desk, error, channel, user, thread, lang)
        return
    told = note("refused-twice", lang) if again and _counted(answer, actor) else told_of(answer, progress.plan.host, lang)
    if told is not None:
        await desk.whisper(channel, user, told, thread)


async def resolve(desk: Desk, got: Mapping[str, Any], *, succeeded: bool) -> None:
    """Let a person say how a plan in doubt ended."""
    user: str = got["user"]
    lang = await desk.people.lang(user)
    found = await plan_in(desk, got["plan"], got["channel"])
    if found is None:
        await desk.whisper(got["channel"], user, note("refused-no-plan", lang), got["thread"])
        return
    progress, channel, thread = found
    approvers = approvers_of(desk, progress)
    actor = await desk.people.actor(user, approvers)
    try:
        answer = await desk.executor.resolve(progress.plan.id, actor, approvers, succeeded=succeeded)
    except StoreUnavailable as error:
        await _not_recorded(desk, error, channel, user, thread, lang)
        return
    told = told_of(answer, progress.plan.host, lang)
    if told is not None:
        await desk.whisper(channel, user, told, thread)


def approvers_of(desk: Desk, progress: Progress) -> Approvers:
    """Who may decide about the plan by the inventory as it is now; nobody where its host is gone."""
    host = desk.engine.inventory.get(progress.plan.host)
    return host.approvers if host is not None else Approvers()


def breakglass_of(desk: Desk, progress: Progress) -> Approvers:
    """Who may run the plan alone in an emergency; nobody where no alarm could be raised."""
    host = desk.engine.inventory.get(progress.plan.host)
    return host.breakglass if host is not None and desk.alarmed else Approvers()


def told_of(answer: Answer, host: str, lang: Lang) -> Message | None:
    """The words for an answer; None where the card says it all."""
    match answer.said:
        case Said.APPROVED | Said.RECORDED | Said.DENIED | Said.RESOLVED:
            return None
        case Said.EXPIRED:
            return note("refused-expired", lang)
        case Said.DECIDED:
            return decided([actor.id for actor in answer.by], lang)
        case Said.REFUSED:
            if answer.refusal is None:
                raise ValueError("a refusal without its reason")
            return note(f"refused-{answer.refusal}", lang, host=host)
        case Said.OTHER_PLAN:
            return note("refused-other-plan", lang)
        case Said.CLOCK:
            return note("refused-clock", lang)
        case Said.FACTS_RENEWED:
            return note("facts-renewed", lang)
        case Said.NOT_IN_DOUBT:
            return note("refused-not-in-doubt", lang)
        case _:
            assert_never(answer.said)


async def _not_recorded(desk: Desk, error: StoreUnavailable, channel: str, user: str, thread: str, lang: Lang) -> None:
    """No record, no action: a decision that cannot be written down is refused now and not tried again behind their back."""
    LOG.error("a decision could not be written down: %s", error)
    await desk.whisper(channel, user, note("record-away", lang), thread)


def _counted(answer: Answer, actor: Actor) -> bool:
    """Whether this very person's decision stands behind the answer."""
    return answer.said is Said.RECORDED or any(one.id == actor.id for one in answer.by)
