"""How do audit events get into the database? Only inside the transaction of the change they record; rows are never changed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.audit import chain
from bot.model.event import Anchor, Event
from bot.store import schema
from bot.store.circumstances import circumstances
from bot.store.database import Database, told
from bot.store.dialect import event_host, event_line, now

_BATCH = 1000


async def append(connection: AsyncConnection, *, kind: str, actor: str, subject: str, details: Mapping[str, str]) -> Event:
    """Add the next event of the chain in the caller's transaction; one about a plan says its circumstances by itself."""
    head = schema.chain
    # The update comes first because it locks the head: two transactions can never take the same number.
    taken = await connection.execute(
        update(head).values(sequence=head.c.sequence + 1).returning(head.c.sequence, head.c.digest, now().label("at"))
    )
    row = taken.one()
    full = {**await circumstances(connection, subject), **details}
    event = chain.seal(
        sequence=row.sequence, at=row.at, kind=kind, actor=actor, subject=subject, details=full, previous=row.digest
    )
    await connection.execute(insert(schema.events).values(sequence=event.sequence, line=chain.line(event)))
    await connection.execute(update(head).values(digest=event.digest))
    told(connection).append(event)
    return event


def read(line: str | bytes) -> Event:
    """Read a stored line back, whatever its bytes are; see `bot.audit.chain.read`."""
    return chain.read(line.decode("ascii", "replace") if isinstance(line, bytes) else line)


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
                        select(column.sequence, event_line().label("line"))
                        .where(column.sequence > after)
                        .order_by(column.sequence)
                        .limit(_BATCH)
                    )
                ).all()
            for row in rows:
                yield read(row.line)
            if len(rows) < _BATCH:
                return
            after = rows[-1].sequence

    async def about(self, host: str, most: int) -> tuple[Event, ...]:
        """Give the newest `most` events about a host of this name in the inventory, oldest first."""
        column = schema.events.c
        newest = (
            select(event_line())
            .select_from(schema.events)
            .where(event_host() == host)
            .order_by(column.sequence.desc())
            .limit(most)
        )
        async with self._database.reading() as connection:
            lines = (await connection.scalars(newest)).all()
        return tuple(event for event in map(read, reversed(lines)) if event.details.get("host") == host)

    async def head(self) -> Anchor:
        """Give the newest event's place and digest, as the chain's own row has it: what an anchor elsewhere remembers."""
        async with self._database.reading() as connection:
            row = (await connection.execute(select(schema.chain.c.sequence, schema.chain.c.digest))).one()
        return Anchor(sequence=row.sequence, digest=row.digest)

    async def verify(self, anchors: Iterable[Anchor] = ()) -> chain.Break | None:
        """Give the first place at which the stored chain is broken, or None; see `bot.audit.chain.verify`."""
        head = await self.head()
        # The stored head is an anchor in the same database: it catches careless cuts at the end, never a thorough attacker.
        walk = chain.Verification([*anchors, *([head] if head.sequence else [])])
        async for event in self.read():
            if broken := walk.see(event):
                return broken
        return walk.end()
