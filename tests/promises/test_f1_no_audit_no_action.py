"""F1: no audit, no action: with a record that is full, read-only or erroring every fix is refused in plain words.

Nothing is sent that is not written down first, and diagnosis goes on and says that it is degraded.

An erroring device is played by the database itself, at every single event; full and read-only are a real file system, as root.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from bot.errors import StoreUnavailable
from bot.execution.executor import Executor
from bot.model.execution import FINAL, State
from bot.sandbox.slack.seed import MAIL_OPS
from bot.store.store import Store
from tests.e2e.test_story_fix import is_card, proposed, shows
from tests.support.house import LOG_LINE, at_home
from tests.support.plans import APPROVERS, Machine, fails, means, plan, review
from tests.support.stores import altered

FIRST_BAD = range(1, 14)  # the life below has thirteen events
TABLES = ("events", "inbox", "outbox", "conversations", "plans", "reviews", "steps", "measurements")


def breaks(file: Path, *tables: str, when: str = "1") -> None:
    """Let every new or changed row of these tables fail with the class of error that a broken device gives.

    RAISE would be a broken constraint, which is another class and means another thing.
    """
    with sqlite3.connect(file, isolation_level=None, timeout=15) as connection:
        connection.execute("BEGIN IMMEDIATE")
        for table in tables:
            for change in ("INSERT", "UPDATE"):
                connection.execute(
                    f"CREATE TRIGGER broken_{table}_{change} BEFORE {change} ON {table} WHEN {when} "
                    "BEGIN SELECT json('no JSON'); END"
                )


def mends(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")


async def lived(executor: Executor) -> None:
    """Propose, approve and carry a plan whose second step fails, so that it is also taken back."""
    one = plan()
    await executor.propose(one)
    await executor.review(one.id, review(one), APPROVERS)
    await executor.carry(one.id)


@pytest.mark.parametrize("first", FIRST_BAD)
async def test_nothing_is_sent_that_was_not_written_down_first_whichever_event_fails(tmp_path: Path, first: int) -> None:
    file = tmp_path / "postmedic.db"
    store = await Store.open(str(file))
    machine = Machine(behave={"service-start": fails})
    executor = Executor(means(store, machine))
    breaks(file, "events", when=f"new.sequence >= {first}")
    with suppress(StoreUnavailable):
        await lived(executor)
    events = [event async for event in store.events.read()]
    assert first - 3 < len(events) < first  # events of one transaction go together
    noted = [(one.subject, int(one.details["index"]), one.details["step"]) for one in events if one.kind == "step.started"]
    assert machine.ran == noted
    mends(file)
    await altered(store, "UPDATE plans SET lease_until = 1 WHERE owner <> ''")
    await executor.recover()
    await executor.settle()
    if first > 1:
        assert await store.plans.state("plan-1") in FINAL | {State.PROPOSED, State.APPROVED, State.IN_DOUBT}
    assert len(machine.ran) == len(set(machine.ran)), "a step was sent twice"
    assert await store.events.verify() is None
    await store.close()


async def test_the_life_has_as_many_events_as_are_broken_above(tmp_path: Path) -> None:
    store = await Store.open(str(tmp_path / "postmedic.db"))
    await lived(Executor(means(store, Machine(behave={"service-start": fails}))))
    assert (await store.plans.progress("plan-1")).state is State.UNDONE
    assert (await store.events.head()).sequence == len(FIRST_BAD)
    await store.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, as small as a database fits in."""
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a file system needs root")
async def test_a_full_disk_refuses_every_fix_and_the_next_click_works_when_there_is_room(small_disk: Path) -> None:
    store = await Store.open(str(small_disk / "postmedic.db"))
    machine = Machine()
    executor = Executor(means(store, machine))
    waiting, approved = plan("waiting", host="mx1"), plan("approved", host="mx2")
    for one in (waiting, approved):
        await executor.propose(one)
    await executor.review(approved.id, review(approved), APPROVERS)
    filler = small_disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(b"\0" * 4096):
                pass
        except OSError:
            pass
    head = await store.events.head()
    with pytest.raises(StoreUnavailable, match=r"full.*Nothing was approved or run"):
        await executor.review(waiting.id, review(waiting), APPROVERS)
    with pytest.raises(StoreUnavailable, match="full"):
        await executor.carry(approved.id)
    with pytest.raises(StoreUnavailable, match="full"):
        await executor.propose(plan("another"))
    assert machine.ran == []
    assert await store.events.head() == head
    assert (await store.plans.progress(approved.id)).state is State.APPROVED, "what is stored can still be read"
    filler.unlink()
    await executor.review(waiting.id, review(waiting), APPROVERS)
    assert await executor.carry(approved.id)
    assert [id for id, _, _ in machine.ran] == ["approved", "approved"]
    assert await store.events.verify() is None
    await store.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a file system needs root")
async def test_a_read_only_disk_starts_nothing(small_disk: Path) -> None:
    store = await Store.open(str(small_disk / "postmedic.db"))
    await Executor(means(store, Machine())).propose(plan())
    await store.close()
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(StoreUnavailable):
        await Store.open(str(small_disk / "postmedic.db"))


async def test_in_slack_a_click_is_refused_in_words_and_counts_when_it_is_made_again(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        ts, card = await proposed(house)
        await asyncio.to_thread(breaks, tmp_path / "postmedic.db", "events")
        await house.ben.clicks(card, "approve")
        told = await house.ben.waits_for(shows("could not write your decision down"), thread=ts)
        assert told["ephemeral"] is True
        await house.quiet()
        assert house.fleet.ran == []
        await asyncio.to_thread(mends, tmp_path / "postmedic.db")
        await house.ben.clicks(card, "approve")
        await house.ana.waits_for(shows("Healed"), thread=ts)
        assert len(house.fleet.ran) == 1


async def test_in_slack_a_diagnosis_without_a_record_has_no_fix_and_says_so(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        await asyncio.to_thread(breaks, tmp_path / "postmedic.db", "events")
        ts = await house.ana.says(MAIL_OPS, f"it is down\n```{LOG_LINE}```")
        await house.ana.waits_for(shows("Confirmed"), thread=ts)
        await house.ana.waits_for(shows("This is a diagnosis only"), thread=ts)
        await house.quiet()
        assert not any(is_card(message) for message in await house.ana.reads(thread=ts))
        assert [event async for event in house.store.events.read()] == []


async def test_in_slack_with_nothing_writable_pastes_and_commands_are_answered_and_clicks_refused(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        thread, card = await proposed(house)
        await house.quiet()
        await asyncio.to_thread(breaks, tmp_path / "postmedic.db", *TABLES)
        ts = await house.ana.says(MAIL_OPS, f"it is down again\n```{LOG_LINE}```")
        answered = await house.ana.waits_for(shows("This is a diagnosis only"), thread=ts)
        assert "Confirmed" in str(answered)
        unplaced = await house.ana.says(MAIL_OPS, "fatal: parameter inet_interfaces: no local interface found for 127.0.0.1")
        await house.ana.waits_for(shows("Write the host's name"), thread=unplaced)
        await house.ana.says(MAIL_OPS, "Dinner is at eight.")
        await house.ana.command("/postfix check host01")
        await house.ana.waits_for(shows("This is a diagnosis only"))
        ordered = await house.ana.says(MAIL_OPS, "@postmedic freeze host01 answers strangely")
        refused = str(await house.ana.waits_for(shows("nothing was accepted"), thread=ordered))
        assert "Frozen" not in refused
        await house.ben.clicks(card, "approve")
        await house.ben.waits_for(shows("nothing was accepted"))
        assert house.fleet.ran == []
        for place in (ts, unplaced, ordered):
            assert len(await house.ana.reads(thread=place)) == 2, "answered once"
        await asyncio.to_thread(mends, tmp_path / "postmedic.db")
        await house.ben.clicks(card, "approve")
        await house.ana.waits_for(shows("Healed"), thread=thread)
        assert len(house.fleet.ran) == 1
