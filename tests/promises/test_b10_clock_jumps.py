"""B10: a clock set forward or back by a day approves nothing, expires nothing and begins nothing until it is right again."""

from __future__ import annotations

import asyncio
import time

import pytest

from bot.errors import ClockChanged
from bot.execution.answers import Said
from bot.execution.clock import SteadyClock
from bot.execution.executor import Executor
from bot.model.execution import State
from tests.support.plans import ANNE, APPROVERS, Machine, hangs, means, plan, review
from tests.support.stores import follows, opened

DAY = 86_400.0
JUMPS = (DAY, -DAY, 61.0, -61.0)


class Wall:
    """A wall clock that somebody sets."""

    def __init__(self, set_by: float = 0.0) -> None:
        self.set_by = set_by

    def __call__(self) -> float:
        return time.time() + self.set_by


@pytest.mark.parametrize("jump", JUMPS)
def test_a_set_clock_is_noticed_and_a_corrected_one_is_believed(jump: float) -> None:
    wall = Wall()
    clock = SteadyClock(wall)
    wall.set_by = 30.0 if jump > 0 else -30.0  # a small correction is no jump
    clock()
    wall.set_by = jump
    with pytest.raises(ClockChanged, match=r"set by [+-]\d+ s"):
        clock()
    wall.set_by = 0.0
    assert abs(clock() - time.time()) < 1


@pytest.mark.parametrize("jump", JUMPS)
async def test_a_jump_while_it_runs_decides_and_begins_nothing(database: str, jump: float) -> None:
    wall, machine = Wall(), Machine()
    async with opened(database) as store:
        executor = Executor(means(store, machine, clock=SteadyClock(wall)))
        waits, ready = plan("waits", host="a"), plan("ready", host="b")
        for one in (waits, ready):
            await executor.propose(one)
        assert (await executor.review(ready.id, review(ready), APPROVERS)).said is Said.APPROVED
        wall.set_by = jump
        answer = await executor.review(waits.id, review(waits), APPROVERS)
        assert (answer.said, answer.state) == (Said.CLOCK, State.PROPOSED)
        with pytest.raises(ClockChanged):
            await executor.carry(ready.id)
        serving = asyncio.create_task(executor.run())
        await asyncio.sleep(0.2)
        assert machine.ran == []
        assert [await store.plans.state(one) for one in ("waits", "ready")] == [State.PROPOSED, State.APPROVED]
        wall.set_by = 0.0
        async with asyncio.timeout(60):
            while await store.plans.state(ready.id) is not State.SUCCEEDED:
                await asyncio.sleep(0.02)
        executor.stop()
        await serving
        assert await store.plans.state(waits.id) is State.PROPOSED


@pytest.mark.parametrize("jump", JUMPS)
async def test_a_jump_says_of_no_doubt_how_it_ended(database: str, jump: float) -> None:
    wall, machine = Wall(), Machine(behave={"service-start": hangs})
    async with opened(database) as store:
        executor = Executor(means(store, machine, clock=SteadyClock(wall)))
        one = plan()
        await executor.propose(one)
        await executor.review(one.id, review(one), APPROVERS)
        assert await executor.carry(one.id)
        wall.set_by = jump
        answer = await executor.resolve(one.id, ANNE, APPROVERS, succeeded=True)
        assert (answer.said, answer.state) == (Said.CLOCK, State.IN_DOUBT)
        wall.set_by = 0.0
        assert (await executor.resolve(one.id, ANNE, APPROVERS, succeeded=True)).said is Said.RESOLVED


async def test_facts_from_before_a_clock_was_set_back_are_not_fresh(database: str) -> None:
    """With SQLite nobody notices that the clock was set while the bot was stopped."""
    now, machine = time.time(), Machine(behave={"service-start": hangs})
    async with opened(database) as store:
        follows(store, lambda: now)
        executor = Executor(means(store, machine, clock=lambda: now))
        one = plan(created_at=now - 7 * DAY)
        await executor.propose(one)
        await executor.review(one.id, review(one), APPROVERS)
        assert await executor.carry(one.id)
        now -= DAY
        assert (await executor.resolve(one.id, ANNE, APPROVERS, succeeded=True)).said is Said.FACTS_RENEWED
        assert await store.plans.state(one.id) is State.IN_DOUBT


@pytest.mark.parametrize("jump", JUMPS)
async def test_a_process_started_under_a_wrong_clock_is_stopped_by_the_database(database: str, jump: float) -> None:
    machine = Machine()
    async with opened(database) as store:
        executor = Executor(means(store, machine, clock=SteadyClock(Wall(jump))))
        one = plan()
        await executor.propose(one)
        assert (await executor.review(one.id, review(one), APPROVERS)).said is Said.CLOCK
        with pytest.raises(ClockChanged, match="database"):
            await executor.recover()
        assert await store.plans.state(one.id) is State.PROPOSED


async def test_a_plan_from_the_future_is_not_approved(database: str) -> None:
    async with opened(database) as store:
        executor = Executor(means(store, Machine(), clock=SteadyClock()))
        one = plan(created_at=time.time() + DAY, expires_at=time.time() + DAY + 1800)
        await executor.propose(one)
        assert (await executor.review(one.id, review(one), APPROVERS)).said is Said.CLOCK
        assert await store.plans.state(one.id) is State.PROPOSED
