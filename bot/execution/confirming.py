"""Does a signature made outside Slack confirm a decision about a plan? It needs no Slack and no host."""

from __future__ import annotations

from bot.approval.confirmation import signed_text
from bot.approval.policy import standing
from bot.errors import Refused
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
        raise Refused(detail=f"the plan {plan.id} waits for no decision any more, it is {progress.state}")
    if now >= plan.expires_at:
        raise Refused(detail=f"the plan {plan.id} has expired; run the diagnosis again")
    if plan.risk is not Risk.HIGH:
        raise Refused(detail=f"the plan {plan.id} is no high risk, so it needs no confirmation; decide in Slack")
    if not person.keys:
        raise Refused(detail=f"the inventory lists no public key for {person.name}")
    if decision is Decision.APPROVE and person.name in register.asked(plan.requester):
        raise Refused(detail=f"{person.name} asked for this fix, so another person must decide about it")


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
            raise Refused(detail=f"this is no signature of {person.name} below this plan and this decision; nothing was kept")
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
        raise Refused(detail=f"the plan {plan.id} was decided by others meanwhile")
    return await store.plans.progress(plan.id)
