"""The history of a host: the newest events about it, by its index, whatever else stands in the record."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event

from bot.store import migrations
from bot.store.store import Store
from tests.support.plans import plan
from tests.support.stores import altered, opened

HOSTILE = '"host":"mx1" \x00 \ud800 {"details":{"host":"mx1"}} \\'


async def about(store: Store, host: str, most: int = 500) -> list[int]:
    return [event.sequence for event in await store.events.about(host, most)]


async def test_the_newest_events_about_a_host_oldest_first(store: Store) -> None:
    for number in range(6):
        await store.plans.propose(plan(f"p{number}", host=f"mx{number % 2}"), "")
    assert (await about(store, "mx0"), await about(store, "mx1")) == ([1, 3, 5], [2, 4, 6])
    assert await about(store, "mx1", 2) == [4, 6]
    assert await about(store, "mx") == await about(store, "") == await about(store, "mx_") == []


async def test_words_that_look_like_a_host_are_no_host(store: Store) -> None:
    for details in ({"detail": HOSTILE}, {"detail": HOSTILE, "host": "mx2"}, {HOSTILE: "x"}, {"hosts": "mx1", "xhost": "mx1"}):
        await store.events.record(kind=HOSTILE, actor=HOSTILE, subject="x", details=details)
    await store.events.record(kind="x", actor="x", subject="x", details={"detail": HOSTILE, "host": "mx1", "why": HOSTILE})
    assert (await about(store, "mx1"), await about(store, "mx2")) == ([5], [2])
    assert await store.events.verify() is None


@pytest.mark.parametrize("line", ["", "no json", '{"details":{"host":"mx1"}}', '{"details":' + "[" * 3000, '{"host":"mx1'])
async def test_an_altered_line_is_no_event_and_hides_no_other(store: Store, line: str) -> None:
    for number in range(3):
        await store.plans.propose(plan(f"p{number}"), "")
    await altered(store, f"UPDATE events SET line = '{line}' WHERE sequence = 2")
    assert await about(store, "mx1") == [1, 3]
    broken = await store.events.verify()
    assert broken is not None
    assert broken.sequence == 2


async def test_a_history_is_looked_up_by_its_index(store: Store) -> None:
    for number in range(40):
        await store.plans.propose(plan(f"p{number}", host=f"mx{number}"), "")
    asked: list[tuple[str, Any]] = []

    def listen(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        asked.append((statement, parameters))

    event.listen(store._database._engine.sync_engine, "before_cursor_execute", listen)
    assert len(await about(store, "mx7")) == 1
    (statement, parameters) = asked[-1]
    async with store._database.reading() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if not sqlite:
            await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        explain = "EXPLAIN QUERY PLAN" if sqlite else "EXPLAIN"
        rows = (await connection.exec_driver_sql(f"{explain} {statement}", parameters)).all()
    assert "events_host" in str(rows)


async def test_events_from_before_the_index_are_found(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    newest = migrations.MIGRATIONS
    monkeypatch.setattr(migrations, "MIGRATIONS", newest[:5])
    async with opened(database) as store:
        for host in ("mx1", "mx2", "mx1"):
            await store.events.record(kind="x", actor="x", subject="x", details={"host": host, "detail": HOSTILE})
        await altered(store, 'INSERT INTO events (sequence, line) VALUES (9, \'{"host":"mx1\')')
        head = await store.events.head()
    monkeypatch.setattr(migrations, "MIGRATIONS", newest)
    async with opened(database) as store:
        assert (await about(store, "mx1"), await store.events.head()) == ([1, 3], head)
