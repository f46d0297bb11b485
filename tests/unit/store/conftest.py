from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.store.store import Store


@pytest.fixture
async def store(database: str, request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """A database of each kind; with leases short enough to wait for where the file says `LEASE_SECONDS`."""
    opened = await Store.open(database, lease_seconds=getattr(request.module, "LEASE_SECONDS", 15.0))
    yield opened
    await opened.close()
