"""Does every enrolled host, real or sample, keep the same contract with the connector?"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest

from bot.connectors.base import StepState
from bot.connectors.ssh import SshConnector
from bot.errors import ConnectionDropped, Frozen, LoginRefused
from bot.model.host import Account, Via
from bot.model.plan import Step
from bot.model.probe import Probe, Reading, Request
from tests.contract.hosts.catalogue import ANSWERED, BARE, BYTES, ECHO, EMPTY, FORGED, GREETING, LONG, SLOW, ask
from tests.contract.hosts.conftest import Site
from tests.contract.hosts.escapes import ESCAPES, MARK, say
from tests.contract.hosts.openssh import new_key
from tests.contract.hosts.proxy import Wire

FAIL = Step(operation="fail", tokens=(), script="")


async def read(connector: SshConnector, site: Site, requests: list[Request]) -> dict[str, Reading]:
    return {reading.key: reading async for reading in connector.reader(site.host).read(requests)}


async def test_readings_are_exact(site: Site, connector: SshConnector) -> None:
    requests = [*ask(GREETING, BARE, EMPTY, BYTES, FORGED, LONG), Request(probe=ECHO, tokens=("mail.example.org", "25"))]
    readings = await read(connector, site, requests)
    assert list(readings) == [request.key for request in requests]
    for key, reading in readings.items():
        expected = ANSWERED[key]
        assert reading.stdout == str(expected.get("stdout", "")).encode("utf-8", "surrogateescape"), key
        assert reading.stderr == str(expected.get("stderr", "")).encode(), key
        assert reading.truncated == (key == "long")
        assert reading.exit == expected["exit"] or key == "long"


async def test_the_host_key_is_known_after_the_first_read(site: Site, connector: SshConnector) -> None:
    reader = connector.reader(site.host)
    assert reader.host_key == ""
    assert [reading.exit async for reading in reader.read(ask(EMPTY))] == [0]
    assert reader.host_key == asyncssh.import_public_key(site.host.host_keys[0]).get_fingerprint("sha256")


async def test_rounds_share_a_connection_and_survive_its_loss(site: Site, connector: SshConnector) -> None:
    async with Wire(site.host.port) as wire:
        reader = connector.reader(replace(site.host, port=wire.port))
        for _ in range(3):
            assert [reading.exit async for reading in reader.read(ask(EMPTY))] == [0]
        assert wire.connections == 1
        wire.cut()
        assert [reading.exit async for reading in reader.read(ask(EMPTY))] == [0]
        assert wire.connections == 2


async def test_a_probe_the_host_does_not_know_is_refused_alone(site: Site, connector: SshConnector) -> None:
    readings = await read(connector, site, ask(Probe(name="newer", script="true"), BARE))
    assert (readings["newer"].exit, readings["bare"].stdout) == (64, b"no newline")
    assert b"no probe" in readings["newer"].stderr


async def test_a_host_that_is_not_enrolled_has_no_way_to_change_it(site: Site, connector: SshConnector) -> None:
    assert site.host.writer is not None
    assert connector.writer(replace(site.host, via=Via.SHELL)) is None


async def test_an_enrolled_host_says_which_programs_it_has(site: Site, connector: SshConnector, folder: Path) -> None:
    writer = connector.writer(site.host)
    assert writer is not None
    found = await writer.enrolment()
    assert found is not None
    if (fix := folder / "fix").exists():  # a real one measures itself
        fix.write_text(fix.read_text() + "# changed\n")
        changed = await writer.enrolment()
        assert changed is not None
        assert (changed.version, changed.digest == found.digest) == (found.version, False)
        fix.with_name("read").unlink()
        assert await writer.enrolment() is None


async def test_a_key_the_host_does_not_know_is_refused(site: Site, connector: SshConnector, folder: Path) -> None:
    new_key(folder / "stranger")
    stranger = replace(site.host, reader=Account(user=site.host.reader.user, key=str(folder / "stranger")))
    with pytest.raises(LoginRefused):
        [_ async for _ in connector.reader(stranger).read(ask(EMPTY))]


async def test_a_step_runs_once_and_its_result_is_replayed(site: Site, connector: SshConnector) -> None:
    writer = connector.writer(site.host)
    assert writer is not None
    assert await writer.ask("e1", 0) == (StepState.UNSEEN, None)
    first = await writer.run("e1", 0, site.step)
    assert (first.exit, first.stdout, first.stderr, first.replayed) == (0, "finished\n", "aside\n", False)
    again = await writer.run("e1", 0, site.step)
    assert again == replace(first, replayed=True)
    assert await writer.ask("e1", 0) == (StepState.ENDED, again)
    failed = await writer.run("e1", 1, FAIL)
    assert (failed.exit, failed.stderr) == (7, "broken\n")
    assert site.effects() == 1


async def test_a_step_that_may_not_be_sent_any_more_does_not_leave(site: Site) -> None:
    async def frozen(execution: str) -> None:
        raise Frozen(who="U0DORA", reason="stop")

    connector = SshConnector(connect_timeout=2, may_send=frozen)
    try:
        writer = connector.writer(site.host)
        assert writer is not None
        with pytest.raises(Frozen):
            await writer.run("frozen", 0, site.step)
        assert site.effects() == 0
        assert await writer.ask("frozen", 0) == (StepState.UNSEEN, None)
    finally:
        connector.close()


async def test_duplicates_in_parallel_have_one_effect(site: Site, connector: SshConnector) -> None:
    writer = connector.writer(site.host)
    assert writer is not None
    results = await asyncio.gather(*(writer.run("e1", 0, site.step) for _ in range(12)))
    assert sorted(result.replayed for result in results) == [False] + [True] * 11
    assert {(result.exit, result.stdout) for result in results} == {(0, "finished\n")}
    assert site.effects() == 1


async def test_the_same_step_with_other_words_is_refused(site: Site, connector: SshConnector) -> None:
    writer = connector.writer(site.host)
    assert writer is not None
    await writer.run("e1", 0, site.step)
    refused = await writer.run("e1", 0, FAIL)
    assert refused.exit == 65
    assert "other words" in refused.stderr
    assert site.effects() == 1


async def test_an_operation_the_host_does_not_know_is_refused(site: Site, connector: SshConnector) -> None:
    writer = connector.writer(site.host)
    assert writer is not None
    refused = await writer.run("e1", 0, Step(operation="reinstall", tokens=(), script="true"))
    assert refused.exit == 64
    assert refused.stderr
    assert await writer.ask("e1", 0) == (StepState.UNSEEN, None)


async def test_a_connection_cut_in_a_probe_keeps_what_came_before(site: Site, connector: SshConnector) -> None:
    readings = []

    async def cut_after_the_first(wire: Wire) -> None:
        async for reading in connector.reader(replace(site.host, port=wire.port)).read(ask(GREETING, SLOW, BARE)):
            readings.append(reading)
            wire.cut()

    async with Wire(site.host.port) as wire:
        with pytest.raises(ConnectionDropped):
            await cut_after_the_first(wire)
    assert [reading.key for reading in readings] == ["greeting"]


async def test_a_connection_cut_in_a_step_is_in_doubt_until_asked(site: Site, connector: SshConnector) -> None:
    async with Wire(site.host.port) as wire:
        writer = connector.writer(replace(site.host, port=wire.port))
        assert writer is not None
        step = asyncio.create_task(writer.run("e1", 0, site.step))
        while site.effects() == 0:
            await asyncio.sleep(0.02)
        wire.cut()
        with pytest.raises(ConnectionDropped):
            await step
        assert await writer.ask("e1", 0) == (StepState.RUNNING, None)
        while (asked := await writer.ask("e1", 0))[0] is StepState.RUNNING:
            await asyncio.sleep(0.1)
        assert asked[0] is StepState.ENDED
        assert asked[1] is not None
        assert (asked[1].exit, asked[1].stdout) == (0, "finished\n")
        assert site.effects() == 1


async def test_each_account_can_do_only_its_own(site: Site) -> None:
    ((_, crossed),) = await say(site.host, site.host.reader, [f"run e1 0 {site.step.wire}"])
    assert crossed.exit_status == 64
    ((_, crossed),) = await say(site.host, site.host.writer, [f"read {MARK} greeting"])
    assert crossed.exit_status == 64
    assert b"hello" not in crossed.stdout
    assert site.effects() == 0


@pytest.mark.parametrize("account", ["reader", "writer"])
async def test_escapes_are_refused(site: Site, account: str) -> None:
    answers = await say(site.host, getattr(site.host, account), ESCAPES)
    assert len(answers) >= len(ESCAPES) - 3  # a NUL or 100 kB may end the connection instead
    for command, said in answers:
        assert said.exit_status == 64, command
        assert b"uid=" not in said.stdout + said.stderr, command
    assert site.effects() == 0
    assert not Path("/tmp/postmedic-escaped").exists()
