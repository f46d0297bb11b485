"""How do audit events get into the database? Only inside the transaction of the change they record; rows are never changed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.audit import chain
from bot.model.event import Event
from bot.store import schema
from bot.store.database import Database
from bot.store.dialect import now

_BATCH = 1000


async def append(connection: AsyncConnection, *, kind: str, actor: str, subject: str, details: Mapping[str, str]) -> Event:
    """Add the next event of the chain in the caller's transaction."""
    head = schema.chain
    # The update comes first because it locks the head: two transactions can never take the same number.
    taken = await connection.execute(
        update(head).values(sequence=head.c.sequence + 1).returning(head.c.sequence, head.c.digest, now().label("at"))
    )
    row = taken.one()
    event = chain.seal(
        sequence=row.sequence, at=row.at, kind=kind, actor=actor, subject=subject, details=details, previous=row.digest
    )
    await connection.execute(insert(schema.events).values(sequence=event.sequence, line=chain.line(event)))
    await connection.execute(update(head).values(digest=event.digest))
    return event


class Events:
    """The audit chain as it is stored."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(self, *, kind: str, actor: str, subject: str, details: Mapping[str, str]) -> Event:
        """Add an event that goes with no change of state, such as a refusal."""
        async with self._database.writing() as connection:
            return await append(connection, kind=kind, actor=actor, subject=subject, details=details)

    async def read(self, after: int = 0) -> AsyncIterator[Event]:
        """Yield every event with a higher sequence number than `after`, in order."""
        column = schema.events.c
        while True:
            async with self._database.reading() as connection:
                rows = (
                    await connection.execute(
                        select(column.sequence, column.line)
                        .where(column.sequence > after)
                        .order_by(column.sequence)
                        .limit(_BATCH)
                    )
                ).all()
            for row in rows:
                yield chain.read(row.line)
            if len(rows) < _BATCH:
                return
            after = rows[-1].sequence

    async def head(self) -> tuple[int, str]:
        """Give the sequence number and digest of the newest event: what an anchor elsewhere has to remember."""
        async with self._database.reading() as connection:
            row = (await connection.execute(select(schema.chain.c.sequence, schema.chain.c.digest))).one()
        return row.sequence, row.digest

    async def verify(self, anchors: Mapping[int, str] | None = None) -> int | None:
        """Give the first sequence number at which the stored chain is broken, or None; see `bot.audit.chain.verify`."""
        sequence, digest = await self.head()
        held = {sequence: digest} if sequence else {}
        # The stored head is an anchor in the same database: it catches careless cuts at the end, never a thorough attacker.
        return chain.verify([event async for event in self.read()], held | dict(anchors or {}))
