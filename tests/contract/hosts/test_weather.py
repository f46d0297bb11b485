"""Does bad weather on the way to a host, or a hostile host, end in a named error in bounded time and memory?"""

from __future__ import annotations

import asyncio
import resource
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest

from bot.connectors.ssh import SshConnector
from bot.errors import ConnectionDropped, HostError, HostUnreachable
from bot.model.host import Account, Approvers, Host, Via
from bot.model.probe import Access, Probe, Reading, Request
from tests.contract.hosts.catalogue import BARE, BYTES, ECHO, EMPTY, GREETING, SLOW, append, ask
from tests.contract.hosts.conftest import Site
from tests.contract.hosts.openssh import new_key, sshd
from tests.contract.hosts.proxy import Wire

HANG = Probe(name="hang", script="sleep 4242", seconds=2)
HANG_ON = Probe(name="hang-on", script="trap '' TERM; sleep 4243; sleep 4243", seconds=1)
ENDLESS = Probe(name="endless", script="yes")
ENDLESS_ERROR = Probe(name="endless-error", script="yes >&2")
SILENT_LINE = Probe(name="silent-line", script="tr '\\0' x </dev/zero")
ROOT = Probe(name="root", script="id -u", access=Access.ROOT)
NASTY = (HANG, HANG_ON, ENDLESS, ENDLESS_ERROR, SILENT_LINE, ROOT, BARE, BYTES, ECHO, EMPTY, GREETING, SLOW)


@pytest.fixture
def host(folder: Path) -> Iterator[Host]:
    with sshd(folder, probes=NASTY) as running:
        yield running


@pytest.fixture(params=[Via.ENROLLED, Via.SHELL])
def way(request: pytest.FixtureRequest, host: Host, folder: Path) -> Host:
    """The same host by forced command and by an ordinary shell."""
    if request.param is Via.ENROLLED:
        return host
    return replace(host, via=Via.SHELL, reader=Account(user=host.reader.user, key=str(folder / "shell_key")))


async def readings(connector: SshConnector, host: Host, requests: list[Request]) -> list[Reading]:
    return [reading async for reading in connector.reader(host).read(requests)]


def running(command: str) -> bool:
    return subprocess.run(["pgrep", "-f", f"^{command}"], capture_output=True).returncode == 0


async def test_both_ways_read_the_same(way: Host, connector: SshConnector) -> None:
    got = await readings(connector, way, [*ask(GREETING, BYTES, BARE, ROOT), Request(probe=ECHO, tokens=("a.example", "25"))])
    assert [(reading.exit, reading.stdout) for reading in got] == [
        (3, b"hello\n"),
        (0, b"a\0b\xff\n"),
        (0, b"no newline"),
        (0, b"0\n"),
        (0, b"a.example 25\n"),
    ]


async def test_a_hanging_probe_is_ended_on_the_host_and_the_next_one_answers(way: Host, connector: SshConnector) -> None:
    hung, stubborn, bare = await readings(connector, way, ask(HANG, HANG_ON, BARE))
    assert (hung.exit, stubborn.exit in (124, 137), bare.stdout) == (124, True, b"no newline")
    assert not running("sleep 424[23]")


async def test_a_probe_given_up_leaves_no_process(way: Host, connector: SshConnector) -> None:
    got = asyncio.create_task(readings(connector, way, ask(HANG, HANG, HANG)))
    while not running("sleep 4242"):
        await asyncio.sleep(0.05)
    got.cancel()
    await asyncio.gather(got, return_exceptions=True)
    await asyncio.sleep(HANG.seconds + 1.5)
    assert not running("sleep 4242")


@pytest.mark.parametrize("probe", [ENDLESS, ENDLESS_ERROR, SILENT_LINE])
async def test_endless_output_is_cut(way: Host, connector: SshConnector, probe: Probe) -> None:
    endless, bare = await readings(connector, way, ask(probe, BARE))
    assert endless.truncated
    assert max(len(endless.stdout), len(endless.stderr)) == probe.bytes
    assert bare.stdout == b"no newline"


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
    assert time.monotonic() - since < 3
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
        assert time.monotonic() - since < 8
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
async def hostile(folder: Path, request: pytest.FixtureRequest) -> AsyncIterator[Host]:
    """An SSH server with the right key that answers every command with `request.param`."""
    new_key(folder / "probe_key")
    key = asyncssh.generate_private_key("ssh-ed25519")

    class Open(asyncssh.SSHServer):
        def public_key_auth_supported(self) -> bool:
            return True

        def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
            return True

    async def answer(process: asyncssh.SSHServerProcess[bytes]) -> None:
        await request.param(process)

    server = await asyncssh.listen(
        "127.0.0.1", 0, server_factory=Open, server_host_keys=[key], process_factory=answer, encoding=None
    )
    account = Account(user="any", key=str(folder / "probe_key"))
    yield Host(
        name="mail01",
        address="127.0.0.1",
        port=server.get_port(),
        host_keys=(key.export_public_key().decode().strip(),),
        reader=account,
        writer=account,
        via=Via.ENROLLED,
        approvers=Approvers(),
    )
    server.close()


async def flood(process: asyncssh.SSHServerProcess[bytes]) -> None:
    while True:
        process.stdout.write(b"y\n" * 16384)
        await process.stdout.drain()


async def forge(process: asyncssh.SSHServerProcess[bytes]) -> None:
    mark = (process.command or "").split()[1].encode()
    for rest in (b"begin", b"0 0", b"7 0", b"end"):
        process.stdout.write(b"\n" + mark + b" " + rest + b"\n")
        process.stderr.write(b"\n" + mark + b" " + rest + b"\n")
    process.exit(0)


async def refuse(process: asyncssh.SSHServerProcess[bytes]) -> None:
    process.stderr.write(b"This account is currently not available.\n")
    process.exit(1)


@pytest.mark.parametrize("hostile", [flood], indirect=True)
async def test_a_flooding_host_costs_little(hostile: Host, connector: SshConnector) -> None:
    before, since = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    with pytest.raises(ConnectionDropped, match="4 MiB"):
        await readings(connector, hostile, ask(EMPTY))
    assert time.monotonic() - since < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16 * 1024


@pytest.mark.parametrize("hostile", [forge], indirect=True)
async def test_a_host_that_breaks_the_frames_is_given_up(hostile: Host, connector: SshConnector) -> None:
    with pytest.raises(ConnectionDropped, match="out of order"):
        await readings(connector, hostile, ask(EMPTY, BARE))


@pytest.mark.parametrize("hostile", [refuse], indirect=True)
async def test_an_account_that_runs_no_probes_is_named(hostile: Host, connector: SshConnector) -> None:
    with pytest.raises(HostError, match="exit 1"):
        await readings(connector, hostile, ask(EMPTY))


async def silent(process: asyncssh.SSHServerProcess[bytes]) -> None:
    await process.stdin.read()
    await asyncio.sleep(30)


@pytest.mark.parametrize("hostile", [flood, refuse, silent], indirect=True)
async def test_a_nonsense_answer_about_a_step_is_doubt(hostile: Host) -> None:
    connector = SshConnector(connect_timeout=2, step_seconds=1)
    writer = connector.writer(hostile)
    assert writer is not None
    with pytest.raises(ConnectionDropped):
        await writer.run("e1", 0, append("tmp/effects"))
    connector.close()
