"""What did people ask about that no entry knows? Each distinct text once, bounded in size and number, for authors to read.

The caller has masked the secrets. Who asked, and where, is not kept.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import case, delete, insert, select, update

from bot.store import schema
from bot.store.database import Conflict, Database
from bot.store.dialect import now

LONGEST = 4_000  # characters of one text; the rest is cut off
MOST = 500  # texts; those not asked about for longest go first
_ROW = schema.unmatched.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One text nobody could explain: how often it was asked about, first and last (UTC seconds)."""

    text: str
    count: int
    first_at: float
    last_at: float


class Unmatched:
    """The texts, one row for each `key`, which says that two texts are the same but for names and numbers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, key: str, text: str, question: str) -> None:
        """Count one question about the text; a question that is handled twice in a row, as after a crash, counts once."""
        asked_again = case((_ROW.question == question, 0), else_=1)
        count = update(schema.unmatched).where(_ROW.key == key)
        count = count.values(count=_ROW.count + asked_again, question=question, last_at=now())
        row = {"key": key, "text": text[:LONGEST], "question": question, "count": 1, "first_at": now(), "last_at": now()}
        try:
            async with self._database.writing() as connection:
                if (await connection.execute(count)).rowcount:
                    return
                await connection.execute(insert(schema.unmatched).values(row))
                old = select(_ROW.key).order_by(_ROW.last_at.desc(), _ROW.key).offset(MOST)
                await connection.execute(delete(schema.unmatched).where(_ROW.key.in_(old)))
        except Conflict:  # another process was first
            async with self._database.writing() as connection:
                await connection.execute(count)

    async def listed(self) -> tuple[Asked, ...]:
        """Every text, the most asked about first."""
        rows = select(_ROW.text, _ROW.count, _ROW.first_at, _ROW.last_at).order_by(_ROW.count.desc(), _ROW.last_at.desc())
        async with self._database.reading() as connection:
            found = (await connection.execute(rows)).all()
        return tuple(Asked(text=text, count=count, first_at=first, last_at=last) for text, count, first, last in found)
