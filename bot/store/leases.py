"""Who works on a row, and is that process still alive? Leases by the database's clock, renewed by a task of their own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager

from sqlalchemy import ColumnElement, Table, not_, or_, update

from bot.errors import StoreUnavailable
from bot.store.database import Database
from bot.store.dialect import now

LEASE_SECONDS = 15.0
LOG = logging.getLogger(__name__)


def dead(table: Table, lease_seconds: float) -> ColumnElement[bool]:
    """The row is nobody's: never taken, given back, or its worker was silent too long.

    A lease far in the future was written before the clock was set back; it would otherwise hold the row for that long.
    """
    return or_(table.c.lease_until < now(), table.c.lease_until > now() + 2 * lease_seconds)


def alive(table: Table, lease_seconds: float) -> ColumnElement[bool]:
    """The row's worker was never silent for longer than its lease, so that nobody else can have taken it."""
    return not_(dead(table, lease_seconds))


async def renew(
    database: Database,
    table: Table,
    key: str,
    owner: str,
    held: Collection[str],
    *also: ColumnElement[bool],
    urgent: bool = False,
) -> None:
    """Extend the leases of the rows in `held` that are still `owner`'s, and for which `also` holds."""
    async with database.writing(urgent=urgent) as connection:
        await connection.execute(
            update(table)
            .where(table.c[key].in_(held), table.c.owner == owner, *also)
            .values(lease_until=now() + database.lease_seconds)
        )


@asynccontextmanager
async def holding(
    renew: Callable[[str, Collection[str]], Awaitable[None]], key: str, *, owner: str, lease_seconds: float
) -> AsyncIterator[None]:
    """Renew the lease of a row while the block runs, whatever the block waits for; when it ends, the lease may die."""
    ended = asyncio.Event()
    renewing = asyncio.create_task(_renew_until(ended, renew, key, owner, lease_seconds / 3))
    try:
        yield
    finally:
        ended.set()
        await renewing


async def _renew_until(
    ended: asyncio.Event, renew: Callable[[str, Collection[str]], Awaitable[None]], key: str, owner: str, pause: float
) -> None:
    while True:
        try:
            async with asyncio.timeout(pause):
                await ended.wait()
            return
        except TimeoutError:
            try:
                await renew(owner, (key,))
            except StoreUnavailable as error:  # a lease outlives two failures; after that the row is taken over
                LOG.warning("the lease of %s was not renewed: %s", key, error)
