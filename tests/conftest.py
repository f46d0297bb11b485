"""What holds for every test: generated examples have no deadline, because machines that test are busy; and databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.postgresql import new_database, server

settings.register_profile("postmedic", deadline=None)
settings.load_profile("postmedic")

KINDS = ("sqlite", "postgresql")


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
