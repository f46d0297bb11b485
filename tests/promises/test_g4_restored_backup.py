"""G4: a database put back from a backup replays no old approval: what it holds open ends, and no host is fixed twice."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import subprocess
from pathlib import Path
from urllib.parse import unquote

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.execution.answers import Said
from bot.execution.executor import Executor
from bot.model.diagnosis import Diagnosis
from bot.model.execution import FINAL, State
from bot.model.plan import Plan
from bot.model.progress import Stage, Why
from bot.store import restored, retention
from bot.store.marks import Mark
from bot.store.store import Store
from tests.support.plans import APPROVERS, Machine, means, plan, review
from tests.support.postgresql import new_database, own_server, programs
from tests.support.stores import altered, opened


def back_up(database: str, folder: Path) -> None:
    """Make a backup as an administrator does."""
    if "://" not in database:
        shutil.copy(database, folder / "backup.db")
        return
    address, schema = _parts(database)
    _run("pg_dump", "--no-owner", f"--schema={schema}", f"--file={folder / 'backup.sql'}", address)


def restore(database: str, folder: Path) -> None:
    """Put the backup in the place of the database."""
    if "://" not in database:
        for end in ("-wal", "-shm"):
            Path(database + end).unlink(missing_ok=True)
        shutil.copy(folder / "backup.db", database)
        return
    address, schema = _parts(database)
    _run("psql", "--quiet", "--command", f"DROP SCHEMA {schema} CASCADE", address)
    _run("psql", "--quiet", f"--file={folder / 'backup.sql'}", address)


def _parts(database: str) -> tuple[str, str]:
    address, _, options = database.partition("?")
    return address, unquote(options).rpartition("=")[2]


def _run(program: str, *arguments: str) -> None:
    where = programs()
    assert where is not None
    ran = subprocess.run([where / program, *arguments], capture_output=True, env={**os.environ, "PGOPTIONS": ""})
    assert ran.returncode == 0, ran.stderr


async def looked_after(store: Store, machine: Machine, owner: str) -> Executor:
    """Let a bot's process serve until nothing is left that it would begin or end by itself."""
    executor = Executor(means(store, machine, owner=owner))
    serving = asyncio.create_task(executor.run())
    await asyncio.sleep(0.3)
    async with asyncio.timeout(30):
        while await store.plans.listed(set(State) - FINAL - {State.PROPOSED, State.IN_DOUBT}):
            await asyncio.sleep(0.05)
    executor.stop()
    await serving
    return executor


async def yesterday_and_today(database: str, folder: Path, machine: Machine) -> None:
    """A backup is made with one plan proposed and one approved; then the first is denied in effect, and the second is run."""
    waits, ready = plan("waits", host="a"), plan("ready", host="b")
    async with opened(database) as store:
        executor = Executor(means(store, machine, owner="yesterday"))
        for one in (waits, ready):
            await executor.propose(one)
        await executor.review(ready.id, review(ready), APPROVERS)
        await store.end_what_was_restored()  # a bot that serves does this each second
    back_up(database, folder)
    async with opened(database) as store:
        await looked_after(store, machine, "today")
        assert await store.plans.state(ready.id) is State.SUCCEEDED
        assert await store.plans.state(waits.id) is State.PROPOSED
    assert len(machine.ran) == 2
    machine.facts["loopback.state"] = "down"  # so that nothing else would stop the old approval


async def test_every_open_plan_of_a_restored_database_is_over(database: str, tmp_path: Path) -> None:
    machine = Machine()
    await yesterday_and_today(database, tmp_path, machine)
    restore(database, tmp_path)
    async with opened(database) as store:
        executor = await looked_after(store, machine, "after")
        for name, state in (("waits", State.EXPIRED), ("ready", State.STALE)):
            progress = await store.plans.progress(name)
            assert (progress.state, progress.why) == (state, Why.RESTORED)
            assert (await executor.review(name, review(progress.plan), APPROVERS)).said in (Said.EXPIRED, Said.DECIDED)
        assert len(machine.ran) == 2
        assert [event.kind async for event in store.events.read()].count("database.restored") == 1
        assert await store.events.verify() is None
        # What is proposed from now on is carried out as ever, and nothing is restored a second time.
        new = plan("new", host="c")
        await executor.propose(new)
        await executor.review(new.id, review(new), APPROVERS)
        await looked_after(store, machine, "later")
        assert await store.plans.state("new") is State.SUCCEEDED
        assert [event.kind async for event in store.events.read()].count("database.restored") == 1


async def test_what_was_on_a_host_is_in_doubt_and_not_taken_back(database: str, tmp_path: Path) -> None:
    """The backup was made in the midst of a run; what people did on the host since must not be undone by it."""
    machine = Machine()

    class Died(BaseException):
        pass

    async def dies(planned: Plan) -> Diagnosis:
        if machine.measured == 1:
            raise Died
        return await machine.measure(planned)

    async with opened(database) as store:
        executor = Executor(means(store, machine, owner="yesterday", measure=dies))
        one = plan()
        await executor.propose(one)
        await executor.review(one.id, review(one), APPROVERS)
        await store.end_what_was_restored()
        with pytest.raises(Died):
            await executor.carry(one.id)
        assert await store.plans.state(one.id) is State.VERIFYING
        await altered(store, "UPDATE plans SET lease_until = 1")
    back_up(database, tmp_path)
    async with opened(database) as store:
        await looked_after(store, machine, "today")
        assert await store.plans.state(one.id) is State.SUCCEEDED
    ran = list(machine.ran)
    machine.facts["loopback.state"] = "down"
    restore(database, tmp_path)
    async with opened(database) as store:
        await looked_after(store, machine, "after")
        progress = await store.plans.progress(one.id)
        assert (progress.state, progress.why, machine.ran) == (State.IN_DOUBT, Why.RESTORED, ran)
        found = progress.measured(Stage.DOUBT)
        assert found is not None
        assert ("loopback.state", "down") in found.checks[0].evidence
        assert await store.events.verify() is None


async def test_a_standby_that_took_over_may_lack_the_latest_decisions() -> None:
    with own_server() as server:
        async with opened(new_database(server.address)) as store:
            await store.plans.propose(plan("waits"), "")
            assert not await store.end_what_was_restored()
            server.fail_over()
            assert await store.end_what_was_restored()
            assert await store.plans.state("waits") is State.EXPIRED
            await store.plans.propose(plan("new"), "")
            assert not await store.end_what_was_restored()
            assert await store.plans.state("new") is State.PROPOSED


async def test_the_same_tables_in_another_server_are_others() -> None:
    with own_server() as one, own_server() as two:
        async with opened(new_database(one.address)) as left, opened(new_database(two.address)) as right:
            marks = []
            for store in (left, right):
                await store.plans.propose(plan("waits"), "")
                assert not await store.end_what_was_restored()
                mark = await store.marks.get("identity")
                assert mark is not None
                marks.append(mark.value)
            await right.marks.put("identity", marks[0])
            assert await right.end_what_was_restored()
            assert await right.plans.state("waits") is State.EXPIRED


async def test_a_copy_on_another_machine_is_a_restored_one(tmp_path: Path) -> None:
    """As where the bot's machine is dead: what is kept beside the file is not there."""
    machine = Machine()
    await yesterday_and_today(str(tmp_path / "postmedic.db"), tmp_path, machine)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(tmp_path / "backup.db", elsewhere / "postmedic.db")
    async with opened(str(elsewhere / "postmedic.db")) as store:
        await looked_after(store, machine, "after")
        for name, state in (("waits", State.EXPIRED), ("ready", State.STALE)):
            progress = await store.plans.progress(name)
            assert (progress.state, progress.why) == (state, Why.RESTORED)
        assert [event.kind async for event in store.events.read()].count("database.restored") == 1
        # What is proposed from now on stays.
        await store.plans.propose(plan("new", host="c"), "")
        assert not await store.end_what_was_restored()
        assert await store.plans.state("new") is State.PROPOSED
    assert len(machine.ran) == 2


async def test_where_nothing_can_be_kept_beside_the_file_nothing_is_ended_again_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(path: Path, *about: object, **more: object) -> None:
        raise OSError(errno.ENOSPC, "no room")

    async with opened(str(tmp_path / "postmedic.db")) as store:
        await store.plans.propose(plan(), "")
        for number in range(2):
            monkeypatch.setattr(Path, "write_text", no_room)
            assert not await store.end_what_was_restored()
            monkeypatch.undo()
            assert not await store.end_what_was_restored()
            assert await store.plans.state("plan-1") is State.PROPOSED
            monkeypatch.setattr(Path, "write_text", no_room)
            await store.plans.propose(plan(f"later-{number}"), "")
            assert not await store.end_what_was_restored()
            monkeypatch.undo()


async def test_where_nothing_shows_the_restoring_the_host_remembers(database: str, tmp_path: Path) -> None:
    machine = Machine()
    await yesterday_and_today(database, tmp_path, machine)
    restore(database, tmp_path)
    Path(database + ".seen").unlink(missing_ok=True)  # as when the whole machine is put back
    async with opened(database) as store:
        await altered(store, "DELETE FROM marks")
        await looked_after(store, machine, "after")
        progress = await store.plans.progress("ready")
        assert (progress.state, progress.why) == (State.STALE, Why.ALREADY_RAN)
    assert len(machine.ran) == 2


async def test_events_written_after_the_restoring_do_not_hide_it(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 1)  # an event for each row
    machine = Machine()
    async with opened(database) as store:
        for number in range(60):
            await store.unmatched.keep(f"k{number}", "what is this", "q")
        await altered(store, "UPDATE unmatched SET last_at = last_at - 1000000")
    await yesterday_and_today(database, tmp_path, machine)
    async with opened(database) as store:
        seen = (await store.events.head()).sequence
    restore(database, tmp_path)
    async with opened(database) as store:
        assert (await store.events.head()).sequence < seen
        assert (await store.forget(86_400))["unmatched"] == 60  # before any bot has looked
        assert (await store.events.head()).sequence > seen
        await looked_after(store, machine, "after")
        for name, state in (("waits", State.EXPIRED), ("ready", State.STALE)):
            progress = await store.plans.progress(name)
            assert (progress.state, progress.why) == (state, Why.RESTORED)
    assert len(machine.ran) == 2


async def test_a_database_that_was_only_closed_keeps_what_is_open(database: str) -> None:
    machine = Machine()
    machine.cannot_measure()
    async with opened(database) as store:
        executor = await looked_after(store, machine, "before")
        await executor.propose(plan())
    async with opened(database) as store:
        await looked_after(store, machine, "after")
        assert await store.plans.state("plan-1") is State.PROPOSED


async def test_the_number_that_an_earlier_version_kept_still_serves(tmp_path: Path) -> None:
    database = str(tmp_path / "postmedic.db")
    async with opened(database) as store:
        await Executor(means(store, Machine())).propose(plan())
        sequence = (await store.events.head()).sequence
        for number, is_restored in ((sequence, False), (sequence + 1, True)):
            Path(database + ".seen").write_text(str(number))
            assert await store.end_what_was_restored() is is_restored
            assert (await store.plans.state("plan-1") is State.EXPIRED) is is_restored


@pytest.mark.parametrize("content", ["", "x", "-1", "é", "1e3 0", " ", "9" * 19, "9" * 5000])
async def test_an_unreadable_number_beside_the_file_is_no_reason_to_end_anything(tmp_path: Path, content: str) -> None:
    database = str(tmp_path / "postmedic.db")
    Path(database + ".seen").write_text(content)
    async with opened(database) as store:
        await Executor(means(store, Machine())).propose(plan())
        assert not await store.end_what_was_restored()
        assert await store.plans.state("plan-1") is State.PROPOSED


async def test_another_process_that_writes_meanwhile_is_no_restoring(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(database) as one, opened(database) as two:
        for store in (one, two):
            await store.end_what_was_restored()
        await one.plans.propose(plan("before"), "")
        get = restored.marks.get

        async def get_late(connection: AsyncConnection, name: str) -> Mark | None:
            monkeypatch.setattr(restored.marks, "get", get)
            await two.plans.propose(plan("meanwhile"), "")  # between the two looks of the first process
            assert not await two.end_what_was_restored()
            return await get(connection, name)

        monkeypatch.setattr(restored.marks, "get", get_late)
        assert not await one.end_what_was_restored()
        for name in ("before", "meanwhile"):
            assert await one.plans.state(name) is State.PROPOSED
