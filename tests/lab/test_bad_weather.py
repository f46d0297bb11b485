"""Hosts that are away, that are not who they were, and that are lost in the middle of a fix; a bot that is killed there.

What changes a host runs at most once, and is counted on the host itself: the restarts of Postfix, each made slow enough to
be met half-way.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.execution.answers import Said
from bot.execution.means import Pace
from bot.knowledge import library
from bot.model.execution import State
from bot.model.progress import Why
from bot.render.templates import say
from bot.store.store import Store
from tests.lab import Host, Lab
from tests.lab.enrolled import write_inventory
from tests.lab.office import (
    ANA,
    APPROVERS,
    answered,
    bot_at,
    card_of,
    card_says,
    decided,
    ended,
    proposed,
    shown,
    workspace,
)
from tests.lab.proving import BEN, HOSTS, PACE, Bench, approved, bench, broken, checked, diagnosed, healed, made_new
from tests.support.processes import begun, bot_process
from tests.support.slack_person import Person

PROBLEM = library.load()["startup-no-local-interface"]
CASE = next(case for case in PROBLEM.lab if case.id == "down")
RESTARTS = "/run/restarts"
SLOW = f"""
for unit in postfix@- postfix; do
    mkdir -p /etc/systemd/system/$unit.service.d
    printf "[Service]\\nExecStartPre=+/bin/sh -c \\"echo one >> {RESTARTS}; sleep 5\\"\\n" \\
        > /etc/systemd/system/$unit.service.d/slow.conf
done
: > {RESTARTS}
systemctl daemon-reload
"""
# Ends every sshd, the listening one and those of sessions, as an update gone wrong would; systemd starts it again.
END_SSHD = "kill -9 $(pgrep sshd)"


async def _halfway(on: Bench, host: Host) -> tuple[str, asyncio.Task[bool]]:
    """Begin a fix and give its plan's id and its task as soon as its restart of Postfix has begun."""
    plan_id = await _ready(on, host)
    carrying = asyncio.create_task(on.executor.carry(plan_id))
    await _restarting(host)
    return plan_id, carrying


async def _ready(on: Bench, host: Host) -> str:
    """Break the host, diagnose it and have its fix approved; restarts are slow and counted from here."""
    _, diagnosis = await diagnosed(on, host, PROBLEM, await broken(host, CASE))
    await asyncio.to_thread(host.run, SLOW, check=True)
    return await approved(on, host, diagnosis, CASE.cause)


async def _restarting(host: Host) -> None:
    deadline = time.monotonic() + 60
    while not _restarts(host):
        assert time.monotonic() < deadline, "the fix never restarted Postfix"
        await asyncio.sleep(0.1)


def _restarts(host: Host) -> int:
    return host.run(f"cat {RESTARTS}").out.count("one")


@pytest.mark.parametrize("name", HOSTS)
async def test_a_connection_lost_in_a_step_is_asked_about_and_nothing_runs_twice(
    enrolled: Lab, name: str, tmp_path: Path
) -> None:
    host = enrolled[name]
    try:
        async with bench(enrolled, tmp_path) as on:
            plan_id, carrying = await _halfway(on, host)
            await asyncio.to_thread(host.run, END_SSHD, check=True)
            await carrying
            progress = await on.store.plans.progress(plan_id)
            states = [event.kind async for event in on.store.events.read() if event.subject == plan_id]
            assert "plan.probing" in states, "the connection was not lost"
            assert progress.state is State.SUCCEEDED, progress
            assert _restarts(host) == 1
            assert await checked(host, CASE) == ""
    finally:
        made_new(enrolled, name)


@pytest.mark.parametrize("name", HOSTS)
async def test_a_host_lost_in_a_step_leaves_a_doubt_that_holds_it_until_a_person_decides(
    enrolled: Lab, name: str, tmp_path: Path
) -> None:
    host = enrolled[name]
    try:
        async with bench(enrolled, tmp_path, pace=Pace(poll=PACE.poll, journal=3.0)) as on:
            lost, carrying = await _halfway(on, host)
            await asyncio.to_thread(host.stop)
            await carrying
            progress = await on.store.plans.progress(lost)
            assert (progress.state, progress.why) == (State.IN_DOUBT, Why.JOURNAL_SILENT)
            assert await on.executor.carry(lost) is False

            await asyncio.to_thread(host.boot)
            _, diagnosis = await diagnosed(on, host, PROBLEM, await broken(host, CASE))
            second = await approved(on, host, diagnosis, CASE.cause)
            assert await on.executor.carry(second) is False, "the host was not held"
            approvers = on.engine.inventory.find(name).approvers
            answer = await on.executor.resolve(lost, BEN, approvers, succeeded=False)
            assert (answer.said, answer.state) == (Said.RESOLVED, State.FAILED)
            assert await on.executor.carry(second) is True
            assert (await on.store.plans.progress(second)).state is State.SUCCEEDED
            assert len((await on.store.plans.progress(lost)).steps) == 2, "nothing was sent again"
    finally:
        made_new(enrolled, name)


@pytest.mark.parametrize("name", HOSTS)
async def test_a_host_that_went_away_after_the_diagnosis_is_not_touched(enrolled: Lab, name: str, tmp_path: Path) -> None:
    host = enrolled[name]
    try:
        async with bench(enrolled, tmp_path) as on:
            plan_id = await _ready(on, host)
            await asyncio.to_thread(host.stop)
            await on.executor.carry(plan_id)
            progress = await on.store.plans.progress(plan_id)
            assert (progress.state, progress.why, progress.steps) == (State.STALE, Why.BEFORE_UNKNOWN, ())
            await asyncio.to_thread(host.boot)
            _, diagnosis = await diagnosed(on, host, PROBLEM, await broken(host, CASE))
            assert (await healed(on, host, diagnosis, CASE.cause)).state is State.SUCCEEDED
    finally:
        made_new(enrolled, name)


@pytest.mark.parametrize("name", HOSTS)
async def test_a_killed_bot_is_replaced_and_the_fix_ends_without_a_second_run(enrolled: Lab, name: str, tmp_path: Path) -> None:
    host = enrolled[name]
    inventory = write_inventory(enrolled, tmp_path / "inventory.toml", APPROVERS)
    try:
        async with workspace() as running:
            database = str(tmp_path / "postmedic.db")
            store = await Store.open(database)
            ana = Person(running, ANA)
            said = await broken(host, CASE)
            with bot_process(running, inventory, database, tmp_path / "bot.log") as first:
                await asyncio.to_thread(begun, first)
                ts = await answered(ana, f"{said}\n(on {name})", say("confirmed", "en"))
                card, plan_id = await card_of(ana, ts, store, PROBLEM.id)
                await asyncio.to_thread(host.run, SLOW, check=True)
                await decided(running, card, plan_id, store, inventory)
                await _restarting(host)
                first.kill()
            assert (await store.plans.progress(plan_id)).state is State.APPLYING
            with bot_process(running, inventory, database, tmp_path / "bot.log") as second:
                await asyncio.to_thread(begun, second)
                assert (await ended(store, plan_id)).state is State.SUCCEEDED
                await card_says(ana, ts, State.SUCCEEDED, "en")
            await store.close()
        assert _restarts(host) == 1
        assert await checked(host, CASE) == ""
    finally:
        made_new(enrolled, name)


def _as_it_is(text: str, lab: Lab) -> str:
    return text


def _keys_exchanged(text: str, lab: Lab) -> str:
    keys = [" ".join(lab[name].host_key.split()[:2]) for name in HOSTS]
    return text.replace(keys[0], "first").replace(keys[1], keys[0]).replace("first", keys[1])


def _unknown_key(text: str, lab: Lab) -> str:
    probe, fix = (f'key = "{key}"' for key in (lab.keys.probe, lab.keys.fix))
    return text.replace(probe, "first").replace(fix, probe).replace("first", fix)


@pytest.mark.parametrize(
    ("name", "inventory_of", "says"),
    [
        ("mx12", _as_it_is, "mx12 could not be reached"),
        ("mx13", _keys_exchanged, "showed a key that the inventory does not hold"),
        ("mx12", _unknown_key, "mx12 refused the login"),
    ],
    ids=["down", "another-key", "login-refused"],
)
async def test_a_host_that_cannot_be_asked_is_never_called_well(
    enrolled: Lab, name: str, inventory_of: Callable[[str, Lab], str], says: str, tmp_path: Path
) -> None:
    host = enrolled[name]
    inventory = write_inventory(enrolled, tmp_path / "inventory.toml", APPROVERS)
    inventory.write_text(inventory_of(inventory.read_text(), enrolled))
    try:
        said = await broken(host, CASE)
        if inventory_of is _as_it_is:
            await asyncio.to_thread(host.stop)
        async with workspace() as running, bot_at(running, inventory, tmp_path) as desk:
            ana = Person(running, ANA)
            ts = await answered(ana, f"{said}\n(on {name})", says)
            assert await ana.command(f"/postfix check {name}") == ""
            check = await ana.waits_for(lambda message: says in shown(message) and message["ts"] != ts, timeout=60)
            await asyncio.sleep(1)
            thread = await ana.reads(thread=ts)
            for message in (thread[-1], check):
                assert say("host-failed-means", "en") in shown(message)
                assert say("confirmed", "en") not in shown(message)
            assert [message for message in thread if proposed(message)] == []
            assert [event async for event in desk.store.events.read() if event.kind.startswith("plan.")] == []
    finally:
        if not host.leader:
            await asyncio.to_thread(host.boot)
        made_new(enrolled, name)
