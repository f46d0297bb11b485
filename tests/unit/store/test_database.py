"""The database itself: its tables are those the queries expect, and what is wrong with it is said plainly."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, inspect

from bot.errors import StoreUnavailable
from bot.store import schema
from bot.store.migrations import MIGRATIONS
from bot.store.store import Store
from tests.support.postgresql import new_database
from tests.support.stores import altered


async def test_the_tables_are_those_that_queries_address(database: str) -> None:
    await (await Store.open(database)).close()
    engine = create_engine(database.replace("://", "+psycopg://") if "://" in database else f"sqlite:///{database}")
    found = inspect(engine)
    assert set(found.get_table_names()) == {*schema.METADATA.tables, "versions"}
    for name, table in schema.METADATA.tables.items():
        columns = {one["name"]: one for one in found.get_columns(name)}
        assert set(columns) == set(table.columns.keys()), name
        for column in table.columns:
            # SQLite does not call a primary key of text NOT NULL by itself.
            assert columns[column.name]["nullable"] == column.nullable or column.primary_key, (name, column.name)
        assert found.get_pk_constraint(name)["constrained_columns"] == [one.name for one in table.primary_key.columns], name
    engine.dispose()


async def test_opening_twice_changes_nothing_and_a_newer_schema_is_refused(database: str) -> None:
    store = await Store.open(database)
    await store.inbox.accept("Ev1", "message", {})
    await store.close()
    again = await Store.open(database)
    assert [one.key for one in await again.inbox.take("me")] == ["Ev1"]
    await altered(again, f"INSERT INTO versions (number) VALUES ({len(MIGRATIONS) + 1})")
    await again.close()
    with pytest.raises(StoreUnavailable, match="newer postmedic"):
        await Store.open(database)


async def test_two_processes_may_open_a_new_database_at_once(database: str) -> None:
    stores = await asyncio.gather(*(Store.open(database) for _ in range(8)))
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


async def test_an_error_in_a_transaction_undoes_it(database: str) -> None:
    store = await Store.open(database)
    await store.inbox.accept("Ev1", "message", {"text": "secret"})
    await altered(store, "DROP TABLE chain")
    with pytest.raises(StoreUnavailable) as caught:
        await store.events.record(kind="x", actor="x", subject="x", details={"text": "secret"})
    assert "secret" not in str(caught.value)
    assert [event async for event in store.events.read()] == []
    await store.close()


@pytest.mark.parametrize(
    "where",
    ["nonsense://host/database", "postgresql://me:hunter2@127.0.0.1:9/x", "postgresql://me:hunter2@127.0.0.1:nine/x"],
)
async def test_an_address_that_does_not_work_is_said_without_its_password(where: str) -> None:
    with pytest.raises(StoreUnavailable) as caught:
        await Store.open(where)
    assert "hunter2" not in str(caught.value)


async def test_a_server_that_was_away_is_used_again(postgresql: str) -> None:
    store = await Store.open(new_database(postgresql))
    await store.inbox.accept("Ev1", "message", {})
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'postmedic'")
    assert [one.key for one in await store.inbox.take("me")] == ["Ev1"]
    await store.close()
