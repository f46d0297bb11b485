"""What ended long ago is forgotten as a whole; what is open or not shown, and the record of who did what, stays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import NotFound, Refused, StoreUnavailable
from bot.model.event import Event
from bot.model.execution import State
from bot.store import course, events, retention
from bot.store.conversations import Conversation
from bot.store.outbox import ANSWER, Show
from bot.store.store import Store
from tests.support.plans import plan, review
from tests.support.postgresql import new_database
from tests.support.stores import altered, opened
from tests.unit.store.test_plans import approved

LONG_AGO = 30 * 86_400.0
AGED = [("inbox", "changed_at"), ("outbox", "changed_at"), ("plans", "changed_at"), ("conversations", "created_at")]
AGED += [("unmatched", "last_at")]


async def aged(store: Store) -> None:
    """Let everything that is stored have happened long ago."""
    for table, column in AGED:
        await altered(store, f"UPDATE {table} SET {column} = {column} - {LONG_AGO}")


async def forgotten(store: Store) -> dict[str, int]:
    """Forget what is older than a day, and say what that was."""
    return {name: count for name, count in (await store.forget(86_400)).items() if count}


async def talk(store: Store, id: str) -> None:
    await store.conversations.open(Conversation(id=id, channel="C1", thread="1.0", requester="U1", lang="en", paste="a paste"))
    await store.outbox.put(Show(kind=ANSWER, subject=id, channel="C1", thread="1.0"))


async def shown(store: Store) -> None:
    while taken := await store.outbox.take("sender"):
        for one in taken:
            await store.outbox.sent(one, f"1.{one.version}")


async def failed(store: Store, id: str, conversation: str) -> None:
    """A plan that ran on the host of its own name, and failed."""
    one = plan(id, host=id)
    await approved(store, one, conversation)
    await store.plans.claim(id, "me", 0)
    await store.plans.move(id, State.CHECKING, State.APPLYING, owner="me", begins=(0, one.steps[0]))
    await store.plans.move(id, State.APPLYING, State.FAILED, owner="me")


async def handled(store: Store, *keys: str) -> None:
    for key in keys:
        await store.inbox.accept(key, "message", {"text": "a paste"})
    for row in await store.inbox.take("me", len(keys)):
        await store.inbox.done(row.key, "me")


async def test_what_ended_long_ago_is_forgotten_with_all_that_belongs_to_it(store: Store) -> None:
    await talk(store, "old")
    await failed(store, "ran", "old")
    await failed(store, "bare", "")
    await handled(store, "Ev1")
    await store.outbox.put(Show(kind=ANSWER, subject="help", channel="C1"))
    await store.unmatched.keep("k", "what is this", "q1")
    await shown(store)
    head = await store.events.head()
    assert await forgotten(store) == {}  # not old yet
    assert await store.events.head() == head  # and where nothing was deleted, nothing is said
    await aged(store)
    assert await forgotten(store) == {"plans": 2, "conversations": 1, "outbox": 3, "inbox": 1, "unmatched": 1}
    for id in ("ran", "bare"):
        with pytest.raises(NotFound):
            await store.plans.progress(id)
    with pytest.raises(NotFound):
        await store.conversations.by_id("old")
    for table in ("reviews", "steps", "measurements", "confirmations", "plans", "outbox", "inbox", "unmatched"):
        assert await count(store, table) == 0, table
    assert await store.inbox.accept("Ev1", "message", {})
    assert await store.events.verify() is None


async def test_the_deletion_itself_is_recorded_in_its_transaction(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    await handled(store, "Ev1", "Ev2", "Ev3")
    await aged(store)
    assert await forgotten(store) == {"inbox": 3}
    said = [event async for event in store.events.read()]
    assert [(one.kind, one.actor, one.details["inbox"], one.details["plans"]) for one in said] == [
        ("rows.forgotten", "postmedic", "2", "0"),
        ("rows.forgotten", "postmedic", "1", "0"),
    ]
    assert float(said[0].details["before"]) == pytest.approx(await store.clock() - 86_400, abs=60)
    await handled(store, "Ev4")
    await aged(store)
    await altered(store, "ALTER TABLE events RENAME TO elsewhere")
    with pytest.raises(StoreUnavailable, match="events"):
        await store.forget(86_400)
    await altered(store, "ALTER TABLE elsewhere RENAME TO events")
    assert not await store.inbox.accept("Ev4", "message", {})  # no record, no deletion


async def test_what_is_open_or_not_shown_keeps_its_whole_question(store: Store) -> None:
    for id in ("proposed", "approved", "doubt", "unshown", "unanswered", "asked-again"):
        await talk(store, id)
        await failed(store, f"{id}-earlier", id)
    await store.plans.propose(plan("proposed", host="a"), "proposed")
    await approved(store, plan("approved", host="b"), "approved")
    one = plan("doubt", host="c")
    await approved(store, one, "doubt")
    await store.plans.claim("doubt", "me", 0)
    await store.plans.move("doubt", State.CHECKING, State.APPLYING, owner="me", begins=(0, one.steps[0]))
    await store.plans.move("doubt", State.APPLYING, State.PROBING, owner="me")
    await store.plans.move("doubt", State.PROBING, State.IN_DOUBT, owner="me")
    await store.inbox.accept("Ev1", "message", {})
    await shown(store)
    await altered(store, "UPDATE outbox SET sent = sent - 1 WHERE subject IN ('unshown-earlier', 'unanswered')")
    await aged(store)
    await store.outbox.put(Show(kind=ANSWER, subject="asked-again", channel="C1", thread="1.0"))
    await altered(store, "UPDATE outbox SET sent = version WHERE subject = 'asked-again'")
    before = await everything(store)
    assert await forgotten(store) == {}
    assert await everything(store) == before
    assert not await store.plans.decide(review(one), "approved", lambda *_: pytest.fail("it is decided"))
    assert [row.key for row in await store.inbox.take("me")] == ["Ev1"]


async def test_a_plan_proposed_while_its_question_is_forgotten_keeps_it_and_its_card(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored, goes_on = asyncio.Event(), asyncio.Event()
    tell = course.tell

    async def tells_late(*about: Any, **more: Any) -> None:
        stored.set()  # the plan is there, and not yet for everybody
        await goes_on.wait()
        await tell(*about, **more)

    async with opened(database) as one, opened(database) as two:
        await talk(one, "old")
        await shown(one)
        await aged(one)
        monkeypatch.setattr(course, "tell", tells_late)
        proposing = asyncio.create_task(one.plans.propose(plan(), "old"))
        await stored.wait()
        forgetting = asyncio.create_task(two.forget(86_400))
        await asyncio.wait({forgetting}, timeout=1)
        goes_on.set()
        await asyncio.gather(proposing, forgetting)
        assert (await one.conversations.by_id("old")).thread == "1.0"
        assert [taken.show.subject for taken in await one.outbox.take("sender")] == ["plan-1"]


async def test_an_answer_written_while_its_question_is_forgotten_keeps_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await talk(store, "old")
    await shown(store)
    await aged(store)
    writing = store._database.writing

    @asynccontextmanager
    async def answers_first(**how: bool) -> AsyncIterator[AsyncConnection]:
        monkeypatch.setattr(store._database, "writing", writing)
        await store.outbox.put(Show(kind=ANSWER, subject="old", channel="C1", thread="1.0"))
        async with writing(**how) as connection:
            yield connection

    monkeypatch.setattr(store._database, "writing", answers_first)
    assert await forgotten(store) == {}
    assert (await store.conversations.by_id("old")).thread == "1.0"


async def test_a_question_that_was_forgotten_gets_no_plan(store: Store) -> None:
    with pytest.raises(Refused, match="forgotten"):
        await store.plans.propose(plan(), "gone")
    assert await store.plans.listed(list(State)) == ()


async def test_two_processes_forget_each_row_once(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 3)
    async with opened(database) as one, opened(database) as two:
        for number in range(12):
            await talk(one, f"q{number}")
            await failed(one, f"p{number}", f"q{number}")
            await one.unmatched.keep(f"k{number}", "what is this", "q")
        await handled(one, *(f"Ev{number}" for number in range(40)))
        await shown(one)
        await aged(one)
        told = await asyncio.gather(one.forget(86_400), two.forget(86_400))
        assert {name: told[0].get(name, 0) + told[1].get(name, 0) for name in told[0] | told[1]} == {
            "plans": 12,
            "conversations": 12,
            "outbox": 24,
            "inbox": 40,
            "unmatched": 12,
        }
        assert await one.events.verify() is None
        said = [event async for event in one.events.read() if event.kind == "rows.forgotten"]
        assert sum(int(event.details["inbox"]) for event in said) == 40


async def test_while_one_process_forgets_the_other_waits_for_nothing(postgresql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two that wait for each other's rows would do so for ever; what is not to be forgotten is there for both all the time."""
    database, append = new_database(postgresql), events.append
    deleted, other_is_done = asyncio.Event(), asyncio.Event()

    async def append_late(*about: Any, **more: Any) -> Event:
        monkeypatch.setattr(events, "append", append)
        deleted.set()  # its rows are deleted, and not yet committed
        await other_is_done.wait()
        return await append(*about, **more)

    async with opened(database) as one, opened(database) as two:
        for number in range(5):
            await talk(one, f"q{number}")
            await failed(one, f"p{number}", f"q{number}")
            await failed(one, f"bare{number}", "")
            await one.outbox.put(Show(kind=ANSWER, subject=f"help{number}", channel="C1"))
            await one.unmatched.keep(f"k{number}", "what is this", "q")
        await handled(one, *(f"Ev{number}" for number in range(5)))
        await shown(one)
        await aged(one)
        monkeypatch.setattr(events, "append", append_late)
        forgetting = asyncio.create_task(one.forget(86_400))
        try:
            async with asyncio.timeout(60):
                await deleted.wait()
                assert await two.forget(86_400) == {}  # all of it is in the other's hands
                assert await two.inbox.accept("new", "message", {})
                await talk(two, "new")
                await two.plans.propose(plan("new"), "new")
                assert [row.key for row in await two.inbox.take("two")] == ["new"]
        finally:
            other_is_done.set()
            told = await forgetting
        assert told == {"plans": 10, "conversations": 5, "outbox": 15, "inbox": 5, "unmatched": 5}
        assert await two.plans.state("new") is State.PROPOSED
        assert (await two.conversations.by_id("new")).id == "new"
        assert await two.inbox.done("new", "two")
        assert await one.events.verify() is None


async def test_a_click_is_stored_between_two_batches(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 1)
    await handled(store, *(f"Ev{number}" for number in range(40)))
    await aged(store)
    forgetting = asyncio.create_task(store.forget(86_400))
    assert await store.inbox.accept("trigger:1", "approve", {"plan": "p"})
    assert not forgetting.done()
    assert await forgetting == {"plans": 0, "conversations": 0, "outbox": 0, "inbox": 40, "unmatched": 0}
    assert [row.key for row in await store.inbox.take("me")] == ["trigger:1"]


async def test_a_plan_proposed_meanwhile_stays(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    await talk(store, "old")
    await failed(store, "ran", "old")
    await shown(store)
    await aged(store)
    await store.end_what_was_restored()
    writing = store._database.writing

    @asynccontextmanager
    async def writing_late() -> AsyncIterator[AsyncConnection]:
        monkeypatch.setattr(store._database, "writing", writing)
        await store.plans.propose(plan("meanwhile", host="x"), "old")  # after forgetting has looked
        async with writing() as connection:
            yield connection

    monkeypatch.setattr(store._database, "writing", writing_late)
    assert await forgotten(store) == {}
    assert await store.plans.state("meanwhile") is State.PROPOSED
    assert await store.plans.state("ran") is State.FAILED
    assert (await store.conversations.by_id("old")).id == "old"


async def test_what_was_pasted_is_in_no_byte_of_the_file_any_more(tmp_path: Path) -> None:
    database = tmp_path / "postmedic.db"
    async with opened(str(database)) as store:
        for number in range(20):
            words = f"Unrepeatable{number} words. " * 400
            id = f"q{number}"
            await store.conversations.open(
                Conversation(id=id, channel="C1", thread="1.0", requester="U1", lang="en", paste=words)
            )
        await aged(store)
    assert b"Unrepeatable" in database.read_bytes()
    async with opened(str(database)) as store:
        assert await forgotten(store) == {"conversations": 20}
    assert [file.name for file in tmp_path.iterdir() if b"Unrepeatable" in file.read_bytes()] == []


async def test_plans_are_listed_by_state(store: Store) -> None:
    await store.plans.propose(plan("one"), "")
    await approved(store, plan("two"))
    assert await store.plans.listed([State.PROPOSED]) == ("one",)
    assert set(await store.plans.listed([State.PROPOSED, State.APPROVED])) == {"one", "two"}


async def count(store: Store, table: str) -> int:
    async with store._database.reading() as connection:
        return int((await connection.exec_driver_sql(f"SELECT count(*) FROM {table}")).scalar_one())


async def everything(store: Store) -> dict[str, int]:
    tables = ("plans", "reviews", "steps", "conversations", "outbox", "inbox", "events", "chain", "keys", "counters")
    return {table: await count(store, table) for table in tables}
