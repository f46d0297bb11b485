"""A freeze stops everything that was not yet sent within a second, survives kill -9, and is lifted without Slack."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from bot.__main__ import main
from bot.config import PSEUDONYMS
from bot.errors import Frozen
from bot.execution.executor import Executor
from bot.model.event import Event
from bot.model.execution import State, StepResult
from bot.model.gate import Caps, Freeze, Waits
from bot.model.progress import Why
from bot.render.discretion import Discretion
from bot.sandbox.slack.seed import MAIL_OPS
from bot.store import gate
from bot.store.store import Store
from tests.drills.machine import FileMachine, append, lines
from tests.e2e.test_story_fix import proposed, shows
from tests.support.house import LOG_LINE, at_home
from tests.support.plans import APPROVERS, Machine, fails, means, plan, review, step
from tests.support.stores import follows, opened

QUEUED = 50
WIDE = Caps(host=100, fleet=1000)


# --- fifty queued plans and a process that is killed ----------------------------------------------------------------------


class Crowded(FileMachine):
    """Fifty hosts in one folder; each step takes a while, and each says which plan it belongs to."""

    async def run(self, execution: str, index: int, step: object) -> StepResult:
        append(Path(self._folder) / "sent", f"{execution} {index}")
        await asyncio.sleep(0.05)
        return StepResult(exit=0)


def serve(where: str) -> None:
    asyncio.run(_serve(Path(where)))


async def _serve(folder: Path) -> None:
    store = await Store.open(str(folder / "postmedic.db"), lease_seconds=1.0, caps=WIDE)
    append(folder / "serving", str(os.getpid()))
    await Executor(means(store, Crowded(folder, lambda: None), owner=f"process-{os.getpid()}")).run()


async def queued(folder: Path) -> Store:
    store = await Store.open(str(folder / "postmedic.db"), lease_seconds=1.0, caps=WIDE)
    executor = Executor(means(store, Machine()))
    for number in range(QUEUED):
        one = plan(f"plan-{number}", host=f"mx{number}", steps=tuple(step("wait") for _ in range(20)), undo=())
        await executor.propose(one)
        await executor.review(one.id, review(one), APPROVERS)
    return store


def noted(folder: Path) -> set[str]:
    """The steps that may be on a host."""
    with sqlite3.connect(folder / "postmedic.db") as connection:
        return {f"{plan} {number}" for plan, number in connection.execute("SELECT plan, number FROM steps")}


async def seen(folder: Path, name: str, count: int) -> None:
    async with asyncio.timeout(60):
        while len(lines(folder / name)) < count:
            await asyncio.sleep(0.01)


async def test_a_freeze_amid_fifty_plans_stops_them_and_survives_kill_9(tmp_path: Path) -> None:
    store = await queued(tmp_path)
    context = multiprocessing.get_context("forkserver")
    first = context.Process(target=serve, args=(str(tmp_path),))
    first.start()
    await seen(tmp_path, "sent", 20)
    await store.gate.freeze("U0DORA", "it looks wrong")
    begun = noted(tmp_path)  # on any later look nothing may be added: at the moment the freeze is laid, everything stops
    await asyncio.sleep(2)
    sent = lines(tmp_path / "sent")
    assert noted(tmp_path) == begun
    assert set(sent) <= begun
    assert len(begun) < QUEUED * 20
    assert first.pid is not None
    os.kill(first.pid, signal.SIGKILL)
    await asyncio.to_thread(first.join, 30)
    second = context.Process(target=serve, args=(str(tmp_path),))
    second.start()
    await seen(tmp_path, "serving", 2)
    await asyncio.sleep(2)
    assert (lines(tmp_path / "sent"), noted(tmp_path)) == (sent, begun)
    waiting = await store.plans.listed([State.APPROVED])
    assert {(await store.plans.progress(id)).waits for id in waiting} <= {Waits.FROZEN}
    for id in await store.plans.listed([State.FAILED]):
        assert (await store.plans.progress(id)).why is Why.FROZEN
    os.kill(second.pid or 0, signal.SIGKILL)
    await asyncio.to_thread(second.join, 30)
    await store.close()


async def test_queued_before_anything_runs_none_starts_until_it_is_lifted(tmp_path: Path) -> None:
    store = await queued(tmp_path)
    await store.gate.freeze("U0DORA", "")
    executor = Executor(means(store, Crowded(tmp_path, lambda: None)))
    running = asyncio.create_task(executor.run())
    await asyncio.sleep(2.5)
    assert lines(tmp_path / "sent") == []
    assert not any([await executor.carry(f"plan-{number}") for number in range(QUEUED)])
    assert len(await store.plans.listed([State.APPROVED])) == QUEUED
    assert await store.gate.unfreeze("local:root")
    await seen(tmp_path, "sent", QUEUED)
    executor.stop()
    await store.gate.freeze("local:root", "the test is over")
    await running
    await store.close()


# --- where exactly it stops -----------------------------------------------------------------------------------------------


async def carried(store: Store, machine: Machine, **other: object) -> None:
    executor = Executor(means(store, machine, **other))
    one = plan()
    await executor.propose(one)
    await executor.review(one.id, review(one), APPROVERS)
    assert await executor.carry(one.id)


async def test_while_before_is_measured_it_goes_back_into_the_queue(store: Store) -> None:
    machine = Machine()

    async def freezes(planned: object) -> object:
        await store.gate.freeze("U0DORA", "")
        return await machine.measure(planned)  # type: ignore[arg-type]

    await carried(store, machine, measure=freezes)
    progress = await store.plans.progress("plan-1")
    assert (progress.state, progress.waits, progress.steps, machine.ran) == (State.APPROVED, Waits.FROZEN, (), [])


@pytest.mark.parametrize("undo", [True, False])
async def test_between_two_steps_the_second_is_never_sent_and_nothing_is_taken_back(store: Store, undo: bool) -> None:
    frozen = asyncio.Event()

    class Freezing(Machine):
        async def run(self, execution: str, index: int, step: object) -> StepResult:
            result = await super().run(execution, index, step)  # type: ignore[arg-type]
            await store.gate.freeze("U0DORA", "wrong host")
            frozen.set()
            return result

    machine = Freezing(behave={"loopback-up": fails} if undo else {})
    await carried(store, machine)
    progress = await store.plans.progress("plan-1")
    assert frozen.is_set()
    assert (progress.state, progress.why, len(machine.ran)) == (State.FAILED, Why.FROZEN, 1)
    assert "wrong host" in progress.detail


async def test_between_two_steps_of_an_undo_too(store: Store) -> None:
    class Freezing(Machine):
        async def run(self, execution: str, index: int, step: object) -> StepResult:
            result = await super().run(execution, index, step)  # type: ignore[arg-type]
            if index == 2:
                await store.gate.freeze("U0DORA", "")
            return result

    machine = Freezing(behave={"service-start": fails})
    executor = Executor(means(store, machine))
    one = plan(undo=(step("loopback-down"), step("restore")))
    await executor.propose(one)
    await executor.review(one.id, review(one), APPROVERS)
    assert await executor.carry(one.id)
    progress = await store.plans.progress(one.id)
    assert (progress.state, progress.why) == (State.FAILED, Why.FROZEN)
    assert [wire for _, _, wire in machine.ran] == ["loopback-up", "service-start postfix", "loopback-down"]


async def test_it_is_asked_in_the_transaction_that_notes_the_step(store: Store) -> None:
    executor = Executor(means(store, Machine()))
    one = plan()
    await executor.propose(one)
    await executor.review(one.id, review(one), APPROVERS)
    assert await store.plans.claim(one.id, "me", one.created_at)
    await store.gate.freeze("U0DORA", "stop")
    with pytest.raises(Frozen, match="stop"):
        await store.plans.move(one.id, State.CHECKING, State.APPLYING, owner="me", begins=(0, one.steps[0]))
    progress = await store.plans.progress(one.id)
    assert (progress.state, progress.steps) == (State.CHECKING, ())


async def test_while_a_host_is_being_reached_its_step_is_not_sent(store: Store) -> None:
    """Reaching a host may take ten seconds; the way there asks again when it stands."""

    class Slow(Machine):
        async def run(self, execution: str, index: int, step: object) -> StepResult:
            await store.gate.freeze("U0DORA", "")
            await store.plans.may_send(execution, "worker-1")
            return await super().run(execution, index, step)  # type: ignore[arg-type]

    machine = Slow()
    await carried(store, machine)
    progress = await store.plans.progress("plan-1")
    assert (progress.state, progress.why, progress.steps, machine.ran) == (State.FAILED, Why.FROZEN, (), [])


async def test_asking_while_a_freeze_is_being_laid_leaves_no_doubt(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    laying, lies = asyncio.Event(), asyncio.Event()
    append = gate.events.append

    async def appends_late(*about: Any, **more: Any) -> Event:
        laying.set()  # the freeze is there, and not yet for everybody
        await lies.wait()
        return await append(*about, **more)

    class Slow(Machine):
        async def run(self, execution: str, index: int, step: Any) -> StepResult:
            monkeypatch.setattr(gate.events, "append", appends_late)
            freezing.append(asyncio.create_task(other.gate.freeze("U0DORA", "")))
            await laying.wait()
            asking = asyncio.create_task(store.plans.may_send(execution, "worker-1"))
            await asyncio.wait({asking}, timeout=1)
            lies.set()
            await freezing[0]
            await asking
            await store.plans.may_send(execution, "worker-1")
            return await super().run(execution, index, step)

    machine, freezing = Slow(), list[asyncio.Task[Freeze]]()
    async with opened(database) as store, opened(database) as other:
        await carried(store, machine)
        progress = await store.plans.progress("plan-1")
        assert (progress.state, progress.why, progress.steps, machine.ran) == (State.FAILED, Why.FROZEN, (), [])


async def test_a_frozen_plan_still_expires(store: Store) -> None:
    now = time.time()
    follows(store, lambda: now)
    executor = Executor(means(store, Machine(), clock=lambda: now))
    one = plan()
    await executor.propose(one)
    await executor.review(one.id, review(one), APPROVERS)
    await store.gate.freeze("U0DORA", "")
    now = one.expires_at + 1
    await executor.recover()
    assert await store.plans.state(one.id) is State.EXPIRED


async def test_the_card_keeps_a_head_of_the_record_when_everything_is_frozen_and_let_go(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        await proposed(house)
        for change in (house.store.gate.freeze("U0DORA", "why"), house.store.gate.unfreeze("local:ben")):
            assert await change
            await house.quiet()
            head = await house.store.events.head()
            assert head.token in str(house.calls("chat.update")[-1]["arguments"]["metadata"])


@pytest.mark.parametrize("mentioned", [False, True])
async def test_a_secret_in_the_reason_is_masked_before_it_is_kept(tmp_path: Path, mentioned: bool) -> None:
    async with at_home(tmp_path) as house:
        if mentioned:
            await house.ana.says(MAIL_OPS, "@postmedic freeze password=hunter2")
        else:
            await house.ana.command("/postfix freeze password=hunter2")
        await house.quiet()
        found = await house.store.gate.frozen()
        assert found is not None
        assert "<masked>" in found.reason
        assert "hunter2" not in found.reason


# --- who freezes, who lifts, who sees -------------------------------------------------------------------------------------


async def test_in_slack_anybody_of_the_workspace_may_freeze_and_everybody_sees_it(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        ts, card = await proposed(house)
        dora = house.person("U0DORA")  # no approver of anything
        assert await dora.command("/postfix freeze something looks <!channel> wrong") == ""
        told = await house.ana.waits_for(shows("Everything is frozen"))
        assert "<!channel>" not in str(told)
        assert "<@U0DORA>" in str(told["blocks"])
        await house.ana.waits_for(shows("Everything is frozen"), thread=ts)  # the card
        await house.ben.clicks(card, "approve")
        await house.ana.waits_for(shows("Waits: everything is frozen"), thread=ts)
        await house.ana.command("/postfix hosts")
        await house.ana.waits_for(lambda m: m.get("ephemeral") and "Everything is frozen" in str(m))
        await house.ana.opens_home()
        assert "Everything is frozen" in str((await house.ana.waits_for_home())["blocks"])
        await house.ana.command("/postfix unfreeze")
        await house.ana.waits_for(shows("postmedic unfreeze"))
        await house.quiet()
        assert house.fleet.ran == []
        assert await house.store.gate.unfreeze("local:root")
        await house.ana.waits_for(shows("Healed"), thread=ts)
        told_by = [(e.kind, e.actor) async for e in house.store.events.read() if e.kind.startswith("gate.")]
        assert told_by == [("gate.frozen", "U0DORA"), ("gate.unfrozen", "local:root")]


@pytest.mark.parametrize("by_command", [False, True])
async def test_neither_a_freeze_nor_a_decision_waits_behind_pastes_about_hosts_that_hang(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_command: bool
) -> None:
    monkeypatch.setattr("handlers.worker.AT_ONCE", 2)
    async with at_home(tmp_path) as house:
        ts, card = await proposed(house)
        await house.quiet()
        house.fleet.slow.clear()
        pastes = [await house.ana.says(MAIL_OPS, LOG_LINE) for _ in range(2)]
        for paste in pastes:
            await house.ana.waits_for(shows("Connecting to"), thread=paste, timeout=60)
        for _ in range(3):
            await house.ana.says(MAIL_OPS, LOG_LINE)  # these wait for a place
        if by_command:
            order = await house.ana.command("/postfix freeze it eats mail")
        else:
            order = await house.ana.says(MAIL_OPS, "@postmedic freeze it eats mail")
        async with asyncio.timeout(30):
            while not await house.store.gate.frozen():
                await asyncio.sleep(0.02)
        await house.ben.clicks(card, "approve")
        await house.ana.waits_for(shows("Waits: everything is frozen"), thread=ts, timeout=30)
        begun = [call for call in house.calls("chat.postMessage") if call["arguments"].get("thread_ts") not in (None, ts)]
        assert {call["arguments"]["thread_ts"] for call in begun} <= {*pastes, order}  # the other pastes wait


async def test_a_mention_freezes_in_a_thread_in_chinese_too(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        ts = await house.ana.says(MAIL_OPS, "@postmedic 冻结 请停止")
        await house.ana.waits_for(shows("Everything is frozen"), thread=ts)
        assert await house.store.gate.frozen() is not None


async def test_guests_cannot_freeze_and_it_is_written_down(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        await house.person("U0GUS").command("/postfix freeze")
        await house.person("U0GUS").waits_for(shows("cannot freeze"))
        assert await house.store.gate.frozen() is None
        assert [e.actor async for e in house.store.events.read() if e.kind == "gate.freeze-refused"] == ["U0GUS"]


async def test_when_slack_cannot_say_who_it_is_stopping_is_the_safe_side(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        await house.fault("slow", count=1000, seconds=20, method="users.info")
        asked = time.monotonic()
        await house.ana.command("/postfix freeze")
        async with asyncio.timeout(60):
            while await house.store.gate.frozen() is None:
                await asyncio.sleep(0.05)
        assert time.monotonic() - asked < 10
        await house.fault("none")


async def test_the_command_line_lays_and_lifts_it_without_slack(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_USER", "anne")
    (tmp_path / "postmedic.toml").touch(mode=0o600)
    call = ["--settings", str(tmp_path / "postmedic.toml")]
    assert await asyncio.to_thread(main, ["freeze", *call, "wrong", "host"]) == 0
    assert await asyncio.to_thread(main, ["freeze", *call, "again"]) == 0
    found = await store.gate.frozen()
    assert found is not None
    assert (found.actor, found.reason) == ("local:anne", "wrong host")
    assert await asyncio.to_thread(main, ["unfreeze", *call]) == 0
    assert await store.gate.frozen() is None
    assert await asyncio.to_thread(main, ["unfreeze", *call]) == 0
    assert "nothing was frozen" in capsys.readouterr().out
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/postmedic.toml").touch(mode=0o600)
    assert await asyncio.to_thread(main, ["freeze", "--settings", str(tmp_path / "elsewhere/postmedic.toml")]) == 2
    assert not (tmp_path / "elsewhere/postmedic.db").exists(), "a freeze of a new database would stop nothing"


async def test_a_reason_on_the_command_line_is_masked_as_one_in_slack_is(store: Store, tmp_path: Path) -> None:
    reason = "anne@example.com sends spam with password=hunter2"
    in_slack = Discretion(key=await store.key(PSEUDONYMS))
    (tmp_path / "postmedic.toml").write_text('addresses = "pseudonyms"\n')
    assert await asyncio.to_thread(main, ["freeze", "--settings", str(tmp_path / "postmedic.toml"), reason]) == 0
    found = await store.gate.frozen()
    assert found is not None
    assert found.reason == in_slack(reason)
    assert "@example.com sends spam" in found.reason
    assert not [said for said in ("anne", "hunter2") if said in found.reason]
