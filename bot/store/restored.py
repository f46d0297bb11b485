"""Was this database put back to an earlier state? Then what people decided since is not in it, so what it holds open is over.

Asked before anything is begun. An SQLite file is held against a number kept beside it, which a copy of the file does not bring
along; a PostgreSQL database against which server, which timeline and which tables it was. Restoring the number as well, or
only rows, is not seen here: then the host's own journal still knows what ran.
"""

from __future__ import annotations

import contextlib
import logging
import os
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model.execution import State
from bot.model.progress import Why
from bot.store import dialect, events, marks, schema
from bot.store.database import Database
from bot.store.plans import Plans

LOG = logging.getLogger(__name__)
_MARK = "identity"
_ENDS = {State.PROPOSED: State.EXPIRED, State.APPROVED: State.STALE}


async def end_what_was_restored(database: Database, plans: Plans) -> bool:
    """End every plan that waits, if the database was put back; True when it was. Remembers the present state."""
    seen = _seen(database)  # first: other processes count on, and what is read later can only be more
    async with database.reading() as connection:
        sequence = await connection.scalar(select(schema.chain.c.sequence)) or 0
        mark = await marks.get(connection, _MARK)
        identity = await dialect.identity(connection)
    restored = sequence < seen or (mark is not None and mark.value != identity)
    if restored:
        async with database.writing() as connection:
            details = {"sequence": str(sequence), "seen": str(seen), "identity": identity}
            await events.append(connection, kind="database.restored", actor="postmedic", subject="database", details=details)
            await _end(connection, plans)
            await marks.put(connection, _MARK, identity)
        LOG.warning("the database was put back to an earlier state; the plans that waited in it are over")
    elif mark is None:
        async with database.writing() as connection:
            await marks.put(connection, _MARK, identity)
    if restored or sequence > seen:
        _see(database, sequence)
    return restored


async def _end(connection: AsyncConnection, plans: Plans) -> None:
    row = schema.plans.c
    for one in (await connection.execute(select(row.id, row.state).where(row.state.in_(_ENDS)))).all():
        state = State(one.state)
        await plans.swap(connection, one.id, state, _ENDS[state], actor="postmedic", why=Why.RESTORED)


def _seen(database: Database) -> int:
    if database.file is None:
        return 0
    try:
        return int(_beside(database.file).read_text())
    except (OSError, ValueError):
        return 0


def _see(database: Database, sequence: int) -> None:
    if database.file is None:
        return
    kept = _beside(database.file)
    new = kept.with_name(f"{kept.name}.{os.getpid()}")
    with contextlib.suppress(OSError):  # without room the older number stays, which sees less but nothing wrong
        new.write_text(str(sequence))
        new.replace(kept)


def _beside(file: Path) -> Path:
    return file.with_name(file.name + ".seen")
