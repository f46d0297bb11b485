"""One running change per host, and no more within an hour than the settings allow; what is over the cap waits visibly."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from bot.execution.executor import Executor
from bot.execution.means import Pace
from bot.model.execution import State, StepResult
from bot.model.gate import Caps, Waits
from bot.render.plan_card import plan_card
from bot.store.store import Store
from tests.support.plans import APPROVERS, Machine, means, plan, review, step
from tests.support.stores import follows

PLANS, HOSTS = 100, 10


class Fleet(Machine):
    """Ten hosts that note how many changes are on each at once."""

    def __init__(self) -> None:
        super().__init__()
        self.on: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.begun: list[str] = []

    async def run(self, execution: str, index: int, step: object) -> StepResult:
        host = execution.partition("@")[2]
        self.on[host] += 1
        self.most[host] = max(self.most[host], self.on[host])
        self.begun.append(execution)
        await asyncio.sleep(0.002)
        self.on[host] -= 1
        return StepResult(exit=1)


async def fill(store: Store, machine: Machine, count: int = PLANS) -> list[str]:
    executor = Executor(means(store, machine))
    names = []
    for number in range(count):
        one = plan(f"{number}@mx{number % HOSTS}", host=f"mx{number % HOSTS}", steps=(step("fails"),), undo=())
        await executor.propose(one)
        await executor.review(one.id, review(one), APPROVERS)
        names.append(one.id)
    return names


async def until(store: Store, machine: Machine, ended: int) -> None:
    """Two processes serve until so many plans have ended, and then one pace longer."""
    executors = [Executor(means(store, machine, owner=f"worker-{n}", pace=Pace(poll=0.05))) for n in range(2)]
    running = [asyncio.create_task(one.run()) for one in executors]
    async with asyncio.timeout(240):
        while len(await store.plans.listed([State.FAILED])) < ended:
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)
    for one in executors:
        one.stop()
    await asyncio.gather(*running)


async def test_never_two_at_once_on_a_host(tmp_path: Path) -> None:
    store = await Store.open(str(tmp_path / "postmedic.db"), caps=Caps(host=100, fleet=1000))
    machine = Fleet()
    await fill(store, machine)
    await until(store, machine, PLANS)
    assert set(machine.most.values()) == {1}
    assert Counter(machine.begun).most_common(1)[0][1] == 1
    assert len(machine.begun) == PLANS
    await store.close()


@pytest.mark.parametrize(
    ("caps", "begin", "why"),
    [(Caps(host=3, fleet=1000), 30, Waits.HOST_CAP), (Caps(host=100, fleet=17), 17, Waits.FLEET_CAP)],
    ids=["host", "fleet"],
)
async def test_over_the_cap_they_wait_visibly_and_go_on_when_the_hour_is_over(
    tmp_path: Path, caps: Caps, begin: int, why: Waits
) -> None:
    store = await Store.open(str(tmp_path / "postmedic.db"), caps=caps)
    machine = Fleet()
    names = await fill(store, machine, 40)
    await until(store, machine, begin)
    assert len(machine.begun) == begin
    per_host = Counter(name.partition("@")[2] for name in machine.begun)
    assert max(per_host.values()) <= caps.host
    waiting = await store.plans.listed([State.APPROVED])
    assert len(waiting) == 40 - begin
    for id in waiting:
        progress = await store.plans.progress(id)
        assert progress.waits is why
        assert "within an hour" in plan_card(progress, None, APPROVERS, "en").text
        assert "一小时" in plan_card(progress, None, APPROVERS, "zh").text
    assert not any([await store.plans.claim(id, "worker", 0) for id in waiting])
    with sqlite3.connect(tmp_path / "postmedic.db") as connection:
        connection.execute("UPDATE steps SET started_at = started_at - 3601")
    await until(store, machine, min(40, 2 * begin))
    assert len(machine.begun) == min(40, 2 * begin)
    assert set(machine.begun) <= set(names)
    await store.close()


async def test_a_plan_that_waits_for_the_cap_still_expires(tmp_path: Path) -> None:
    store = await Store.open(str(tmp_path / "postmedic.db"), caps=Caps(host=1, fleet=1))
    now = time.time()
    follows(store, lambda: now)
    executor = Executor(means(store, Machine(), clock=lambda: now))
    for number in range(2):
        one = plan(f"plan-{number}", host=f"mx{number}")
        await executor.propose(one)
        await executor.review(one.id, review(one), APPROVERS)
    assert await executor.carry("plan-0")
    assert not await executor.carry("plan-1")
    now = one.expires_at + 1
    await executor.recover()
    assert await store.plans.state("plan-1") is State.EXPIRED
    await store.close()


async def test_what_was_never_sent_takes_no_place(tmp_path: Path) -> None:
    store = await Store.open(str(tmp_path / "postmedic.db"), caps=Caps(host=1, fleet=1))
    stale, unreachable, works = Machine(facts={"loopback.state": "up"}), Machine(reachable=False), Machine()
    for number, machine in enumerate((stale, unreachable, works)):
        executor = Executor(means(store, machine))
        one = replace(plan(f"plan-{number}"))
        await executor.propose(one)
        await executor.review(one.id, review(one), APPROVERS)
        assert await executor.carry(one.id)
    assert await store.plans.state("plan-2") is State.SUCCEEDED
    await store.close()


async def test_many_claims_at_once_do_not_pass_the_cap_together(tmp_path: Path) -> None:
    store = await Store.open(str(tmp_path / "postmedic.db"), caps=Caps(host=100, fleet=3))
    await fill(store, Machine(), HOSTS)
    claims = await asyncio.gather(*(store.plans.claim(f"{n}@mx{n}", f"worker-{n}", 0) for n in range(HOSTS)))
    assert sum(claims) == 3
    await store.close()
