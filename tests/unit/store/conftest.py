from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.store.store import Store


@pytest.fixture
async def store(database: str) -> AsyncIterator[Store]:
    """A database of each kind, with leases short enough to wait for."""
    opened = await Store.open(database, lease_seconds=0.2)
    yield opened
    await opened.close()


async def altered(store: Store, statement: str) -> None:
    """Change the database behind postmedic's back."""
    async with store._database.writing() as connection:
        await connection.exec_driver_sql(statement)
