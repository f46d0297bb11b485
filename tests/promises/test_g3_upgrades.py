"""G3: an upgrade keeps open plans, and an older postmedic refuses a newer database without changing it."""

from __future__ import annotations

import pytest

from bot.errors import StoreUnavailable
from bot.execution.answers import Said
from bot.execution.executor import Executor
from bot.model.execution import State
from bot.store import migrations
from tests.support.plans import APPROVERS, Machine, hangs, means, plan, review
from tests.support.stores import opened


async def test_open_plans_outlive_an_upgrade_and_a_refused_way_back(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    newest = (*migrations.MIGRATIONS, ("CREATE TABLE later (name TEXT PRIMARY KEY)",))  # what the next version may add
    before = {"waits": State.PROPOSED, "ready": State.APPROVED, "doubt": State.IN_DOUBT}
    monkeypatch.setattr(migrations, "MIGRATIONS", newest[:-1])
    async with opened(database) as store:
        executor = Executor(means(store, Machine(behave={"service-start": hangs})))
        for name in before:
            one = plan(name, host=name)
            await executor.propose(one)
            if name != "waits":
                await executor.review(name, review(one), APPROVERS)
        await executor.carry("doubt")
        known = {name: await store.plans.progress(name) for name in before}
        assert {name: progress.state for name, progress in known.items()} == before
        head = await store.events.head()

    monkeypatch.setattr(migrations, "MIGRATIONS", newest)
    async with opened(database) as store:
        assert {name: await store.plans.progress(name) for name in before} == known

    monkeypatch.setattr(migrations, "MIGRATIONS", newest[:-1])
    with pytest.raises(StoreUnavailable, match="a newer postmedic has used it"):
        async with opened(database):
            pass

    monkeypatch.setattr(migrations, "MIGRATIONS", newest)
    async with opened(database) as store:
        assert {name: await store.plans.progress(name) for name in before} == known
        assert (await store.events.head(), await store.events.verify()) == (head, None)
        executor = Executor(means(store, Machine()))
        waits = known["waits"].plan
        assert (await executor.review("waits", review(waits), APPROVERS)).said is Said.APPROVED
        for name in ("waits", "ready"):
            assert await Executor(means(store, Machine())).carry(name)
            assert await store.plans.state(name) is State.SUCCEEDED
        assert await store.plans.state("doubt") is State.IN_DOUBT
