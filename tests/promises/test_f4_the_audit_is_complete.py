"""F4: whatever happened to plans, the events alone tell the same as the rows: every state, review, step and measurement."""

from __future__ import annotations

import random
from pathlib import Path

from bot.audit.accounts import accounts
from bot.errors import HostUnreachable
from bot.execution.executor import Executor
from bot.model.execution import FINAL, State, StepResult
from bot.model.problem import Risk
from bot.model.progress import Progress
from bot.model.review import Actor, Decision
from bot.store.store import Store
from tests.support.plans import (
    ANNE,
    APPROVERS,
    BERT,
    REQUESTER,
    TEAM,
    Behaviour,
    Machine,
    drops_after,
    drops_before,
    fails,
    hangs,
    means,
    nothing,
    plan,
    review,
    works,
)

SEQUENCES = 60  # of up to 12 things that happen to plans, each in its own database
PEOPLE = (ANNE, BERT, ANNE, BERT, ANNE, BERT, Actor(team=TEAM, id=REQUESTER), Actor(team="T0ELSE", id="U0EVE"))


def cannot_be_reached(machine: Machine, index: int) -> StepResult:
    machine.ran.pop()
    raise HostUnreachable(host="mx1", detail="no route")


BEHAVIOURS: tuple[Behaviour, ...] = (
    works,
    works,
    works,
    works,
    nothing,
    fails,
    drops_after,
    drops_before,
    hangs,
    cannot_be_reached,
)


async def live(store: Store, draw: random.Random) -> list[str]:
    """Do things to three plans in any order, as people, hosts and the clock do; gives the plans' ids."""
    machine = Machine()
    plans = []
    for number in range(3):
        risk, undo = draw.choice(list(Risk)), draw.choice((plan().undo, ()))
        plans.append(plan(f"plan-{number}", host=f"mx{draw.randrange(2)}", risk=risk, undo=undo))
    executor = Executor(means(store, machine))
    for one in plans:
        await executor.propose(one)
    for _ in range(draw.randrange(4, 13)):
        one = draw.choice(plans)
        machine.facts = {"loopback.state": draw.choice(("down",) * 7 + ("up",))}
        machine.behave = {name: draw.choice(BEHAVIOURS) for name in ("loopback-up", "service-start", "loopback-down")}
        who = draw.choice(PEOPLE)
        match draw.choice(("approve",) * 7 + ("carry",) * 5 + ("deny", "resolve", "resolve", "look", "expire")):
            case "approve":
                await executor.review(one.id, review(one, who), APPROVERS)
            case "deny":
                await executor.review(one.id, review(one, who, Decision.DENY), APPROVERS)
            case "carry":
                for ready in await store.plans.ready():
                    await executor.carry(ready)
            case "resolve":
                await executor.resolve(one.id, who, APPROVERS, succeeded=draw.random() < 0.5)
            case "look":
                await executor.look_again(one.id)
            case "expire":
                if draw.random() < 0.3:
                    await store.plans.expire(one.expires_at)
    return [one.id for one in plans]


def rows_tell(progress: Progress) -> dict[str, object]:
    """What the rows say, in the words of an account."""
    return {
        "host": progress.plan.host,
        "host_key": progress.plan.host_key,
        "digest": progress.plan.digest,
        "requester": progress.plan.requester,
        "state": progress.state,
        "why": progress.why,
        "detail": progress.detail,
        "reviews": sorted((one.actor.id, str(one.decision), one.plan_digest) for one in progress.reviews),
        "steps": [(one.index, one.step.wire, one.undo, one.result.exit if one.result else None) for one in progress.steps],
        "measured": {
            str(one.stage): "; ".join(
                dict.fromkeys(f"{path}={value}" for check in one.checks for path, value in check.evidence)
            )
            for one in progress.measurements
        },
    }


async def test_the_replayed_events_tell_the_same_as_the_rows(tmp_path: Path) -> None:
    seen: set[State] = set()
    for number in range(SEQUENCES):
        draw = random.Random(number)
        store = await Store.open(str(tmp_path / f"{number}.db"))
        ids = await live(store, draw)
        told = accounts([event async for event in store.events.read()])
        assert set(told) == set(ids)
        for id in ids:
            account, progress = told[id], await store.plans.progress(id)
            seen.add(progress.state)
            assert rows_tell(progress) == {
                "host": account.host,
                "host_key": account.host_key,
                "digest": account.digest,
                "requester": account.requester,
                "state": account.state,
                "why": account.why,
                "detail": account.detail,
                "reviews": sorted((one.actor, one.decision, one.digest) for one in account.opinions if one.counted),
                "steps": [(one.index, one.step, one.undo, one.exit) for one in account.ran if one.sent],
                "measured": account.measured,
            }
        assert await store.events.verify() is None
        await store.close()
    assert FINAL | {State.IN_DOUBT} <= seen, f"never reached: {FINAL - seen}"


async def test_the_account_outlives_the_rows(tmp_path: Path) -> None:
    store = await Store.open(str(tmp_path / "postmedic.db"))
    executor = Executor(means(store, Machine()))
    one = plan()
    await executor.propose(one)
    await executor.review(one.id, review(one), APPROVERS)
    await executor.carry(one.id)
    before = accounts([event async for event in store.events.read()])[one.id]
    await store.forget(-1)
    assert await store.plans.listed(list(State)) == ()
    assert accounts([event async for event in store.events.read()])[one.id] == before
    assert (before.requester, before.approvers, before.state) == (REQUESTER, (ANNE.id,), "succeeded")
    assert [(ran.step, ran.exit) for ran in before.ran] == [("loopback-up", 0), ("service-start postfix", 0)]
    assert before.ran[0].script == one.steps[0].script
    await store.close()
