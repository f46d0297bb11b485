"""What holds for every test: generated examples have no deadline each, because machines that test are busy.

The hosts of the lab, sshd's folder and both kinds of database can be used in every folder.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from bot.connectors.ssh import SshConnector
from tests.support.postgresql import new_database, server

pytest_plugins = ["tests.lab.fixtures"]

KINDS = ("sqlite", "postgresql")

settings.register_profile("postmedic", deadline=None)
settings.load_profile("postmedic")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose path is short and plain enough to travel as a token."""
    made = Path(tempfile.mkdtemp(prefix="postmedic-hosts."))
    yield made
    _remove(made)


def _remove(folder: Path) -> None:
    """Remove a folder into which an sshd's last child may still write its log."""
    deadline = time.monotonic() + 10
    while True:
        try:
            return shutil.rmtree(folder)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


@pytest.fixture
async def connector() -> AsyncIterator[SshConnector]:
    """A way to real hosts that does not wait long."""
    made = SshConnector(connect_timeout=2, step_seconds=20)
    yield made
    made.close()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of a running PostgreSQL server."""
    with server() as address:
        yield address


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind: the path of a file, or an address."""
    if request.param == "sqlite":
        return str(tmp_path / "postmedic.db")
    return new_database(request.getfixturevalue("postgresql"))
