"""Do the dispatchers keep the contract on real Debian hosts, with sudo, two accounts and systemd?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.connectors.base import StepState
from bot.connectors.dispatcher import render, render_fix, render_fix_entry, render_root
from bot.connectors.ssh import SshConnector
from bot.errors import ConnectionDropped
from bot.model.host import Host
from bot.model.plan import Step
from bot.model.probe import Access, Probe, Request
from tests.contract.hosts.catalogue import OPERATIONS, PROBES, Operation, append
from tests.contract.hosts.proxy import Wire
from tests.lab import Host as LabHost
from tests.lab import Lab
from tests.lab.enrolled import PROBE, enrolling, known

WHO = [Probe(name=f"who-{access.value}", script="id -un", access=access) for access in Access]
WHERE = Operation(name="where", script="cat /proc/self/cgroup")


@pytest.fixture(params=["mx12", "mx13"])
async def mail(request: pytest.FixtureRequest, lab: Lab) -> AsyncIterator[tuple[LabHost, Host]]:
    """A host that is enrolled while it runs, over accounts of those names that could do more."""
    machine = lab[request.param]
    others = {
        "read": render([*PROBES, *WHO]),
        "root-read": render_root([*PROBES, *WHO]),
        "fix-entry": render_fix_entry(),
        "fix": render_fix([*OPERATIONS, WHERE]),
    }
    machine.run("sh -s", stdin=enrolling(lab.keys, machine.name, others).encode(), check=True)
    yield machine, known(lab, machine)
    machine.reset()


async def test_probes_reach_as_far_as_their_access_and_no_further(mail: tuple[LabHost, Host], connector: SshConnector) -> None:
    readings = [r async for r in connector.reader(mail[1]).read([Request(probe=probe) for probe in WHO])]
    assert {r.key: r.out.strip() for r in readings} == {"who-anyone": PROBE, "who-logs": "root", "who-root": "root"}


async def test_steps_run_once_in_a_unit_of_their_own_and_survive_the_connection(
    mail: tuple[LabHost, Host], connector: SshConnector
) -> None:
    machine, host = mail
    writer = connector.writer(host)
    assert writer is not None
    where = await writer.run("e1", 0, Step(operation="where", tokens=(), script=""))
    assert "postmedic-e1-0.service" in where.stdout
    results = await asyncio.gather(*(writer.run("e1", 1, append("tmp/effects")) for _ in range(6)))
    assert sorted(result.replayed for result in results) == [False] + [True] * 5
    async with Wire(host.port) as wire:
        cut = connector.writer(replace(host, port=wire.port))
        assert cut is not None
        running = asyncio.create_task(cut.run("e2", 0, append("tmp/other")))
        while machine.run("test -e /tmp/other").rc != 0:
            await asyncio.sleep(0.05)
        wire.cut()
        with pytest.raises(ConnectionDropped):
            await running
    while (asked := await writer.ask("e2", 0))[0] is StepState.RUNNING:
        await asyncio.sleep(0.2)
    assert asked[1] is not None
    assert (asked[1].exit, asked[1].stdout) == (0, "finished\n")
    assert machine.run("cat /tmp/effects /tmp/other").out == "ran\nran\n"
