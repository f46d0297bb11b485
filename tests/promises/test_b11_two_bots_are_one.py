"""B11: two bot processes on one database act as one: one answers, either acts, and what a killed one left the other ends.

The same holds for a thousand clicks before two processes (tests/drills/test_clicks.py) and two dying at once (B1).
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bot.cli.demo import _inventory
from bot.execution.enrolment import answer
from bot.execution.executor import Executor
from bot.execution.means import Pace
from bot.model.execution import FINAL, State, StepResult
from bot.model.plan import Step
from bot.model.progress import Why
from bot.sandbox.hosts import SampleHost, SampleHosts, load_scenes
from bot.sandbox.slack import Workspace, serve
from bot.sandbox.slack.identity import Identity
from bot.sandbox.slack.seed import MAIL_OPS
from bot.store.plans import Orphan
from bot.store.store import Store
from tests.e2e.test_story_fix import is_card, shows
from tests.soak.chaos import _overlaps, chaos
from tests.support.house import MANIFEST
from tests.support.plans import APPROVERS, Machine, means, plan, review
from tests.support.processes import begun, bot_process
from tests.support.slack_person import Person
from tests.support.stores import altered, opened

PATIENCE = 60.0


async def test_two_serve_one_workspace_and_one_replaces_the_other(database: str, tmp_path: Path) -> None:
    # Measuring takes longer than a bot's pause between two looks for work, so that both look meanwhile.
    hosts = [SampleHost(scene, latency=0.2, step_seconds=1.5, enrolment=answer()) for scene in load_scenes()]
    first_host, second_host = hosts[0], hosts[1]
    async with SampleHosts(hosts, tmp_path) as listening, serve(Workspace(MANIFEST)) as running, opened(database) as store:
        inventory, log = _inventory(tmp_path, listening.addresses, Identity().team_id), tmp_path / "bots.log"
        ana, ben = Person(running, "U0ANA"), Person(running, "U0BEN")
        samples = {scene.host: scene.sample for scene in load_scenes() if scene.sample}
        with bot_process(running, inventory, database, log) as one:
            with bot_process(running, inventory, database, log) as two:
                await asyncio.to_thread(begun, one)
                await asyncio.to_thread(begun, two)
                ts = await ana.says(MAIL_OPS, samples["host01"]["text"])
                card = await ana.waits_for(is_card, thread=ts, timeout=PATIENCE)
                assert await ben.clicks(card, "approve") == ""
                await ana.waits_for(shows("Healed"), thread=ts, timeout=PATIENCE)
                await asyncio.sleep(2)
                assert len(await ana.reads(thread=ts)) == 3  # the paste, one answer, one card
                assert first_host.effects == ["loopback-up", "service-restart postfix"]
                async with store._database.reading() as connection:
                    tried = (await connection.exec_driver_sql("SELECT attempts FROM inbox")).scalars().all()
                assert set(tried) == {1}  # nobody took what another one was handling
                two.kill()
                await asyncio.to_thread(two.wait)
            ts = await ana.says(MAIL_OPS, samples["host02"]["text"])
            card = await ana.waits_for(is_card, thread=ts, timeout=PATIENCE)
            await ben.clicks(card, "approve")
            async with asyncio.timeout(PATIENCE):
                while len(second_host._journal) < 2:  # its last step is running
                    await asyncio.sleep(0.02)
            with bot_process(running, inventory, database, log) as three:
                one.kill()
                await asyncio.to_thread(one.wait)
                await asyncio.to_thread(begun, three)
                await ana.waits_for(shows("Healed"), thread=ts, timeout=PATIENCE)
                assert second_host.effects == ["destination-add host02.example.com", "service-reload postfix"]
                assert len(await ana.reads(thread=ts)) == 3
                assert {await store.plans.state(plan) for plan in await store.plans.listed(list(State))} <= FINAL
                events = [event async for event in store.events.read()]
                carriers = {event.actor for event in events if event.kind.startswith("step.") and event.actor != "postmedic"}
                assert len(carriers) >= 2  # who began the last step is not who ended it
                assert await store.events.verify() is None


class Paused(Machine):
    """A host whose steps wait at a gate."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.open = asyncio.Event(), asyncio.Event()

    async def run(self, execution: str, index: int, step: Step) -> StepResult:
        self.reached.set()
        await self.open.wait()
        return await super().run(execution, index, step)


async def carried(store: Store, machine: Machine) -> asyncio.Task[bool]:
    """A bot begins with a plan that was approved."""
    pace = Pace(poll=0.01, step=60, journal=0.05, measure=5)
    one, asked = Executor(means(store, machine, owner="one", pace=pace)), plan()
    await one.propose(asked)
    await one.review(asked.id, review(asked), APPROVERS)
    return asyncio.create_task(one.carry(asked.id))


async def happened(event: asyncio.Event) -> None:
    async with asyncio.timeout(60):
        await event.wait()


async def lease(store: Store) -> float:
    async with store._database.reading() as connection:
        return float((await connection.exec_driver_sql("SELECT lease_until FROM plans")).scalar_one())


async def test_what_a_living_bot_carries_is_left_to_it(database: str) -> None:
    machine = Paused()
    async with opened(database) as here, opened(database) as there:
        carrying = await carried(here, machine)
        await happened(machine.reached)
        two = Executor(means(there, machine, owner="two"))
        for _ in range(5):
            await two.recover()
        # It was taken for left, and has said since that it lives.
        assert await there.plans.adopt(Orphan(plan_id="plan-1", state=State.APPLYING), "two") is None
        assert not await two.carry("plan-1")
        machine.open.set()
        assert await carrying
        assert not await two.carry("plan-1")
        assert await there.plans.state("plan-1") is State.SUCCEEDED
        assert {event.actor async for event in there.events.read() if event.kind.startswith("step.")} == {"one"}


async def test_a_living_bot_says_so_however_long_a_step_takes(database: str) -> None:
    machine = Paused()
    async with opened(database, lease_seconds=6) as store:
        carrying = await carried(store, machine)
        await happened(machine.reached)
        before = await lease(store)
        async with asyncio.timeout(60):
            while await lease(store) <= before:
                await asyncio.sleep(0.05)
        machine.open.set()
        assert await carrying


async def test_a_bot_that_goes_on_after_a_long_silence_sends_nothing_more(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Machine()
    silent, wakes = asyncio.Event(), asyncio.Event()
    async with opened(database) as here, opened(database) as there:
        begin_step = here.plans.begin_step

        async def begins_late(*about: Any) -> bool:
            silent.set()  # between two steps
            await wakes.wait()
            return await begin_step(*about)

        monkeypatch.setattr(here.plans, "begin_step", begins_late)
        carrying = await carried(here, machine)
        await happened(silent)
        await altered(there, "UPDATE plans SET lease_until = 1")
        two = Executor(means(there, machine, owner="two"))
        await two.recover()
        await two.settle()
        ended = await there.plans.progress("plan-1")
        assert (ended.state, ended.why) == (State.IN_DOUBT, Why.STOPPED_MIDWAY)
        wakes.set()
        assert await carrying
        assert [index for _, index, _ in machine.ran] == [0]
        assert await there.plans.progress("plan-1") == ended
        assert await there.events.verify() is None


async def test_a_step_whose_bot_stood_still_on_its_way_to_the_host_is_not_sent(database: str) -> None:
    """As on a suspended machine, which wakes with its connection still open."""

    class Suspended(Machine):
        async def run(self, execution: str, index: int, step: Step) -> StepResult:
            await altered(there, "UPDATE plans SET lease_until = 1")
            await two.recover()
            await two.settle()
            assert await there.plans.state(execution) is State.IN_DOUBT
            await here.plans.may_send(execution, "one")  # what the way to the host asks when it stands
            return await super().run(execution, index, step)

    machine = Suspended()
    async with opened(database) as here, opened(database) as there:
        two = Executor(means(there, machine, owner="two"))
        assert await (await carried(here, machine))
        assert machine.ran == []
        assert await there.plans.state("plan-1") is State.IN_DOUBT
        assert await there.events.verify() is None


async def test_a_step_whose_bot_was_silent_too_long_is_not_sent_though_nobody_took_over(database: str) -> None:
    class Suspended(Machine):
        async def run(self, execution: str, index: int, step: Step) -> StepResult:
            await altered(store, "UPDATE plans SET lease_until = 1")
            await store.plans.renew("one", [execution])  # the first that a process does when it wakes
            await store.plans.may_send(execution, "one")
            return await super().run(execution, index, step)

    machine = Suspended()
    async with opened(database) as store:
        assert await (await carried(store, machine))
        progress = await store.plans.progress("plan-1")
        assert (progress.state, progress.why, progress.steps, machine.ran) == (State.FAILED, Why.NOT_SENT, (), [])
        assert "stood still" in progress.detail


async def test_random_kills_of_two_replicas_break_nothing(database: str, tmp_path: Path) -> None:
    outcome = await chaos(database, tmp_path, seconds=6)
    assert outcome.good, outcome
    assert outcome.kills > 0
    assert outcome.states[State.SUCCEEDED] > 0


async def test_the_judge_of_such_a_run_sees_what_would_be_wrong() -> None:
    fine = [["begin", "a", "0", "mx1"], ["end", "a", "0", "mx1"], ["begin", "b", "0", "mx1"], ["begin", "c", "0", "mx2"]]
    assert _overlaps(fine) == 0
    assert _overlaps([*fine, ["begin", "d", "0", "mx1"]]) == 1
