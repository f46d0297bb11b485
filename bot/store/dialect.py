"""In what do SQLite and PostgreSQL differ? Everything that does is here; no other file may ask which of them it talks to."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Float, Text, event, text
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

WRITING = "postmedic_writing"  # execution option: this transaction will write
WRITERS_AT_ONCE = {"sqlite": 1, "postgresql": 8}  # SQLite has one writer; waiting in the process is fair, its busy loop is not
CONNECTIONS = 8
# In PostgreSQL only such a transaction sees one moment; every SQLite transaction does.
READING: dict[str, dict[str, Any]] = {"sqlite": {}, "postgresql": {"isolation_level": "REPEATABLE READ"}}
_SCHEMA_LOCK = 7_026_835  # any number: two replicas that start together must not both create the tables


_NOW = {
    # unixepoch('subsec') needs SQLite 3.42; Debian 12 has 3.40.
    "sqlite": "((julianday('now') - 2440587.5) * 86400.0)",
    "postgresql": "extract(epoch from clock_timestamp())::double precision",
}
# Never respelled: a database uses its index `events_host` only for the very words with which a migration made it.
_EVENT_HOST = {
    "sqlite": "CASE WHEN json_valid(line) THEN json_extract(line, '$.details.host') END",
    # Not as JSON: PostgreSQL refuses texts that a chain may hold, such as NUL. In a text of the line the quotes are escaped.
    "postgresql": """substring(line from '"host":"([^"]*)"')""",
}
_EVENT_LINE = {"sqlite": "CAST(events.line AS BLOB)", "postgresql": "events.line"}


class Spelled(FunctionElement[Any]):
    """An SQL function that has a spelling of its own in each kind of database."""

    spelling: Mapping[str, str]


@compiles(Spelled)
def _compiled(element: Spelled, compiler: Any, **options: Any) -> str:
    return element.spelling[compiler.dialect.name]


class now(Spelled):  # an SQL function, named as one
    """UTC seconds since the epoch by the database's clock."""

    type = Float()
    inherit_cache = True
    spelling = _NOW


class event_host(Spelled):
    """The host that the line of an event speaks of."""

    type = Text()
    inherit_cache = True
    spelling = _EVENT_HOST


class event_line(Spelled):
    """The line of an event; from SQLite as bytes, as a text in it may be none, and one such line would hide all others."""

    type = Text()
    inherit_cache = True
    spelling = _EVENT_LINE


def spelled(connection: AsyncConnection, statement: str) -> str:
    """A statement for every database as this one spells it."""
    return statement.replace("EVENT_HOST", _EVENT_HOST[connection.dialect.name])


def open_engine(where: str) -> AsyncEngine:
    """Make the engine for a file path (SQLite) or a `postgresql://` URL; nothing is opened yet."""
    # No overflow: connections beyond the pool would be opened and closed for every click of a crowd.
    pool: dict[str, Any] = {"pool_size": CONNECTIONS, "max_overflow": 0, "pool_timeout": 60}
    if "://" in where:
        url = make_url(where).set(drivername="postgresql+psycopg")
        # The server may have been restarted since the last use of a connection: it is tried before it is given out.
        return create_async_engine(url, pool_pre_ping=True, connect_args=_patience(url), **pool)
    engine = create_async_engine(f"sqlite+aiosqlite:///{where}", **pool)
    _make_private(Path(where))
    event.listen(engine.sync_engine, "connect", _tune_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _patience(url: URL) -> dict[str, Any]:
    # A replica that hangs in a transaction holds the head of the audit chain, so that nobody else could write.
    limits = "-c idle_in_transaction_session_timeout=30s -c lock_timeout=30s"
    asked = url.query.get("options", "")
    ours = {"connect_timeout": 10, "tcp_user_timeout": 15_000, "application_name": "postmedic"}
    given = {name: value for name, value in ours.items() if name not in url.query}
    return given | {"options": f"{limits} {asked if isinstance(asked, str) else ' '.join(asked)}"}


async def lock_schema(connection: AsyncConnection) -> None:
    """Keep other processes from changing the schema until this transaction ends."""
    if connection.dialect.name == "postgresql":  # a writing SQLite transaction is alone already
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SCHEMA_LOCK})


async def damage(connection: AsyncConnection) -> str:
    """What is wrong inside the file, in the database's own words; PostgreSQL says so by itself where it meets it."""
    if connection.dialect.name != "sqlite":
        return ""
    found = str((await connection.execute(text("PRAGMA quick_check(1)"))).scalar_one())
    return "" if found == "ok" else found


async def identity(connection: AsyncConnection) -> str:
    """Name the very tables this is: another name says that they come from a copy, or that a standby took over."""
    if connection.dialect.name != "postgresql":
        return ""
    asked = (
        "SELECT concat_ws('/', (SELECT system_identifier FROM pg_control_system()),"
        # The timeline that is written to: its control file names that of the standby it was until the next checkpoint.
        " ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int, 'marks'::regclass::oid)"
    )
    return str((await connection.execute(text(asked))).scalar_one())


def _make_private(path: Path) -> None:
    # It holds what people pasted. SQLite gives its -wal and -shm files the mode of the database file.
    # An existing one is left alone: closing any descriptor of it would drop the locks that this process holds on it.
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _tune_sqlite(connection: Any, record: Any) -> None:
    connection.isolation_level = None  # transactions begin in `_begin_sqlite`, not where the driver guesses
    cursor = connection.cursor()
    # Each connection would keep 2 MB of pages, which looks like a leak for the first hundred thousand events.
    for pragma in ("cache_size=-256", "busy_timeout=15000", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    _keep_a_log(cursor)
    cursor.close()


def _keep_a_log(cursor: Any) -> None:
    # SQLite does not wait, whatever its patience, where several processes turn a new file to this mode at once.
    for patience in range(100, -1, -1):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if not patience:
                raise
            time.sleep(0.02)


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later would fail at once, not wait, when another one wrote in between.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get(WRITING) else "BEGIN")
