"""Does bad weather on the way to a host, or a hostile host, end in a named error in bounded time and memory?"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.connectors.forbidden import attempts
from bot.connectors.ssh import SshConnector
from bot.connectors.ssh_connection import Opener
from bot.errors import ConnectionDropped, HostError, HostUnreachable
from bot.model.host import Account, Host, Via
from bot.model.probe import Access, Probe, Reading, Request
from tests.contract.hosts.catalogue import BARE, BYTES, ECHO, EMPTY, GREETING, SLOW, append, ask
from tests.contract.hosts.conftest import Site
from tests.contract.hosts.hostile import Open, Process, flood, hostile
from tests.contract.hosts.openssh import sshd
from tests.contract.hosts.proxy import Wire

ROOT = Probe(name="root", script="id -u", access=Access.ROOT)
PROBES = (ROOT, BARE, BYTES, ECHO, EMPTY, GREETING, SLOW)


@pytest.fixture
def host(folder: Path) -> Iterator[Host]:
    with sshd(folder, probes=PROBES) as running:
        yield running


@pytest.fixture(params=[Via.ENROLLED, Via.SHELL])
def way(request: pytest.FixtureRequest, host: Host, folder: Path) -> Host:
    """The same host by forced command and by an ordinary shell."""
    if request.param is Via.ENROLLED:
        return host
    return replace(host, via=Via.SHELL, reader=Account(user=host.reader.user, key=str(folder / "shell_key")))


async def readings(connector: SshConnector, host: Host, requests: list[Request]) -> list[Reading]:
    return [reading async for reading in connector.reader(host).read(requests)]


async def test_both_ways_read_the_same(way: Host, connector: SshConnector) -> None:
    got = await readings(connector, way, [*ask(GREETING, BYTES, BARE, ROOT), Request(probe=ECHO, tokens=("a.example", "25"))])
    assert [(reading.exit, reading.stdout) for reading in got] == [
        (3, b"hello\n"),
        (0, b"a\0b\xff\n"),
        (0, b"no newline"),
        (0, b"0\n"),
        (0, b"a.example 25\n"),
    ]


async def test_a_refused_port_is_unreachable(host: Host, connector: SshConnector) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(HostUnreachable, match="refused"):
            await readings(connector, replace(host, port=closed.getsockname()[1]), ask(EMPTY))


async def test_a_name_without_address_is_unreachable(host: Host, connector: SshConnector) -> None:
    with pytest.raises(HostUnreachable, match="resolved"):
        await readings(connector, replace(host, address="mail01.invalid"), ask(EMPTY))


@pytest.mark.parametrize("banner", [b"", b"SSH-2.0-x\r\n"])
async def test_a_black_hole_is_unreachable_in_time(host: Host, connector: SshConnector, banner: bytes) -> None:
    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(banner)
        await reader.read()

    hole = await asyncio.start_server(swallow, "127.0.0.1", 0)
    since = time.monotonic()
    with pytest.raises(HostUnreachable, match="within 2 s"):
        await readings(connector, replace(host, port=hole.sockets[0].getsockname()[1]), ask(EMPTY))
    assert time.monotonic() - since < 20  # far from asyncssh's own two minutes
    hole.close()


@pytest.mark.parametrize(
    "garbage",
    [b"220 mail.example.org ESMTP\r\n" * 2000, b"x" * 100_000, b"SSH-2.0-x\r\n" + b"\0" * 64],
    ids=["smtp", "line", "zeros"],
)
async def test_something_else_than_ssh_is_unreachable(host: Host, connector: SshConnector, garbage: bytes) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(garbage)
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    with pytest.raises(HostUnreachable):
        await readings(connector, replace(host, port=server.sockets[0].getsockname()[1]), ask(EMPTY))
    server.close()


async def test_a_wire_that_goes_silent_is_lost(openssh: Site) -> None:
    connector = SshConnector(connect_timeout=2, keepalive=0.5)
    async with Wire(openssh.host.port) as wire:
        host = replace(openssh.host, port=wire.port)
        assert len(await readings(connector, host, ask(EMPTY))) == 1
        wire.freeze()
        since = time.monotonic()
        with pytest.raises(HostError):
            await readings(connector, host, ask(GREETING))
        assert time.monotonic() - since < 20
    connector.close()


async def test_a_silent_wire_in_a_step_is_in_doubt(openssh: Site) -> None:
    connector = SshConnector(connect_timeout=2, keepalive=0.5)
    async with Wire(openssh.host.port) as wire:
        writer = connector.writer(replace(openssh.host, port=wire.port))
        assert writer is not None
        step = asyncio.create_task(writer.run("e1", 0, openssh.step))
        while openssh.effects() == 0:
            await asyncio.sleep(0.02)
        wire.freeze()
        with pytest.raises(ConnectionDropped):
            await step
    connector.close()


@pytest.fixture
async def stranger(folder: Path, request: pytest.FixtureRequest) -> AsyncIterator[Host]:
    """A host that answers every command with `request.param`."""
    async with hostile(folder, request.param) as host:
        yield host


async def forge(process: Process) -> None:
    mark = (process.command or "").split()[1].encode()
    for rest in (b"begin", b"0 0", b"7 0", b"end"):
        process.stdout.write(b"\n" + mark + b" " + rest + b"\n")
        process.stderr.write(b"\n" + mark + b" " + rest + b"\n")
    process.exit(0)


async def refuse(process: Process) -> None:
    process.stderr.write(b"This account is currently not available.\n")
    process.exit(1)


@pytest.mark.parametrize("stranger", [forge], indirect=True)
async def test_a_host_that_breaks_the_frames_is_given_up(stranger: Host, connector: SshConnector) -> None:
    with pytest.raises(ConnectionDropped, match="out of order"):
        await readings(connector, stranger, ask(EMPTY, BARE))


@pytest.mark.parametrize("stranger", [refuse], indirect=True)
async def test_an_account_that_runs_no_probes_is_named(stranger: Host, connector: SshConnector) -> None:
    with pytest.raises(HostError, match="exit 1"):
        await readings(connector, stranger, ask(EMPTY))


async def silent(process: Process) -> None:
    await process.stdin.read()
    await asyncio.sleep(30)


@pytest.mark.parametrize("stranger", [flood, refuse, silent], indirect=True)
async def test_a_nonsense_answer_about_a_step_is_doubt(stranger: Host) -> None:
    connector = SshConnector(connect_timeout=2, step_seconds=1)
    writer = connector.writer(stranger)
    assert writer is not None
    with pytest.raises(ConnectionDropped):
        await writer.run("e1", 0, append("tmp/effects"))
    connector.close()


class NeverOpens(Open):
    """Lets everybody in and never says whether a session is opened."""

    async def session_requested(self) -> None:  # type: ignore[override]
        await asyncio.Event().wait()


async def test_what_a_host_left_unanswered_is_not_taken_for_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.connectors.ssh_connection._OPENING", 0.3)  # it would not answer in any time
    opener = Opener(connect_timeout=30, keepalive=60)
    async with hostile(folder, NeverOpens) as host:
        tried = {one.what: one.refused async for one in attempts(opener, host, host.reader, None)}
    opener.close()
    assert len(tried) == 13
    assert {what for what, refused in tried.items() if refused} <= {"tried-forward", "tried-port"}  # those it does refuse
