"""How does a transaction begin and end? The one border at which the database library's errors become postmedic's."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path

from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import StoreUnavailable
from bot.model.event import Event
from bot.store import dialect

_TOLD = "postmedic_told"


class Refused(StoreUnavailable):
    """The database refused a row: {detail}. Nothing was changed."""


class Conflict(Refused):
    """The database refused a row: {detail}. Nothing was changed."""


class Database:
    """One database and the two kinds of transactions on it; `lease_seconds` is how long a worker may be silent.

    `witness` is told every audit event once it is committed, never one that was rolled back.
    """

    def __init__(self, where: str, *, lease_seconds: float, witness: Callable[[Event], None] = lambda event: None) -> None:
        self.lease_seconds = lease_seconds
        self.file = None if "://" in where else Path(where)
        self._witness = witness
        try:
            self._engine = dialect.open_engine(where)
        except ImportError as error:
            detail = "the driver for PostgreSQL is not installed; `pip install 'postmedic[postgresql]'`"
            raise StoreUnavailable(detail=detail) from error
        except (SQLAlchemyError, OSError, ValueError) as error:
            raise StoreUnavailable(detail=_short(error)) from error
        self._reader = self._engine.execution_options(**dialect.READING[self._engine.dialect.name])
        self._writer = self._engine.execution_options(**{dialect.WRITING: True})
        at_once = dialect.WRITERS_AT_ONCE[self._engine.dialect.name]
        self._turn = asyncio.Semaphore(at_once)
        self._queue = asyncio.Semaphore(max(1, at_once - 1))  # of all but the urgent, who so wait for one turn at most

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that sees one moment and changes nothing."""
        try:
            async with self._reader.connect() as connection, connection.begin():
                yield connection
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise StoreUnavailable(detail=_short(error)) from error
        except (ValueError, KeyError, TypeError) as error:  # a word or a field that no postmedic has written
            raise StoreUnavailable(detail="it holds a damaged row; restore a backup") from error

    @asynccontextmanager
    async def writing(self, *, urgent: bool = False) -> AsyncIterator[AsyncConnection]:
        """A transaction, committed when the block ends and rolled back when it raises; `Conflict` when a key is taken,
        `Refused` when a value cannot be stored.

        An `urgent` one does not stand in the queue of the others.
        """
        committed: list[Event] = []
        async with nullcontext() if urgent else self._queue, self._turn:
            try:
                async with self._writer.begin() as connection:
                    connection.info[_TOLD] = committed
                    yield connection
            except IntegrityError as error:
                raise Conflict(detail=_short(error)) from error
            except (DataError, UnicodeError) as error:
                raise Refused(detail="a text in it cannot be stored") from error
            except (SQLAlchemyError, sqlite3.Error) as error:
                raise StoreUnavailable(detail=_short(error)) from error
        for event in committed:
            self._witness(event)

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


def told(connection: AsyncConnection) -> list[Event]:
    """The audit events of this writing transaction so far."""
    events: list[Event] = connection.info[_TOLD]
    return events


def _short(error: Exception) -> str:
    # The driver's own sentence; the library's text would add the statement and its values, which may be a paste.
    return str(getattr(error, "orig", None) or error).splitlines()[0][:200]
