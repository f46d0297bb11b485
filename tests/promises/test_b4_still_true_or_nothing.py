"""B4: what was true at the diagnosis is still true at the first step, or nothing happens: for every condition of every fix."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import assert_never

import pytest

from bot.execution.executor import Executor
from bot.execution.means import Pace
from bot.facts.base import FACTS
from bot.facts.boot import BOOT, BOOT_ID
from bot.knowledge.cases import cases
from bot.knowledge.conditions import from_canonical
from bot.model.condition import All, Any, Condition, In, Is, Not, Truth, paths
from bot.model.diagnosis import Diagnosis
from bot.model.enrolment import Enrolment
from bot.model.execution import FINAL, State
from bot.model.fact import Reason, Unknown
from bot.model.plan import Plan
from bot.model.probe import Reading
from bot.model.progress import Stage, Why
from bot.model.text import LANGS
from bot.render.plan_card import plan_card
from bot.store.store import Store
from tests.support.fixes import LIBRARY, Mended, Recorded, carried, mended, offered, readings
from tests.support.plans import APPROVERS, BOOTED, Machine, means, plan, review
from tests.support.stores import altered, opened

Over = dict[str, object]
FIXES = {one.name: one for one in mended()}


def breaking(condition: Condition) -> Iterator[Over]:
    """Every smallest change of facts that makes a true condition false."""
    match condition:
        case Is(path=path, literal=literal):
            yield {path: not literal if isinstance(literal, bool) else f"not {literal}"}
        case In(path=path):
            yield {path: "none of them"}
        case Not(part=part):
            yield making(part)
        case All(parts=parts):
            for part in parts:
                yield from breaking(part)
        case Any(parts=parts):
            yield {path: value for part in parts for path, value in next(breaking(part)).items()}
        case _:
            assert_never(condition)


def making(condition: Condition) -> Over:
    """Facts that make a condition true."""
    match condition:
        case Is(path=path, literal=literal):
            return {path: literal}
        case In(path=path, literals=literals):
            return {path: literals[0]}
        case Not(part=part):
            return next(breaking(part))
        case All(parts=parts):
            return {path: value for part in parts for path, value in making(part).items()}
        case Any(parts=parts):
            return making(parts[0])
        case _:
            assert_never(condition)


@pytest.fixture
async def store(tmp_path: Path) -> Store:
    return await Store.open(str(tmp_path / "postmedic.db"))


def test_every_fix_is_tried() -> None:
    assert {(one.plan.problem, one.plan.fix) for one in mended()} == set(offered())


@pytest.mark.parametrize("name", FIXES)
async def test_a_condition_that_is_no_longer_true_stops_the_fix(store: Store, name: str) -> None:
    mend = FIXES[name]
    tried = 0
    for number, text in enumerate(mend.plan.before[:-1]):  # the last, the boot, has tests of its own
        for change, over in enumerate(breaking(from_canonical(text))):
            recorded = Recorded(readings=readings(mend.case), over=over)
            progress = await carried(store, recorded, replace(mend.plan, id=f"p{number}-{change}"))
            assert progress.state is State.STALE, over
            assert progress.why in (Why.BEFORE_CHANGED, Why.RESTARTED)
            assert (recorded.sent, progress.steps) == ([], ())
            found = progress.measured(Stage.BEFORE)
            assert found is not None
            assert Truth.FALSE in {check.truth for check in found.checks if check.condition == text}
            tried += 1
    assert tried >= len(mend.plan.before) - 1
    await store.close()


@pytest.mark.parametrize("name", FIXES)
async def test_a_condition_that_can_no_longer_be_measured_stops_the_fix(store: Store, name: str) -> None:
    mend = FIXES[name]
    for number, text in enumerate(mend.plan.before[:-1]):  # the last, the boot, has tests of its own
        lost = Unknown(reason=Reason.TIMED_OUT, detail="the probe did not end in time")
        recorded = Recorded(readings=readings(mend.case), over=dict.fromkeys(paths(from_canonical(text)), lost))
        progress = await carried(store, recorded, replace(mend.plan, id=f"p{number}"))
        assert (progress.state, progress.why) == (State.STALE, Why.BEFORE_UNKNOWN)
        assert recorded.sent == []
    await store.close()


def elsewhere(mend: Mended) -> Iterator[dict[str, Reading]]:
    """The same host in the recorded states of this problem in which everything is well."""
    for case in cases(LIBRARY.folders[mend.plan.problem]):
        if not case.confirmed and not case.unmeasured:
            yield readings(case)


@pytest.mark.parametrize("name", FIXES)
async def test_a_host_that_was_mended_by_hand_meanwhile_is_left_alone(store: Store, name: str) -> None:
    """That a host which did not change is mended, and the rest does not pass because nothing begins, stands with B5."""
    mend = FIXES[name]
    states = list(elsewhere(mend))
    assert states
    for number, state in enumerate(states):
        recorded = Recorded(readings=state)
        progress = await carried(store, recorded, replace(mend.plan, id=f"p{number}", within=0))
        assert progress.state is State.STALE
        assert recorded.sent == []
    await store.close()


class Changing(Machine):
    """A host that somebody mends by hand while it is asked which programs it has, which may take it minutes."""

    async def enrolment(self) -> Enrolment | None:
        self.facts["loopback.state"] = "up"
        return await super().enrolment()


async def test_nothing_else_is_asked_between_the_last_measurement_and_the_step(store: Store) -> None:
    machine, one = Changing(), plan()
    executor = Executor(means(store, machine))
    await executor.propose(one)
    await executor.review(one.id, review(one), APPROVERS)
    assert await executor.carry(one.id)
    progress = await store.plans.progress(one.id)
    assert (progress.state, progress.why, machine.ran) == (State.STALE, Why.BEFORE_CHANGED, [])
    await store.close()


class Slow(Machine):
    """A host that is measured twice, each time for as long as its gate is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.gates = (asyncio.Event(), asyncio.Event()), (asyncio.Event(), asyncio.Event())

    async def measure(self, plan: Plan) -> Diagnosis:
        found = await super().measure(plan)
        self.reached[self.measured - 1].set()
        await self.gates[self.measured - 1].wait()
        return found


async def test_a_bot_that_stood_still_after_measuring_measures_again(database: str) -> None:
    """As on a suspended machine: nobody took over, so the bot finds its own plan left."""
    machine, one = Slow(), plan()
    async with opened(database) as store, asyncio.timeout(60):
        executor = Executor(means(store, machine, pace=Pace(measure=60)))
        await executor.propose(one)
        await executor.review(one.id, review(one), APPROVERS)
        serving = asyncio.create_task(executor.run())
        await machine.reached[0].wait()
        await altered(store, "UPDATE plans SET lease_until = 1")
        machine.facts["loopback.state"] = "up"  # somebody has mended it meanwhile
        await executor.recover()
        again = asyncio.create_task(executor.carry(one.id))
        await asyncio.sleep(0.2)
        machine.gates[0].set()
        await machine.reached[1].wait()
        await again
        assert machine.ran == []
        machine.gates[1].set()
        while await store.plans.state(one.id) not in FINAL:
            await asyncio.sleep(0.02)
        executor.stop()
        await serving
        progress = await store.plans.progress(one.id)
        assert (progress.state, progress.why, machine.ran) == (State.STALE, Why.BEFORE_CHANGED, [])


# --- the host was restarted -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "stdout",
    [
        b"00000000-0410-4214-b672-ba8c65927564 8\n",  # another boot of the kernel
        BOOTED.stdout.replace(b" 8\n", b" 812345\n"),  # a container that was started again under the same kernel
    ],
)
@pytest.mark.parametrize("name", list(FIXES)[::9])
async def test_a_restarted_host_is_another_one(store: Store, name: str, stdout: bytes) -> None:
    mend = FIXES[name]
    recorded = Recorded(readings={**readings(mend.case), BOOTED.key: replace(BOOTED, stdout=stdout)})
    progress = await carried(store, recorded, mend.plan)
    assert (progress.state, progress.why, recorded.sent) == (State.STALE, Why.RESTARTED, [])
    for lang, says in zip(LANGS, ("restarted", "重启"), strict=True):
        assert says in plan_card(progress, None, APPROVERS, lang).text
    await store.close()


async def test_a_host_that_does_not_say_which_boot_it_is_gets_no_plan_and_no_step(store: Store) -> None:
    mend = next(iter(FIXES.values()))
    for silent in (replace(BOOTED, exit=127), replace(BOOTED, stdout=b""), replace(BOOTED, exit=None)):
        recorded = Recorded(readings={**readings(mend.case), BOOTED.key: silent})
        progress = await carried(store, recorded, replace(mend.plan, id=f"p{silent.exit}{len(silent.stdout)}"))
        assert (progress.state, progress.why, recorded.sent) == (State.STALE, Why.BEFORE_UNKNOWN, [])
    await store.close()


def test_every_plan_is_bound_to_the_boot() -> None:
    boot = FACTS["boot-id"].parse(BOOTED)
    assert isinstance(boot, str)
    for one in mended():
        assert Is(path=BOOT.path, literal=boot) in [from_canonical(text) for text in one.plan.before]
        assert one.plan.digest != replace(one.plan, before=one.plan.before[:-1]).digest


@pytest.mark.parametrize(
    "stdout",
    [b"", b"x\n", b"daef2d8b-0410-4214-b672-ba8c65927564\n", b"daef2d8b-0410-4214-b672-ba8c65927564 \n", BOOTED.stdout * 2],
)
def test_a_boot_of_another_form_is_unknown(stdout: bytes) -> None:
    found = FACTS["boot-id"].parse(Reading(key=BOOT_ID.name, exit=0, stdout=stdout))
    assert isinstance(found, Unknown)
