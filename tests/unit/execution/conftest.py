from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.store.store import Store


@pytest.fixture
async def store(database: str) -> AsyncIterator[Store]:
    """A database of each kind."""
    opened = await Store.open(database)
    yield opened
    await opened.close()
