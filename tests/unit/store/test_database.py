"""The database itself: its tables are those the queries expect, and what is wrong with it is said plainly."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from bot.errors import StoreUnavailable
from bot.store import dialect, schema
from bot.store.migrations import MIGRATIONS
from bot.store.store import Store


async def test_the_tables_are_those_that_queries_address(tmp_path: Path) -> None:
    path = tmp_path / "postmedic.db"
    await (await Store.open(str(path))).close()
    found = inspect(create_engine(f"sqlite:///{path}"))
    assert set(found.get_table_names()) == {*schema.METADATA.tables, "versions"}
    for name, table in schema.METADATA.tables.items():
        columns = {one["name"]: one for one in found.get_columns(name)}
        assert set(columns) == set(table.columns.keys()), name
        for column in table.columns:
            # SQLite does not call a primary key of text NOT NULL by itself.
            assert columns[column.name]["nullable"] == column.nullable or column.primary_key, (name, column.name)
        assert found.get_pk_constraint(name)["constrained_columns"] == [one.name for one in table.primary_key.columns], name


async def test_opening_twice_changes_nothing_and_a_newer_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "postmedic.db"
    store = await Store.open(str(path))
    await store.inbox.accept("Ev1", "message", {})
    await store.close()
    again = await Store.open(str(path))
    assert [one.key for one in await again.inbox.take("me")] == ["Ev1"]
    await again.close()
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO versions (number) VALUES (?)", (len(MIGRATIONS) + 1,))
    with pytest.raises(StoreUnavailable, match="newer postmedic"):
        await Store.open(str(path))


async def test_two_processes_may_open_a_new_database_at_once(tmp_path: Path) -> None:
    path = str(tmp_path / "postmedic.db")
    stores = await asyncio.gather(*(Store.open(path) for _ in range(8)))
    assert [await one.inbox.accept("Ev1", "message", {}) for one in stores] == [True] + [False] * 7
    for one in stores:
        await one.close()


async def test_the_file_is_private_and_durable(tmp_path: Path) -> None:
    path = tmp_path / "postmedic.db"
    store = await Store.open(str(path))
    await store.inbox.accept("Ev1", "message", {})
    for file in tmp_path.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file
    async with store._database.writing() as connection:
        settings = [
            (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    assert settings == ["wal", 2, 1, 15000]
    await store.close()


async def test_what_cannot_be_used_is_said_without_the_statement(tmp_path: Path) -> None:
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"this is not a database" * 1000)
    with pytest.raises(StoreUnavailable, match="not a database"):
        await Store.open(str(broken))
    with pytest.raises(StoreUnavailable, match="No such file"):
        await Store.open(str(tmp_path / "absent" / "postmedic.db"))
    with pytest.raises(StoreUnavailable):
        await Store.open("nonsense://host/database")


async def test_an_error_in_a_transaction_undoes_it(tmp_path: Path) -> None:
    store = await Store.open(str(tmp_path / "postmedic.db"))
    await store.inbox.accept("Ev1", "message", {"text": "secret"})
    with sqlite3.connect(tmp_path / "postmedic.db") as connection:
        connection.execute("DROP TABLE chain")
    with pytest.raises(StoreUnavailable) as caught:
        await store.events.record(kind="x", actor="x", subject="x", details={"text": "secret"})
    assert "secret" not in str(caught.value)
    assert [event async for event in store.events.read()] == []
    await store.close()


def test_postgresql_is_spoken_too() -> None:
    speaks = postgresql.dialect()  # type: ignore[no-untyped-call]
    assert "clock_timestamp" in str(dialect.now().compile(dialect=speaks))
    for table in schema.METADATA.sorted_tables:
        assert str(CreateTable(table).compile(dialect=speaks))
