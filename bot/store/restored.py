"""Was this database put back to an earlier state? Then what people decided since is not in it, so what it holds open is over.

Asked before anything is begun. An SQLite file is held against the head of its record as it was last seen, kept in a file beside
it, which a copy does not bring along: a record that goes on differently was put back, however long it has become since, and one
that was looked at before and has no such file is a copy on another machine. A PostgreSQL database is held against which server,
which timeline and which tables it was. Restoring the file beside as well, or only rows, is not seen here: then the host's own
journal still knows what ran.
"""

from __future__ import annotations

import contextlib
import logging
import os
from pathlib import Path

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model.event import Anchor
from bot.model.execution import State
from bot.model.progress import Why
from bot.store import dialect, events, marks, schema
from bot.store.database import Database
from bot.store.leases import dead
from bot.store.plans import HELD, Plans

LOG = logging.getLogger(__name__)
_MARK = "identity"
_NOTHING = Anchor(sequence=0, digest="")
_BIGGEST = 1 << 63  # no database has a number of so many bits
_MISSING = "missing"  # stands in the file from when it is found missing until what waits has ended
_ENDS = {State.PROPOSED: State.EXPIRED, State.APPROVED: State.STALE, State.CHECKING: State.STALE}


async def end_what_was_restored(database: Database, plans: Plans) -> bool:
    """End every plan that waits, if the database was put back; True when it was. Remembers the present state.

    What a dead process had on a host is in doubt then: how it ended, and what was done to the host since, is not in it.
    """
    seen = _seen(database)  # first: other processes count on, and what is read later can only be more
    async with database.reading() as connection:
        head = (await connection.execute(select(schema.chain.c.sequence, schema.chain.c.digest))).one()
        goes_on = await _goes_on(connection, seen)
        mark = await marks.get(connection, _MARK)
        identity = await dialect.identity(connection)
    copied = mark is not None and _missing(database)
    restored = copied or not goes_on or (mark is not None and mark.value != identity)
    if restored:
        async with database.writing() as connection:
            details = {"sequence": str(head.sequence), "seen": str(seen.sequence), "identity": identity}
            await events.append(connection, kind="database.restored", actor="postmedic", subject="database", details=details)
            await _end(connection, plans, dead(schema.plans, database.lease_seconds))
            await marks.put(connection, _MARK, identity)
        LOG.warning("the database was put back to an earlier state; the plans that waited in it are over")
    elif mark is None and _see(database, str(head.sequence), head.digest):  # first, as the mark says that it is there
        async with database.writing() as connection:
            await marks.put(connection, _MARK, identity)
    if restored or head.sequence > seen.sequence:
        _see(database, str(head.sequence), head.digest)
    return restored


async def _end(connection: AsyncConnection, plans: Plans, left: ColumnElement[bool]) -> None:
    row = schema.plans.c
    over = or_(row.state.in_((State.PROPOSED, State.APPROVED)), and_(row.state.in_(HELD), left))
    for one in (await connection.execute(select(row.id, row.state).where(over))).all():
        state = State(one.state)
        way = (_ENDS[state],) if state in _ENDS else (State.PROBING, State.IN_DOUBT)
        for target in way:
            await plans.swap(connection, one.id, state, target, actor="postmedic", why=Why.RESTORED)
            state = target


async def _goes_on(connection: AsyncConnection, seen: Anchor) -> bool:
    """Whether the record holds the event that was seen."""
    if seen.sequence <= 0:
        return True
    line = await connection.scalar(select(dialect.event_line()).where(schema.events.c.sequence == seen.sequence))
    return line is not None and events.read(line).digest.startswith(seen.digest)


def _seen(database: Database) -> Anchor:
    """The newest event that was seen; earlier versions kept its number alone."""
    if database.file is None:
        return _NOTHING
    try:
        sequence, _, digest = _beside(database.file).read_text(encoding="ascii").partition(" ")
        seen = Anchor(sequence=int(sequence), digest=digest)
        return seen if seen.sequence < _BIGGEST else _NOTHING
    except (OSError, ValueError):
        return _NOTHING


def _missing(database: Database) -> bool:
    """Whether nothing is kept beside the file; where nothing can be, that says nothing."""
    if database.file is None:
        return False
    try:
        return _beside(database.file).read_text(encoding="ascii").startswith(_MISSING)
    except FileNotFoundError:
        return _see(database, _MISSING)
    except (OSError, ValueError):
        return False


def _see(database: Database, *words: str) -> bool:
    if database.file is None:
        return True
    kept = _beside(database.file)
    new = kept.with_name(f"{kept.name}.{os.getpid()}")
    with contextlib.suppress(OSError):  # without room the older one stays, which sees less but nothing wrong
        new.write_text(" ".join(words), encoding="ascii")
        new.replace(kept)
        return True
    return False


def _beside(file: Path) -> Path:
    return file.with_name(file.name + ".seen")
