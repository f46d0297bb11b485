"""G2: with a full disk or a locked or damaged database nothing is accepted, approved or run, and people are told so."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from bot.errors import PostmedicError, StoreUnavailable
from bot.execution.executor import Executor
from bot.model.execution import FINAL, State
from bot.sandbox.slack.seed import MAIL_OPS
from bot.store import dialect
from tests.drills.life import Points, _put_points_around_transactions
from tests.e2e.test_story_fix import is_card, proposed, shows
from tests.support.house import LOG_LINE, at_home
from tests.support.plans import APPROVERS, Machine, means, plan, review
from tests.support.stores import opened


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "postmedic-test", place], check=True)
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def fill(disk: Path) -> None:
    with suppress(OSError), (disk / "ballast").open("ab", buffering=0) as ballast:
        while True:
            ballast.write(b"\0" * 512)


def free(disk: Path) -> None:
    (disk / "ballast").unlink(missing_ok=True)


async def test_people_are_told_and_everything_goes_on_when_there_is_room_again(small_disk: Path) -> None:
    async with at_home(small_disk) as house:
        ts, card = await proposed(house)
        await house.quiet()
        fill(small_disk)
        assert await house.ben.clicks(card, "approve") == ""
        await house.ben.waits_for(shows("database does not answer"))
        later = await house.ana.says(MAIL_OPS, LOG_LINE.replace("host01", "host02"))
        await house.ana.waits_for(shows("This is a diagnosis only"), thread=later)
        assert house.fleet.ran == []
        free(small_disk)
        await house.ana.waits_for(is_card, thread=later)  # Slack brought the paste again
        assert await house.ben.clicks(card, "approve") == ""
        await house.ana.waits_for(shows("Healed"), thread=ts)
        await house.quiet()
        assert len(house.fleet.ran) == 1
        assert len(await house.ana.reads(thread=later)) == 4  # the paste, the diagnosis without a record, the whole answer


class Filler(Points):
    """Fills the disk at a numbered point instead of ending the process."""

    def __init__(self, disk: Path, at: int) -> None:
        super().__init__(0)
        self._disk, self._at = disk, at

    def __call__(self) -> None:
        self.passed += 1
        if self.passed == self._at:
            fill(self._disk)


async def test_a_disk_that_fills_at_any_point_of_a_fix_lets_nothing_run_twice(small_disk: Path) -> None:
    refused = 0
    for at in range(1, 31, 2):
        machine, one = Machine(), plan(f"plan-{at}")
        where = small_disk / f"{at}.db"
        async with opened(str(where), lease_seconds=0.2) as store:
            executor = Executor(means(store, machine, owner="first"))
            await executor.propose(one)
            _put_points_around_transactions(store, Filler(small_disk, at))
            try:
                await executor.review(one.id, review(one), APPROVERS)
                await executor.carry(one.id)
            except StoreUnavailable:
                refused += 1
            free(small_disk)
        async with opened(str(where), lease_seconds=0.2) as store:
            sent = list(machine.ran)
            executor = Executor(means(store, machine, owner="second"))
            await executor.review(one.id, review(one), APPROVERS)
            serving = asyncio.create_task(executor.run())
            async with asyncio.timeout(60):
                while (state := await store.plans.state(one.id)) not in FINAL | {State.IN_DOUBT}:
                    await asyncio.sleep(0.02)
            executor.stop()
            await serving
            assert state in (State.SUCCEEDED, State.IN_DOUBT)
            assert len(machine.ran) == len(set(machine.ran)) <= 2
            assert machine.ran[: len(sent)] == sent
            assert await store.events.verify() is None
        for file in small_disk.glob(f"{at}.db*"):
            file.unlink()
    assert refused > 0, "no disk was full enough"


@contextmanager
def locked(database: Path) -> Iterator[None]:
    with sqlite3.connect(database, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


async def test_a_database_that_stays_locked_approves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tune = dialect._tune_sqlite

    def impatient(connection: sqlite3.Connection, record: object) -> None:
        tune(connection, record)
        cursor = connection.cursor()
        cursor.execute("PRAGMA busy_timeout=100")
        cursor.close()

    monkeypatch.setattr(dialect, "_tune_sqlite", impatient)
    async with at_home(tmp_path) as house:
        ts, card = await proposed(house)
        await house.quiet()
        with locked(tmp_path / "postmedic.db"):
            assert await house.ben.clicks(card, "approve") == ""
            await house.ben.waits_for(shows("database does not answer"))
            assert house.fleet.ran == []
        await house.ben.clicks(card, "approve")
        await house.ana.waits_for(shows("Healed"), thread=ts)
        assert len(house.fleet.ran) == 1


async def test_flipped_bytes_never_run_what_was_not_approved(tmp_path: Path) -> None:
    whole = tmp_path / "whole.db"
    one = plan(expires_at=4e9)
    async with opened(str(whole)) as store:
        executor = Executor(means(store, Machine()))
        await executor.propose(one)
        await executor.review(one.id, review(one), APPROVERS)
    content = whole.read_bytes()
    approved = [(one.id, index, step.wire) for index, step in enumerate(one.steps)]
    draw, noticed = random.Random(2), 0
    for number in range(60):
        damaged = tmp_path / f"damaged-{number}.db"
        at = (
            draw.randrange(len(content))
            if number % 2
            else content.index(b'"operation":"loopback-up"') + draw.randrange(-400, 400)
        )
        damaged.write_bytes(content[:at] + bytes([content[at] ^ (1 << draw.randrange(8))]) + content[at + 1 :])
        machine = Machine()
        try:
            async with opened(str(damaged)) as store:
                executor = Executor(means(store, machine))
                await executor.recover()
                for ready in await store.plans.ready():
                    await executor.carry(ready)
                await store.plans.progress(one.id)
        except PostmedicError:
            noticed += 1
        assert machine.ran == approved[: len(machine.ran)]
    assert noticed > 10


async def test_damage_in_a_page_that_nobody_would_read_stops_the_start(tmp_path: Path) -> None:
    file = tmp_path / "postmedic.db"
    async with opened(str(file)) as store:
        for number in range(300):
            await store.events.record(kind="x", actor="x", subject="x", details={"text": f"{number} " * 200})
    content = file.read_bytes()
    middle = content.index(b"150 150 150") // 4096 * 4096
    file.write_bytes(content[:middle] + b"\x0d\xff\xff\xff" + content[middle + 4 :])
    with pytest.raises(StoreUnavailable, match=r"it is damaged: .*restore a backup"):
        async with opened(str(file)):
            pass


async def test_a_file_that_is_no_database_stops_the_start_with_what_to_do(tmp_path: Path) -> None:
    broken = tmp_path / "broken.db"
    broken.write_bytes(os.urandom(8192))
    with pytest.raises(StoreUnavailable, match=r"not a database.*Nothing was approved or run"):
        async with opened(str(broken)):
            pass
