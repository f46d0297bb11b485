"""Which steps lead from an empty database to today's tables? Numbered SQL texts, run in order, never edited once released."""

from __future__ import annotations

from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import StoreUnavailable
from bot.store import dialect
from bot.store.database import Database

_FIRST = (
    "CREATE TABLE counters (name TEXT PRIMARY KEY, value BIGINT NOT NULL)",
    "INSERT INTO counters (name, value) VALUES ('inbox', 0), ('outbox', 0)",
    """CREATE TABLE events (
        sequence BIGINT PRIMARY KEY, line TEXT NOT NULL)""",
    """CREATE TABLE chain (
        id INTEGER PRIMARY KEY CHECK (id = 1), sequence BIGINT NOT NULL, digest TEXT NOT NULL)""",
    """INSERT INTO chain (id, sequence, digest)
        VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000')""",
    """CREATE TABLE inbox (
        key TEXT PRIMARY KEY, kind TEXT NOT NULL, payload TEXT NOT NULL, state TEXT NOT NULL, position BIGINT NOT NULL,
        attempts INTEGER NOT NULL, reason TEXT NOT NULL, owner TEXT NOT NULL, lease_until DOUBLE PRECISION NOT NULL,
        not_before DOUBLE PRECISION NOT NULL, changed_at DOUBLE PRECISION NOT NULL)""",
    "CREATE INDEX inbox_waiting ON inbox (position) WHERE state = 'waiting'",
    """CREATE TABLE outbox (
        kind TEXT NOT NULL, subject TEXT NOT NULL, channel TEXT NOT NULL, thread TEXT NOT NULL, payload TEXT NOT NULL,
        version INTEGER NOT NULL, sent INTEGER NOT NULL, ts TEXT NOT NULL, position BIGINT NOT NULL, attempts INTEGER NOT NULL,
        problem TEXT NOT NULL, owner TEXT NOT NULL, lease_until DOUBLE PRECISION NOT NULL, not_before DOUBLE PRECISION NOT NULL,
        changed_at DOUBLE PRECISION NOT NULL, PRIMARY KEY (kind, subject))""",
    "CREATE INDEX outbox_waiting ON outbox (channel, position) WHERE sent < version",
    """CREATE TABLE conversations (
        id TEXT PRIMARY KEY, channel TEXT NOT NULL, thread TEXT NOT NULL, answer_ts TEXT NOT NULL, host TEXT NOT NULL,
        requester TEXT NOT NULL, lang TEXT NOT NULL, paste TEXT NOT NULL, recognition TEXT NOT NULL,
        created_at DOUBLE PRECISION NOT NULL)""",
    "CREATE INDEX conversations_thread ON conversations (channel, thread, created_at)",
    """CREATE TABLE plans (
        id TEXT PRIMARY KEY, digest TEXT NOT NULL, host TEXT NOT NULL, document TEXT NOT NULL, state TEXT NOT NULL,
        why TEXT NOT NULL, detail TEXT NOT NULL, conversation TEXT NOT NULL, owner TEXT NOT NULL,
        lease_until DOUBLE PRECISION NOT NULL, expires_at DOUBLE PRECISION NOT NULL, changed_at DOUBLE PRECISION NOT NULL)""",
    """CREATE UNIQUE INDEX plans_one_per_host ON plans (host)
        WHERE state IN ('checking', 'applying', 'verifying', 'undoing', 'probing', 'in_doubt')""",
    "CREATE INDEX plans_open ON plans (state) WHERE state IN ('proposed', 'approved')",
    """CREATE TABLE reviews (
        plan TEXT NOT NULL REFERENCES plans (id), team TEXT NOT NULL, actor TEXT NOT NULL, decision TEXT NOT NULL,
        digest TEXT NOT NULL, at DOUBLE PRECISION NOT NULL, document TEXT NOT NULL,
        PRIMARY KEY (plan, team, actor, decision))""",
    """CREATE TABLE steps (
        plan TEXT NOT NULL REFERENCES plans (id), number INTEGER NOT NULL, undo BOOLEAN NOT NULL, document TEXT NOT NULL,
        started_at DOUBLE PRECISION NOT NULL, ended_at DOUBLE PRECISION, result TEXT, PRIMARY KEY (plan, number))""",
    """CREATE TABLE measurements (
        plan TEXT NOT NULL REFERENCES plans (id), stage TEXT NOT NULL, at DOUBLE PRECISION NOT NULL, document TEXT NOT NULL,
        PRIMARY KEY (plan, stage))""",
)

_KEYS = ("CREATE TABLE keys (name TEXT PRIMARY KEY, value TEXT NOT NULL)",)
_MARKS = ("CREATE TABLE marks (name TEXT PRIMARY KEY, at DOUBLE PRECISION NOT NULL, value TEXT NOT NULL)",)
_UNMATCHED = (
    """CREATE TABLE unmatched (
        key TEXT PRIMARY KEY, text TEXT NOT NULL, question TEXT NOT NULL, count INTEGER NOT NULL,
        first_at DOUBLE PRECISION NOT NULL, last_at DOUBLE PRECISION NOT NULL)""",
    "CREATE INDEX unmatched_last ON unmatched (last_at)",
)
_GATE = (
    """CREATE TABLE confirmations (
        plan TEXT NOT NULL REFERENCES plans (id), person TEXT NOT NULL, decision TEXT NOT NULL, digest TEXT NOT NULL,
        at DOUBLE PRECISION NOT NULL, signature TEXT NOT NULL, PRIMARY KEY (plan, person, decision))""",
    """CREATE TABLE gate (
        id INTEGER PRIMARY KEY CHECK (id = 1), frozen_at DOUBLE PRECISION NOT NULL, actor TEXT NOT NULL,
        reason TEXT NOT NULL)""",
    "INSERT INTO gate (id, frozen_at, actor, reason) VALUES (1, 0, '', '\"\"')",
    "CREATE INDEX steps_begun ON steps (started_at) WHERE number = 0",
)

_FORGETTING = ("CREATE INDEX plans_conversation ON plans (conversation)",)
_HISTORY = ("CREATE INDEX events_host ON events ((EVENT_HOST), sequence)",)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_FIRST, _KEYS, _MARKS, _UNMATCHED, _GATE, _FORGETTING, _HISTORY)
"""The texts of version 1, 2, 3 …; only statements that SQLite and PostgreSQL both know, or `dialect.spelled`."""


async def migrate(database: Database) -> None:
    """Bring the tables to the newest version; raises `StoreUnavailable` when a newer postmedic has been here."""
    async with database.writing() as connection:
        await dialect.lock_schema(connection)
        if not await connection.run_sync(_has_versions):
            await connection.execute(text("CREATE TABLE versions (number INTEGER PRIMARY KEY)"))
        if damage := await dialect.damage(connection):
            raise StoreUnavailable(detail=f"it is damaged: {damage.splitlines()[-1][:200]}; restore a backup")
        found = await _version(connection)
        for number, statements in enumerate(MIGRATIONS[found:], start=found + 1):
            for statement in statements:
                await connection.execute(text(dialect.spelled(connection, statement)))
            await connection.execute(text("INSERT INTO versions (number) VALUES (:number)"), {"number": number})


async def behind(database: Database) -> int:
    """How many versions `migrate` would add; raises `StoreUnavailable` as it does."""
    async with database.reading() as connection:
        found = await _version(connection) if await connection.run_sync(_has_versions) else 0
    return len(MIGRATIONS) - found


async def _version(connection: AsyncConnection) -> int:
    found = int((await connection.execute(text("SELECT coalesce(max(number), 0) FROM versions"))).scalar_one())
    if found > len(MIGRATIONS):
        raise StoreUnavailable(
            detail=f"it has version {found} and this postmedic knows versions up to {len(MIGRATIONS)}; "
            "a newer postmedic has used it, so start that one or restore a copy from before"
        )
    return found


def _has_versions(connection: Connection) -> bool:
    return inspect(connection).has_table("versions")
