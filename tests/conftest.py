"""What holds for every test: generated examples have no deadline each, because machines that test are busy.

The hosts of the lab can be used in every folder.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from bot.connectors.ssh import SshConnector

pytest_plugins = ["tests.lab.fixtures"]

settings.register_profile("postmedic", deadline=None)
settings.load_profile("postmedic")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose path is short and plain enough to travel as a token."""
    made = Path(tempfile.mkdtemp(prefix="postmedic-hosts."))
    yield made
    shutil.rmtree(made)


@pytest.fixture
async def connector() -> AsyncIterator[SshConnector]:
    """A way to real hosts that does not wait long."""
    made = SshConnector(connect_timeout=2, step_seconds=20)
    yield made
    made.close()
