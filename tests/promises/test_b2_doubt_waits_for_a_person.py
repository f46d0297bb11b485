"""B2: a fix in doubt is shown to a person with fresh facts, and nothing is sent again until that person has decided."""

from __future__ import annotations

from typing import Any

import pytest

from bot.execution.answers import Said
from bot.execution.executor import Executor
from bot.model.execution import State
from bot.model.progress import Stage, Why
from bot.model.text import LANGS
from bot.render.plan_card import plan_card
from tests.support.plans import ANNE, APPROVERS, BERT, Machine, drops_after, drops_before, hangs, means, plan, problem, review
from tests.support.stores import opened
from tests.unit.execution.test_executor import carried


@pytest.mark.parametrize(
    ("operation", "behaviour", "why"),
    [
        ("loopback-up", drops_after, Why.STOPPED_MIDWAY),  # ended well, but the next step was never sent
        ("service-start", drops_before, Why.NEVER_STARTED),
        ("service-start", hangs, Why.STILL_RUNNING),
    ],
)
async def test_in_doubt_nothing_is_sent_again_and_a_person_sees_fresh_facts(
    database: str, operation: str, behaviour: Any, why: Why
) -> None:
    async with opened(database) as store:
        machine = Machine(behave={operation: behaviour})
        progress = await carried(store, machine)
        assert (progress.state, progress.why) == (State.IN_DOUBT, why)
        facts = progress.measured(Stage.DOUBT)
        assert facts is not None
        assert len(facts.checks) == 2
        for lang in LANGS:
            card = str(plan_card(progress, problem(), APPROVERS, lang).blocks)
            assert "resolve_succeeded" in card
            assert "loopback.state" in card
            assert "'approve'" not in card
        sent = list(machine.ran)
        for number in range(5):
            executor = Executor(means(store, machine, owner=f"worker-{number}"))
            assert (await executor.review(progress.plan.id, review(progress.plan, BERT), APPROVERS)).said is Said.DECIDED
            assert not await executor.carry(progress.plan.id)
            await executor.recover()
            await executor.settle()
        assert machine.ran == sent
        assert await store.plans.ready() == ()
        assert await store.plans.state(progress.plan.id) is State.IN_DOUBT
        # The host stays closed for other plans as well, until a person has decided.
        other = plan("plan-2")
        await executor.propose(other)
        await executor.review(other.id, review(other), APPROVERS)
        assert not await executor.carry(other.id)
        assert (await executor.resolve(progress.plan.id, ANNE, APPROVERS, succeeded=False)).said is Said.RESOLVED
        assert await store.plans.state(progress.plan.id) is State.FAILED
        assert machine.ran == sent
