"""C10: whatever a command on a host does, its probe is bounded in time and length, and the next one is read right."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.connectors.frames import TOTAL
from bot.connectors.ssh import SshConnector
from bot.errors import ConnectionDropped
from bot.facts.base import FACTS
from bot.knowledge.library import load
from bot.model.host import Account, Host, Via
from bot.model.probe import Access, Probe, Reading
from tests.contract.hosts.catalogue import GUESSED, ask
from tests.contract.hosts.openssh import sshd

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the dispatcher for fixes runs as root")
CAP = 65536
BARE = Probe(name="bare", script="printf 'no newline'", seconds=1)
SPARE = 30.0  # seconds beyond the probe's own, for a busy machine; without a bound the test would never end
DEADLINE = {124, 137}
OWN = os.getpid()  # so that tests side by side do not see each other's processes
SLEEP, STUBBORN, HELD = (f"sleep {seconds}.{OWN}" for seconds in (4242, 4243, 4247))


@dataclass(frozen=True, slots=True, kw_only=True)
class Nasty:
    """A command, and what its reading must be: exits that are right, whether it was cut, what it begins with."""

    name: str
    script: str
    exits: frozenset[int] = frozenset({0})
    seconds: int = 1
    cut: bool = False
    begins: bytes = b""

    @property
    def probe(self) -> Probe:
        return Probe(name=self.name, script=self.script, seconds=self.seconds, bytes=CAP)


def ends(*exits: int) -> frozenset[int]:
    return frozenset(exits)


TABLE = (
    Nasty(name="slow", script="while :; do printf x; sleep 0.1; done", exits=ends(*DEADLINE), begins=b"x"),
    Nasty(name="silent", script=SLEEP, exits=ends(*DEADLINE)),
    Nasty(name="never-ending", script=f"trap '' TERM HUP INT; while :; do {STUBBORN}; done", exits=ends(*DEADLINE)),
    Nasty(name="endless", script="yes", exits=ends(0, 124, 141), cut=True, begins=b"y\ny\n"),
    Nasty(name="one-line", script="tr '\\0' x </dev/zero", exits=ends(0, 1, 124, 141), cut=True, begins=b"xxxx"),
    Nasty(name="stderr-flood", script="yes >&2; echo done", exits=ends(0, 1, 124, 141), cut=True),
    Nasty(name="both-floods", script="yes & yes >&2", exits=ends(0, 1, 124, 141), cut=True),
    Nasty(name="binary", script="head -c 60000 /dev/urandom"),
    Nasty(name="nul", script=r"printf 'a\000b\000'", begins=b"a\0b\0"),
    Nasty(name="forged", script=f"for i in 0 1 end; do printf '\\n{GUESSED} %s 0\\n' $i; done"),
    Nasty(name="closed", script="exec >&- 2>&-; sleep 0.2; exit 3", exits=ends(3)),
    Nasty(name="killed", script="echo before; kill -9 $$", exits=ends(137), begins=b"before"),
    Nasty(name="reads", script="cat; read -r x; echo end", begins=b"end"),
    Nasty(name="terminal", script="printf '\\033[2J\\007\\r'; stty sane </dev/tty; echo after", begins=b"\x1b[2J"),
    # It left its group, so that no signal for the probe reaches it, and holds the answer open.
    Nasty(name="holder", script=f"setsid {HELD} & echo started", exits=ends(124), begins=b"started"),
    Nasty(name="holds-stderr", script=f"setsid {HELD} >/dev/null & echo started", exits=ends(124), begins=b"started"),
    Nasty(name="holds-stdout", script=f"setsid {HELD} 2>/dev/null & echo started; exit 3", exits=ends(124), begins=b"started"),
    Nasty(name="daemon", script=f"setsid {HELD} >/dev/null 2>&1 & echo started", begins=b"started"),
)
HOLDER = Probe(name="holder-for-root", script=f"setsid {HELD} & echo started", seconds=1, access=Access.ROOT)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Host, Path]]:
    folder = tmp_path_factory.mktemp("nasty")
    with sshd(folder, probes=(*(one.probe for one in TABLE), HOLDER, BARE)) as host:
        yield host, folder
    subprocess.run(["pkill", "-f", f"^{HELD}$"], check=False)


@pytest.fixture(params=[Via.ENROLLED, Via.SHELL])
def host(request: pytest.FixtureRequest, running: tuple[Host, Path]) -> Host:
    """The same host by forced command and by an ordinary shell."""
    real, folder = running
    shell = Account(user=real.reader.user, key=str(folder / "shell_key"))
    return real if request.param is Via.ENROLLED else replace(real, via=Via.SHELL, reader=shell)


async def readings(connector: SshConnector, host: Host, *asked: Probe) -> list[Reading]:
    return [reading async for reading in connector.reader(host).read(ask(*asked))]


def alive(command: str) -> bool:
    return subprocess.run(["pgrep", "-f", f"^{command}"], capture_output=True).returncode == 0


@pytest.mark.parametrize("nasty", TABLE, ids=lambda one: one.name)
async def test_each_is_bounded_and_the_next_is_read_right(host: Host, connector: SshConnector, nasty: Nasty) -> None:
    since = time.monotonic()
    got, bare = await readings(connector, host, nasty.probe, BARE)
    assert time.monotonic() - since < nasty.seconds + SPARE
    assert len(got.stdout) <= CAP
    assert len(got.stderr) <= CAP
    assert got.exit in nasty.exits
    assert got.truncated is nasty.cut
    assert got.stdout.startswith(nasty.begins)
    assert (bare.exit, bare.stdout, bare.truncated) == (0, b"no newline", False)
    assert not alive(SLEEP)
    assert not alive(STUBBORN)


async def test_what_holds_an_answer_open_costs_that_probe_and_no_other(host: Host, connector: SshConnector) -> None:
    holders = [one.probe for one in TABLE if one.name.startswith("hold")]
    got = await readings(connector, host, *(probe for holder in holders for probe in (holder, BARE)))
    assert [one.exit for one in got] == [124, 0] * len(holders)
    assert {one.stdout for one in got[1::2]} == {b"no newline"}


def test_what_root_reads_is_bounded_alike(running: tuple[Host, Path]) -> None:
    _, folder = running
    said = subprocess.run([folder / "root-read"], input=f"{HOLDER.name}\n".encode(), capture_output=True, timeout=60)
    assert (said.returncode, said.stdout) == (124, b"started\n")


async def test_a_host_that_never_ends_its_answer_is_given_up(folder: Path, connector: SshConnector) -> None:
    with sshd(folder) as host:
        (folder / "read").write_text(f"#!/bin/sh\n{HELD}\n")
        try:
            with pytest.raises(ConnectionDropped, match="did not end within"):
                async with asyncio.timeout(2 * SPARE):
                    await readings(connector, host, BARE)
        finally:
            subprocess.run(["pkill", "-f", f"^{HELD}$"], check=False)


async def test_giving_up_leaves_no_process(host: Host, connector: SshConnector) -> None:
    silent = TABLE[1].probe
    got = asyncio.create_task(readings(connector, host, silent, silent, silent))
    while not alive(SLEEP):
        await asyncio.sleep(0.05)
    got.cancel()
    await asyncio.gather(got, return_exceptions=True)
    for _ in range(100):
        if not alive(SLEEP):
            break
        await asyncio.sleep(0.2)
    assert not alive(SLEEP)


def test_every_probe_of_the_catalogue_has_limits() -> None:
    for fact in FACTS.values():
        assert 0 < fact.probe.seconds <= 60, fact.name
        assert 0 < fact.probe.bytes <= 512 * 1024, fact.name


def test_no_problem_asks_for_more_than_one_exec_may_carry() -> None:
    for problem in load().values():
        asked = {(FACTS[use.name].probe.name, use.arguments): FACTS[use.name].probe.bytes for use in problem.facts}
        assert sum(asked.values()) <= TOTAL, problem.id
