"""When was something last so? One row per question that outlives processes, by the database's clock."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import schema
from bot.store.database import Database
from bot.store.dialect import now

_ROW = schema.marks.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What was noted: `at` in UTC seconds, and how many seconds ago that was."""

    at: float
    ago: float
    value: str


async def put(connection: AsyncConnection, name: str, value: str) -> None:
    """Set a mark to the present moment, in the caller's transaction."""
    there = update(schema.marks).where(_ROW.name == name).values(at=now(), value=value)
    if (await connection.execute(there)).rowcount == 0:
        try:
            async with connection.begin_nested():
                await connection.execute(insert(schema.marks).values(name=name, at=now(), value=value))
        except IntegrityError:  # another process was first
            await connection.execute(there)


async def get(connection: AsyncConnection, name: str) -> Mark | None:
    """Read a mark, or None where there was none yet."""
    row = (
        await connection.execute(select(_ROW.at, (now() - _ROW.at).label("ago"), _ROW.value).where(_ROW.name == name))
    ).first()
    return None if row is None else Mark(at=row.at, ago=row.ago, value=row.value)


class Marks:
    """The marks, each in a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, name: str, value: str = "") -> None:
        """Set a mark to the present moment."""
        async with self._database.writing() as connection:
            await put(connection, name, value)

    async def get(self, name: str) -> Mark | None:
        """Read a mark, or None where there was none yet."""
        async with self._database.reading() as connection:
            return await get(connection, name)
