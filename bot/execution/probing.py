"""What became of a plan whose connection or process was lost? Asks the host's own journal and measures; sends no step."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from bot.connectors.base import StepState, Writer
from bot.errors import HostError, OtherHost, UnknownHost
from bot.execution.means import Means
from bot.execution.measuring import measured
from bot.model.execution import StepResult
from bot.model.progress import Measurement, Progress, Stage, StepProgress, Why


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is known now.

    `ended_well`: every step of the plan is known to have ended with 0 and nothing was taken back, so that only the
    question remains whether it helped. Otherwise `why` and fresh facts for the person who has to decide.
    """

    ended_well: bool = False
    why: Why = Why.NONE
    detail: str = ""
    measured: Measurement | None = None


async def probe(means: Means, plan_id: str) -> Finding:
    """Ask the host how the last step ended, keep its answer, and measure afresh unless everything ended well."""
    progress = await means.store.plans.progress(plan_id)
    running = progress.running
    why, detail = Why.STOPPED_MIDWAY, ""
    if running is not None:
        why, detail, result = await _asked(means, progress, running)
        if result is not None:
            await means.store.plans.end_step(plan_id, means.owner, running.index, result)
            progress = await means.store.plans.progress(plan_id)
    if _ended_well(progress):
        return Finding(ended_well=True)
    found, _ = await measured(means, progress.plan, Stage.DOUBT)
    return Finding(why=why, detail=detail, measured=found)


def _ended_well(progress: Progress) -> bool:
    steps = progress.steps
    return len(steps) == len(progress.plan.steps) and all(
        not step.undo and step.result is not None and step.result.exit == 0 for step in steps
    )


async def _asked(means: Means, progress: Progress, running: StepProgress) -> tuple[Why, str, StepResult | None]:
    """Ask until the host knows the end, says it never began, or the patience is over."""
    try:
        writer = means.connector.writer(means.host(progress.plan))
    except UnknownHost as error:
        return Why.HOST_UNKNOWN, means.redact(str(error)), None
    except OtherHost:
        return Why.HOST_KEY_CHANGED, "", None
    if writer is None:
        return Why.NO_WRITER, "", None
    ends = asyncio.get_running_loop().time() + means.pace.journal
    while True:
        why, detail, result = await _asked_once(means, writer, progress.plan.id, running.index)
        final = why in (Why.STOPPED_MIDWAY, Why.NEVER_STARTED)
        if final or asyncio.get_running_loop().time() >= ends:
            return why, detail, result
        await asyncio.sleep(means.pace.poll)


async def _asked_once(means: Means, writer: Writer, plan_id: str, index: int) -> tuple[Why, str, StepResult | None]:
    try:
        state, result = await writer.ask(plan_id, index)
    except HostError as error:
        return Why.JOURNAL_SILENT, means.redact(str(error)), None
    match state:
        case StepState.UNSEEN:
            return Why.NEVER_STARTED, "", None
        case StepState.RUNNING:
            return Why.STILL_RUNNING, "", None
        case StepState.ENDED:
            return (Why.STOPPED_MIDWAY, "", means.readable(result)) if result else (Why.JOURNAL_SILENT, "", None)
