from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.store.store import Store


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """A database in a file."""
    opened = await Store.open(str(tmp_path / "postmedic.db"))
    yield opened
    await opened.close()
