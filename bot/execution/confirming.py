"""Does a signature made outside Slack confirm a decision about a plan? It needs no Slack and no host."""

from __future__ import annotations

from bot.approval.confirmation import signed_text
from bot.approval.policy import standing
from bot.errors import NoHighRisk, NoKeys, NotTheirSignature, OwnRequest, PlanClosed, PlanExpired, Refused
from bot.execution.signatures import signed
from bot.model.execution import State
from bot.model.host import Host
from bot.model.person import Person, Register
from bot.model.problem import Risk
from bot.model.progress import Progress
from bot.model.review import Confirmation, Decision, Review, Standing
from bot.store.store import Store


def may_confirm(progress: Progress, person: Person, decision: Decision, register: Register, now: float) -> None:
    """Raise `Refused`, saying why, when a confirmation by this person would be worth nothing."""
    plan = progress.plan
    if progress.state is not State.PROPOSED:
        raise PlanClosed(plan=plan.id, state=progress.state)
    if now >= plan.expires_at:
        raise PlanExpired(plan=plan.id)
    if plan.risk is not Risk.HIGH:
        raise NoHighRisk(plan=plan.id)
    if not person.keys:
        raise NoKeys(person=person.name)
    if decision is Decision.APPROVE and person.name in register.asked(plan.requester):
        raise OwnRequest(person=person.name)


async def confirm(
    store: Store,
    progress: Progress,
    host: Host,
    person: Person,
    decision: Decision,
    signature: str,
    *,
    register: Register,
    now: float,
    login: str,
) -> Progress:
    """Keep a confirmation whose signature holds; raises `Refused`, and writes down that it did."""
    plan = progress.plan
    actor = f"local:{login}"
    try:
        may_confirm(progress, person, decision, register, now)
        if not await signed(person, signed_text(plan, person.name, decision), signature):
            raise NotTheirSignature(person=person.name, plan=plan.id)
    except Refused as error:
        details = {"person": person.name, "decision": decision, "why": str(error)}
        await store.events.record(kind="plan.confirm-refused", actor=actor, subject=plan.id, details=details)
        raise
    made = Confirmation(plan_digest=plan.digest, person=person.name, decision=decision, at=now, signature=signature)

    def judge(reviews: tuple[Review, ...], confirmations: tuple[Confirmation, ...]) -> Standing:
        return standing(
            plan,
            reviews,
            host.approvers,
            now,
            breakglass=host.breakglass,
            register=register,
            confirmations=confirmations,
        )

    if not await store.plans.decide(made, plan.id, judge, actor=actor):
        raise PlanClosed(plan=plan.id, state=(await store.plans.progress(plan.id)).state)  # others were faster
    return await store.plans.progress(plan.id)
