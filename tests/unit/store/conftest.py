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
