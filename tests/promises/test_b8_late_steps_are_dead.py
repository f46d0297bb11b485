"""B8: a step past its time is dead on the host, with all it started, and not only forgotten here."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest

from bot.connectors.base import StepState
from bot.connectors.dispatcher import render_fix
from bot.connectors.ssh import SshConnector
from bot.errors import ConnectionDropped
from bot.execution.enrolment import programs
from bot.model.plan import Step
from tests.contract.hosts.catalogue import Operation
from tests.contract.hosts.proxy import Wire
from tests.lab import Host, Lab
from tests.lab.enrolled import enrolling, known
from tests.lab.proving import HOSTS, made_new

LATE = {
    "sleeps": "sleep 3651",
    "hides": "setsid sleep 3651 & sleep 3651",  # out of the process group that the deadline ends
    "stubborn": "trap '' TERM INT HUP; while :; do sleep 3651; done",
    "forks": "(sleep 3651 & sleep 3651 & wait) & nohup sleep 3651 >/dev/null 2>&1 & wait",
}
TOLD = Operation(name="told", script='tr "\\0" " " </proc/$PPID/cmdline', seconds=7)  # by what it is ended, and when
DEAD_WITHIN = 5.0  # seconds after the answer


@pytest.mark.parametrize("name", HOSTS)
async def test_nothing_of_a_late_step_lives_on(enrolled: Lab, name: str) -> None:
    host = enrolled[name]
    late = [Operation(name=one, script=script, seconds=2) for one, script in LATE.items()]
    others = {**programs(), "fix": render_fix([*late, TOLD])}
    try:
        host.run("sh -s", stdin=enrolling(enrolled.keys, name, others).encode(), check=True)
        connector = SshConnector(step_seconds=60)  # a step that is never ended fails here, and does not hang
        writer = connector.writer(known(enrolled, host))
        assert writer is not None
        told = (await writer.run("told", 0, _step("told"))).stdout
        assert told.split()[:4] == ["timeout", "-k", "5", "7"], "the time is the operation's own"
        results = await asyncio.gather(*(writer.run(f"late-{one}", 0, _step(one)) for one in LATE))
        assert {one: result.exit in (124, 137) for one, result in zip(LATE, results, strict=True)} == dict.fromkeys(LATE, True)
        await _dead(host)
        await _lost(enrolled, host, connector)
        connector.close()
    finally:
        made_new(enrolled, name)


async def _lost(lab: Lab, host: Host, connector: SshConnector) -> None:
    """The same when nobody listens any more: the host's own deadline ends the step."""
    at = known(lab, host)
    async with Wire(at.port) as wire:
        writer = connector.writer(replace(at, port=wire.port))
        assert writer is not None
        running = asyncio.create_task(writer.run("lost", 0, _step("hides")))
        while host.run("pgrep -fx 'sleep 3651'").rc != 0:
            await asyncio.sleep(0.05)
        wire.cut()
        with pytest.raises(ConnectionDropped):
            await running
    direct = connector.writer(at)
    assert direct is not None
    until = time.monotonic() + 60
    while (asked := await direct.ask("lost", 0))[0] is StepState.RUNNING and time.monotonic() < until:
        await asyncio.sleep(0.2)
    assert asked[0] is StepState.ENDED
    assert asked[1] is not None
    assert asked[1].exit == 124
    await _dead(host)


async def _dead(host: Host) -> None:
    until = time.monotonic() + DEAD_WITHIN
    while (left := host.run("pgrep -fx 'sleep 3651'").out) and time.monotonic() < until:
        await asyncio.sleep(0.2)
    assert left == ""


def _step(operation: str) -> Step:
    return Step(operation=operation, tokens=(), script="")
