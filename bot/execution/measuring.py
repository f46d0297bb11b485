"""Do the plan's conditions hold on the host now? Only reads; what could not be measured never counts as true."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bot.errors import PostmedicError
from bot.execution.means import Means
from bot.knowledge.conditions import from_canonical
from bot.model.condition import judge, paths
from bot.model.diagnosis import Diagnosis
from bot.model.fact import Facts, Unknown
from bot.model.plan import Plan
from bot.model.progress import Check, Measurement, Side, Stage

SIDES = {
    Stage.BEFORE: (Side.BEFORE,),
    Stage.AFTER: (Side.AFTER,),
    Stage.UNDONE: (Side.BEFORE,),
    Stage.DOUBT: (Side.BEFORE, Side.AFTER),
}
_SHOWN = 200  # characters of one value


async def measured(means: Means, plan: Plan, stage: Stage) -> tuple[Measurement, Diagnosis | None]:
    """Measure afresh and judge the conditions that `stage` asks for; without a diagnosis everything is unknown."""
    try:
        async with asyncio.timeout(means.pace.measure):
            means.host(plan)  # what another one shows is not about this plan
            diagnosis = await means.measure(plan)
    except PostmedicError as error:
        return _judged(plan, stage, Facts({}), means.clock(), str(error), means.redact), None
    except TimeoutError:
        return _judged(plan, stage, Facts({}), means.clock(), "measuring took too long", means.redact), None
    return _judged(plan, stage, diagnosis.facts, diagnosis.measured_at, diagnosis.error, means.redact), diagnosis


async def measured_until_true(means: Means, plan: Plan, stage: Stage) -> Measurement:
    """Measure until every condition holds or the plan's time is over; the last measurement is given."""
    ends = asyncio.get_running_loop().time() + plan.within
    while True:
        latest, _ = await measured(means, plan, stage)
        if latest.holds or asyncio.get_running_loop().time() >= ends:
            return latest
        await asyncio.sleep(means.pace.poll)


def _judged(plan: Plan, stage: Stage, facts: Facts, at: float, error: str, redact: Callable[[str], str]) -> Measurement:
    texts = {Side.BEFORE: plan.before, Side.AFTER: plan.after}
    checks = tuple(_check(side, text, facts, redact) for side in SIDES[stage] for text in texts[side])
    return Measurement(stage=stage, at=at, checks=checks, error=redact(error))


def _check(side: Side, text: str, facts: Facts, redact: Callable[[str], str]) -> Check:
    condition = from_canonical(text)
    evidence = tuple((path, redact(_shown(facts.look(path)))) for path in paths(condition))
    return Check(side=side, condition=text, truth=judge(condition, facts), evidence=evidence)


def _shown(value: object) -> str:
    if isinstance(value, Unknown):
        return f"? ({value.detail or value.reason})"[:_SHOWN]
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)[:_SHOWN]
