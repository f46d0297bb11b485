"""C9: ten gigabytes of output cost no memory and little time: the host is cut off at the probe's length, and that is said."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bot.connectors.ssh import SshConnector
from bot.errors import ConnectionDropped
from bot.model.host import Account, Host, Via
from bot.model.probe import Probe, Reading
from tests.contract.hosts.catalogue import BARE, EMPTY, append, ask
from tests.contract.hosts.hostile import Process, flood, hostile
from tests.contract.hosts.openssh import sshd

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the dispatcher for fixes runs as root")
SIZE = 10 * 1024**3
CAP = 256 * 1024
MEMORY = 16 * 1024 * 1024
SECONDS = 10.0  # an idle machine needs a tenth of a second; to carry all of it would take longer than this on any


@contextmanager
def small() -> Iterator[None]:
    """Fail when the process grows by more than `MEMORY` at any moment of the block."""
    Path("/proc/self/clear_refs").write_text("5")  # proc(5): sets the peak back to what is used now
    before = _status("VmRSS")
    yield
    grown = _status("VmHWM") - before
    assert grown < MEMORY, f"grown by {grown // 1024} KiB"


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name + ":"))


def probes(folder: Path) -> dict[str, Probe]:
    texts = {
        "yes": "yes",
        "yes-error": "yes >&2",
        "line": "tr '\\0' x </dev/zero",
        "file": f"cat {folder}/large",
        "both": "yes & yes >&2",
    }
    return {name: Probe(name=name, script=script, bytes=CAP, seconds=60) for name, script in texts.items()} | {
        BARE.name: BARE,
        EMPTY.name: EMPTY,
    }


@pytest.fixture(params=[Via.ENROLLED, Via.SHELL])
def host(request: pytest.FixtureRequest, folder: Path) -> Iterator[Host]:
    with (folder / "large").open("wb") as large:
        large.truncate(SIZE)  # sparse: it takes no room, and reads as ten gigabytes
    with sshd(folder, probes=tuple(probes(folder).values())) as running:
        shell = Account(user=running.reader.user, key=str(folder / "shell_key"))
        yield running if request.param is Via.ENROLLED else replace(running, via=Via.SHELL, reader=shell)


async def readings(connector: SshConnector, host: Host, *asked: Probe) -> list[Reading]:
    return [reading async for reading in connector.reader(host).read(ask(*asked))]


@pytest.mark.parametrize("name", ["yes", "yes-error", "line", "file", "both"])
async def test_output_without_end_is_cut_at_the_probes_length(
    host: Host, connector: SshConnector, folder: Path, name: str
) -> None:
    known = probes(folder)
    assert (await readings(connector, host, EMPTY))[0].exit == 0  # the library is loaded, the connection stands
    since = time.monotonic()
    with small():
        endless, bare = await readings(connector, host, known[name], BARE)
    assert time.monotonic() - since < SECONDS
    assert endless.truncated
    assert max(len(endless.stdout), len(endless.stderr)) == CAP
    assert (bare.stdout, bare.truncated) == (b"no newline", False)


async def test_many_long_answers_together_are_bounded_too(host: Host, connector: SshConnector, folder: Path) -> None:
    """Each is allowed its length, all of one diagnosis 4 MiB; what came before stays."""
    got: list[Reading] = []

    async def read() -> None:
        async for reading in connector.reader(host).read(ask(*[probes(folder)["yes"]] * 40)):
            got.append(reading)

    with small(), pytest.raises(ConnectionDropped, match="4 MiB"):
        await read()
    assert 10 <= len(got) <= 16
    assert all(len(reading.stdout) == CAP for reading in got)


async def forever_in_one_frame(process: Process) -> None:
    """Begin like a dispatcher, then never stop."""
    mark = (process.command or "").split()[1].encode()
    for stream in (process.stdout, process.stderr):
        stream.write(b"\n" + mark + b" begin\n")
    await flood(process)


@pytest.mark.parametrize("answer", [flood, forever_in_one_frame])
async def test_a_host_that_keeps_no_limit_of_its_own_is_given_up(folder: Path, answer: object) -> None:
    connector = SshConnector(connect_timeout=10, step_seconds=20)
    async with hostile(folder, answer) as host:  # type: ignore[arg-type]
        since = time.monotonic()
        with small():
            with pytest.raises(ConnectionDropped, match="4 MiB"):
                await readings(connector, host, EMPTY)
            writer = connector.writer(host)
            assert writer is not None
            with pytest.raises(ConnectionDropped):
                await writer.run("e1", 0, append("tmp/effects"))
        assert time.monotonic() - since < SECONDS
    connector.close()
