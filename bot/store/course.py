"""What has happened to one plan so far? Reviews, steps and measurements, read as one `Progress` and written by `Plans` only.

Every function works in the caller's transaction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import NotFound
from bot.model.event import Event
from bot.model.execution import ON_HOST, State, StepResult
from bot.model.plan import Plan, Step
from bot.model.progress import Measurement, Progress, StepProgress, Why
from bot.model.review import Confirmation, Decision, Review
from bot.store import events, forms, outbox, schema
from bot.store.dialect import now

SHOWN = "plan"  # the kind of the outbox rows that follow plans; their subject is the plan's id
_PLAN = schema.plans.c


async def tell(connection: AsyncConnection, plan_id: str, *, kind: str, actor: str, details: Mapping[str, str]) -> None:
    """Write the audit event of a change, and that the message about the plan must be renewed."""
    event = await events.append(connection, kind=kind, actor=actor, subject=plan_id, details=details)
    # The message keeps the head of the chain where whoever rewrites the chain cannot reach it.
    await show(connection, plan_id, event)


async def show(connection: AsyncConnection, plan_id: str, event: Event) -> None:
    """Write that the message about the plan must be renewed, where a thread has one; `event` is why."""
    thread = schema.conversations.c
    where = (
        await connection.execute(
            select(thread.channel, thread.thread).join(schema.plans, _PLAN.conversation == thread.id).where(_PLAN.id == plan_id)
        )
    ).first()
    if where is not None:
        head = asdict(event.head)
        shown = outbox.Show(kind=SHOWN, subject=plan_id, channel=where.channel, thread=where.thread, payload=head)
        await outbox.put(connection, shown)


async def state(connection: AsyncConnection, plan_id: str) -> State:
    """Give the plan's state, or raise `NotFound`."""
    found = await connection.scalar(select(_PLAN.state).where(_PLAN.id == plan_id))
    if found is None:
        raise NotFound(what=plan_id)
    return State(found)


async def progress(connection: AsyncConnection, plan_id: str) -> Progress:
    """Read everything about a plan, or raise `NotFound`."""
    row = (await connection.execute(select(*_PLAN).where(_PLAN.id == plan_id))).first()
    if row is None:
        raise NotFound(what=plan_id)
    busy = None
    if row.state == State.APPROVED:
        busy = await connection.scalar(select(_PLAN.id).where(_PLAN.host == row.host, _PLAN.state.in_(ON_HOST)))
    return Progress(
        plan=forms.plan(row.document, row.digest),
        state=State(row.state),
        why=Why(row.why),
        detail=row.detail,
        conversation=row.conversation,
        changed_at=row.changed_at,
        reviews=await reviews(connection, plan_id),
        steps=await _steps(connection, plan_id),
        measurements=await _measurements(connection, plan_id),
        waits_for=busy or "",
        confirmations=await confirmations(connection, plan_id),
    )


async def reviews(connection: AsyncConnection, plan_id: str) -> tuple[Review, ...]:
    """Read the plan's reviews, oldest first."""
    row = schema.reviews.c
    found = await connection.execute(select(*row).where(row.plan == plan_id).order_by(row.at, row.actor))
    return tuple(forms.review(one.digest, one.decision, one.at, one.document) for one in found.all())


async def confirmations(connection: AsyncConnection, plan_id: str) -> tuple[Confirmation, ...]:
    """Read what was confirmed outside Slack, oldest first."""
    row = schema.confirmations.c
    found = await connection.execute(select(*row).where(row.plan == plan_id).order_by(row.at, row.person))
    return tuple(
        Confirmation(
            plan_digest=one.digest, person=one.person, decision=Decision(one.decision), at=one.at, signature=one.signature
        )
        for one in found.all()
    )


async def add(connection: AsyncConnection, plan_id: str, said: Review | Confirmation, actor: str) -> bool:
    """Add what a person said, with its event; False when this person said the same before."""
    values: dict[str, Any] = {"plan": plan_id, "decision": said.decision, "digest": said.plan_digest, "at": said.at}
    details = {"decision": said.decision, "digest": said.plan_digest}
    if isinstance(said, Review):
        table, who = schema.reviews, {"team": said.actor.team, "actor": said.actor.id}
        values |= who | {"document": forms.review_document(said)}
        details |= {"reason": said.reason, "team": said.actor.team}
    else:
        table, who = schema.confirmations, {"person": said.person}
        values |= who | {"signature": said.signature}
        details |= who
    same = (table.c[name] == value for name, value in who.items())
    mine = (table.c.plan == plan_id, table.c.decision == said.decision, *same)
    if (await connection.execute(select(table.c.at).where(*mine))).first():
        return False
    await connection.execute(insert(table).values(**values))
    if isinstance(said, Review):
        await tell(connection, plan_id, kind="plan.reviewed", actor=actor, details=details)
    else:
        await tell(connection, plan_id, kind="plan.confirmed", actor=actor, details=details)
    return True


async def begin_step(connection: AsyncConnection, plan_id: str, owner: str, index: int, step: Step, *, undo: bool) -> None:
    """Note that the step may be on the host from now on; the primary key refuses an index that has begun before."""
    await connection.execute(
        insert(schema.steps).values(plan=plan_id, number=index, undo=undo, document=asdict(step), started_at=now())
    )
    details = {
        "index": str(index),
        "step": step.wire,
        "undo": str(undo),
        "script": step.script,
        "changes": "; ".join(f"{one.what}: {one.before} → {one.after}" for one in step.changes),
    }
    await tell(connection, plan_id, kind="step.started", actor=owner, details=details)


async def end_step(connection: AsyncConnection, plan_id: str, owner: str, index: int, result: StepResult) -> None:
    """Keep the result of a step, once."""
    row = schema.steps.c
    kept = await connection.execute(
        update(schema.steps)
        .where(row.plan == plan_id, row.number == index, row.result.is_(None))
        .values(result=asdict(result), ended_at=now())
    )
    if kept.rowcount == 1:
        details = {
            "index": str(index),
            "exit": str(result.exit),
            "replayed": str(result.replayed),
            "stdout_sha256": _sha256(result.stdout),
            "stderr_sha256": _sha256(result.stderr),
        }
        await tell(connection, plan_id, kind="step.ended", actor=owner, details=details)


async def withdraw_step(connection: AsyncConnection, plan_id: str, owner: str, index: int) -> None:
    """Take back that a step may be on the host, because its connection was never made."""
    row = schema.steps.c
    await connection.execute(delete(schema.steps).where(row.plan == plan_id, row.number == index, row.result.is_(None)))
    await tell(connection, plan_id, kind="step.not-sent", actor=owner, details={"index": str(index)})


async def keep_measurement(connection: AsyncConnection, plan_id: str, measured: Measurement) -> None:
    """Keep the latest measurement of its stage."""
    row = schema.measurements.c
    await connection.execute(delete(schema.measurements).where(row.plan == plan_id, row.stage == measured.stage))
    await connection.execute(
        insert(schema.measurements).values(
            plan=plan_id, stage=measured.stage, at=measured.at, document=forms.measurement_document(measured)
        )
    )


def proposed_details(plan: Plan) -> dict[str, str]:
    """What an event says about a new plan: why it is proposed, and every word that would run."""
    return {
        "to": State.PROPOSED,
        "problem": plan.problem,
        "problem_digest": plan.problem_digest,
        "cause": plan.cause,
        "fix": plan.fix,
        "risk": plan.risk,
        "steps": "; ".join(step.wire for step in plan.steps),
        "undo": "; ".join(step.wire for step in plan.undo),
        "facts": "; ".join(f"{path}={value}" for path, value in plan.facts),
        "expires_at": str(plan.expires_at),
    }


def measured_details(measured: Measurement) -> dict[str, str]:
    """What an event says about a measurement: for which question, whether everything held, and the values."""
    found = [f"{path}={value}" for check in measured.checks for path, value in check.evidence]
    shown = "; ".join(dict.fromkeys(found)) or measured.error
    return {"stage": measured.stage, "holds": str(measured.holds), "measured": shown}


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


async def _steps(connection: AsyncConnection, plan_id: str) -> tuple[StepProgress, ...]:
    row = schema.steps.c
    found = await connection.execute(select(*row).where(row.plan == plan_id).order_by(row.number))
    return tuple(
        StepProgress(
            index=one.number,
            step=forms.step(one.document),
            undo=one.undo,
            started_at=one.started_at,
            ended_at=one.ended_at,
            result=forms.result(one.result),
        )
        for one in found.all()
    )


async def _measurements(connection: AsyncConnection, plan_id: str) -> tuple[Measurement, ...]:
    row = schema.measurements.c
    found = await connection.execute(select(*row).where(row.plan == plan_id).order_by(row.at))
    return tuple(forms.measurement(one.stage, one.at, one.document) for one in found.all())
