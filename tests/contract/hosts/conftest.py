"""Two kinds of host under one contract: OpenSSH with the rendered dispatchers, and the sample host."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.model.enrolment import PROGRAMS, telling
from bot.model.host import Account, Approvers, Host, Via
from bot.model.plan import Step
from bot.sandbox.hosts import SampleHost, SampleHosts
from tests.contract.hosts.catalogue import append, scene
from tests.contract.hosts.openssh import sshd


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A host under test, the step that has an effect on it, and how often it had."""

    host: Host
    step: Step
    effects: Callable[[], int]


@pytest.fixture
async def openssh(folder: Path) -> AsyncIterator[Site]:
    if os.geteuid() != 0:
        pytest.skip("the dispatcher for fixes runs as root")
    file = folder / "effects"
    with sshd(folder) as host:
        yield Site(
            host=host,
            step=append(str(file)[1:]),
            effects=lambda: len(file.read_text().splitlines()) if file.exists() else 0,
        )


@pytest.fixture
async def sample(folder: Path) -> AsyncIterator[Site]:
    host = SampleHost(
        scene("tmp/effects"), latency=0.1, step_seconds=1, enrolment=telling("0.0.0", dict.fromkeys(PROGRAMS, ""))
    )
    async with SampleHosts([host], folder) as hosts:
        (at,) = hosts.addresses
        yield Site(
            host=Host(
                name=at.name,
                address=at.address,
                port=at.port,
                host_keys=at.host_keys,
                reader=Account(user=at.probe_user, key=at.probe_key),
                writer=Account(user=at.fix_user, key=at.fix_key),
                via=Via.ENROLLED,
                approvers=Approvers(),
            ),
            step=append("tmp/effects"),
            effects=lambda: sum(step.startswith("append ") for step in host.effects),
        )


@pytest.fixture(params=["openssh", "sample"])
def site(request: pytest.FixtureRequest) -> Site:
    return request.getfixturevalue(request.param)  # type: ignore[no-any-return]
