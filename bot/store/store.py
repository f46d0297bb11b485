"""Where do all rows live? One database, addressed by subject."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import select

from bot.model.event import Event
from bot.model.gate import Caps
from bot.store.conversations import Conversations
from bot.store.database import Database
from bot.store.dialect import now
from bot.store.events import Events
from bot.store.gate import Gate
from bot.store.inbox import Inbox
from bot.store.keys import key
from bot.store.leases import LEASE_SECONDS
from bot.store.marks import Marks
from bot.store.migrations import behind, migrate
from bot.store.outbox import Outbox
from bot.store.plans import Plans
from bot.store.restored import end_what_was_restored
from bot.store.retention import forget
from bot.store.unmatched import Unmatched


class Store:
    """The whole database; made by `Store.open`, ended by `close`."""

    def __init__(self, database: Database, caps: Caps) -> None:
        self._database = database
        self.inbox = Inbox(database)
        self.outbox = Outbox(database)
        self.conversations = Conversations(database)
        self.plans = Plans(database, caps)
        self.gate = Gate(database)
        self.events = Events(database)
        self.marks = Marks(database)
        self.unmatched = Unmatched(database)

    @classmethod
    async def open(
        cls,
        where: str,
        *,
        lease_seconds: float = LEASE_SECONDS,
        caps: Caps | None = None,
        witness: Callable[[Event], None] = lambda event: None,
    ) -> Store:
        """Open the database at a file path (SQLite) or URL and bring its tables up to date.

        `witness` is told every audit event that was committed. Raises `StoreUnavailable` when the database cannot be used
        or was written by a newer postmedic.
        """
        return cls(await opened(Database(where, lease_seconds=lease_seconds, witness=witness)), caps or Caps())

    @classmethod
    def unchanged(cls, where: str) -> Store:
        """An existing database as it is, for reading: its tables are not brought up to date."""
        return cls(Database(where, lease_seconds=LEASE_SECONDS), Caps())

    @staticmethod
    async def behind(where: str) -> int:
        """By how many versions the tables of an existing database are older; changes nothing. Raises `StoreUnavailable`."""
        database = Database(where, lease_seconds=LEASE_SECONDS)
        try:
            return await behind(database)
        finally:
            await database.close()

    @property
    def lease_seconds(self) -> float:
        """How long a worker may be silent before its rows are taken over."""
        return self._database.lease_seconds

    async def key(self, name: str) -> bytes:
        """A random key that belongs to this database alone, made when it is first asked for."""
        return await key(self._database, name)

    async def clock(self) -> float:
        """UTC seconds by the database's clock, which all processes share."""
        async with self._database.reading() as connection:
            return float((await connection.execute(select(now()))).scalar_one())

    async def end_what_was_restored(self) -> bool:
        """End the plans that wait, if the database was put back to an earlier state; True when it was."""
        return await end_what_was_restored(self._database, self.plans)

    async def forget(self, older_seconds: float) -> Mapping[str, int]:
        """Delete what ended longer ago, batch by batch; give how many rows of which table. The audit chain stays whole."""
        return await forget(self._database, older_seconds)

    async def close(self) -> None:
        """Close every connection; everybody who uses the store must have ended, or they wait for an answer for ever."""
        await self._database.close()


async def opened(database: Database) -> Database:
    """Migrate `database`, or close it again and say why it cannot be used."""
    try:
        await migrate(database)
    except BaseException:
        await database.close()
        raise
    return database
