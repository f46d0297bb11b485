"""A plan expires, and an approval is worth nothing once the facts behind it are old."""

from __future__ import annotations

from typing import Any

import pytest

from bot.approval.policy import standing
from bot.config import Settings
from bot.execution.answers import Said
from bot.execution.executor import Executor
from bot.model.execution import State
from bot.model.plan import Plan
from bot.model.review import Decision, Standing
from bot.store.store import Store
from tests.support.plans import APPROVERS, Machine, means, plan, review
from tests.support.stores import follows

HALF_AN_HOUR = 1800.0
MADE = 1_900_000_000.0
ONE = plan(created_at=MADE, expires_at=MADE + HALF_AN_HOUR)


class Clock:
    """Seconds since the plan was made, moved by the test."""

    passed = 0.0

    def __call__(self) -> float:
        return MADE + self.passed


def test_the_default_is_half_an_hour() -> None:
    assert Settings().plan_minutes * 60 == HALF_AN_HOUR


@pytest.mark.parametrize(
    ("clicked", "looked", "expected"),
    [
        (0, 1799, Standing.APPROVED),
        (1799, 1799, Standing.APPROVED),
        (1799, 1800, Standing.EXPIRED),
        (1799, 1801, Standing.EXPIRED),
        (1800, 1799, Standing.PENDING),
        (1801, 1801, Standing.EXPIRED),
    ],
)
def test_to_the_second(clicked: float, looked: float, expected: Standing) -> None:
    assert standing(ONE, [review(ONE, at=MADE + clicked)], APPROVERS, MADE + looked) is expected


@pytest.mark.parametrize("decision", [Decision.APPROVE, Decision.DENY])
@pytest.mark.parametrize(("after", "said"), [(1799, None), (1800, Said.EXPIRED), (1801, Said.EXPIRED), (86_400, Said.EXPIRED)])
async def test_a_click_at_the_expiry_or_later_is_told_so(
    store: Store, decision: Decision, after: float, said: Said | None
) -> None:
    clock = Clock()
    follows(store, clock)
    executor = Executor(means(store, Machine(), clock=clock))
    await executor.propose(ONE)
    clock.passed = after
    for _ in range(2):
        answer = await executor.review(ONE.id, review(ONE, decision=decision, at=clock()), APPROVERS)
        assert (answer.said is Said.EXPIRED) is (said is Said.EXPIRED)
        assert (answer.state is State.EXPIRED) is (said is Said.EXPIRED)


@pytest.mark.parametrize(("after", "runs"), [(1799, True), (1800, False), (1801, False)])
async def test_approved_a_second_before_its_end_and_begun_a_second_after_it(store: Store, after: float, runs: bool) -> None:
    clock, machine = Clock(), Machine()
    follows(store, clock)
    executor = Executor(means(store, machine, clock=clock))
    await executor.propose(ONE)
    clock.passed = 1799
    assert (await executor.review(ONE.id, review(ONE, at=clock()), APPROVERS)).said is Said.APPROVED
    clock.passed = after
    assert await executor.carry(ONE.id) is runs
    await executor.recover()
    assert (await store.plans.state(ONE.id) is State.EXPIRED) is not runs
    assert bool(machine.ran) is runs


async def test_measuring_again_may_take_it_over_its_time(store: Store) -> None:
    clock, machine = Clock(), Machine()
    follows(store, clock)

    async def slow(planned: Plan) -> Any:
        clock.passed += 2
        return await machine.measure(planned)

    executor = Executor(means(store, machine, clock=clock, measure=slow))
    await executor.propose(ONE)
    clock.passed = 1799
    await executor.review(ONE.id, review(ONE, at=clock()), APPROVERS)
    assert await executor.carry(ONE.id)
    assert (await store.plans.state(ONE.id), machine.ran) == (State.EXPIRED, [])
