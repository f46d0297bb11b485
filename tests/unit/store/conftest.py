from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.store.store import Store


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """A database in a file, with leases short enough to wait for."""
    opened = await Store.open(str(tmp_path / "postmedic.db"), lease_seconds=0.2)
    yield opened
    await opened.close()
