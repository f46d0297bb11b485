"""The lab for every folder of tests: each worker has hosts of its own, each new again after the test that used it.

`lab` holds hosts as Debian makes them, `enrolled` hosts on which an administrator has run the enrolment. Never turns a lab
that could not start on a machine that can run it into a skip.
"""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab import Host, Lab

_TOOLS = ("debootstrap", "systemd-nspawn", "unshare", "nsenter", "ip", "ssh-keygen", "apt-get")
_HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test over lab hosts; those over bare hosts share one worker, the others go to whichever is free."""
    for item in items:
        wanted = getattr(item, "fixturenames", ())
        if "need_lab" in wanted or item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.lab)
        if "lab" in wanted:
            item.add_marker(pytest.mark.xdist_group("lab"))


@pytest.fixture(scope="session")
def need_lab() -> None:
    """Skip where no lab can be, or fail where one is required."""
    if reason := _missing():
        if os.environ.get("POSTMEDIC_REQUIRE_LAB") == "1":
            pytest.fail(f"the lab is required here, but {reason}")
        pytest.skip(f"the lab needs root on Debian: {reason}")


@pytest.fixture(scope="session")
def lab(need_lab: None) -> Iterator[Lab]:
    """The three running hosts, bare."""
    with Lab.up() as running:
        yield running


@pytest.fixture(scope="session")
def enrolled(need_lab: None) -> Iterator[Lab]:
    """Three running hosts, the two for mail enrolled; a test makes those it used new again."""
    from tests.lab.enrolled import enrolled_lab  # needs the whole product, which tests of other folders start without

    with enrolled_lab() as running:
        yield running


@pytest.fixture
def mx12(lab: Lab) -> Iterator[Host]:
    """Debian 12 with Postfix 3.7, clean, and made clean again afterwards."""
    yield lab["mx12"]
    lab["mx12"].reset()


@pytest.fixture
def mx13(lab: Lab) -> Iterator[Host]:
    """Debian 13 with Postfix 3.10, clean, and made clean again afterwards."""
    yield lab["mx13"]
    lab["mx13"].reset()


@pytest.fixture
def relay(lab: Lab) -> Iterator[Host]:
    """The rest of the world: name server, foreign MX, submission provider; made clean again afterwards."""
    yield lab["relay"]
    lab["relay"].reset()


def _missing() -> str:
    if os.geteuid() != 0:
        return "this is not root"
    if platform.freedesktop_os_release().get("ID") != "debian":
        return "this is not Debian"
    absent = [tool for tool in _TOOLS if shutil.which(tool) is None]
    return f"these are not installed: {', '.join(absent)}" if absent else ""
