"""Opening and closing a store around a test, and changing its database behind postmedic's back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bot.store.store import Store


@asynccontextmanager
async def opened(database: str, lease_seconds: float = 15.0) -> AsyncIterator[Store]:
    """The store of a database while the block runs."""
    store = await Store.open(database, lease_seconds=lease_seconds)
    try:
        yield store
    finally:
        await store.close()


def follows(store: Store, clock: Callable[[], float]) -> None:
    """Let the database's clock be the one of the test, as the two must agree."""

    async def same() -> float:
        return clock()

    store.clock = same  # type: ignore[method-assign]


async def altered(store: Store, statement: str) -> None:
    """Change the database as no code of postmedic does."""
    async with store._database.writing() as connection:
        await connection.exec_driver_sql(statement)
