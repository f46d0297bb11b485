"""Do the readers that use no network keep the same protocol?"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import Sequence

import pytest

from bot.connectors.base import Reader
from bot.connectors.local import LocalReader
from bot.connectors.replay import ReplayReader
from bot.errors import HostError
from bot.model.probe import Probe, Reading, Request

BOTH = Probe(name="both", script="printf 'a\\000\\377'; echo err >&2; exit 4")
ECHO = Probe(name="echo", script='echo "$1"', parameters=("word",))
HANG = Probe(name="hang", script="sleep 4245", seconds=1)


async def readings(reader: Reader, requests: Sequence[Request]) -> list[Reading]:
    return [reading async for reading in reader.read(requests)]


async def test_local_reads_this_machine() -> None:
    both, echo, hang = await readings(
        LocalReader(), [Request(probe=BOTH), Request(probe=ECHO, tokens=("word",)), Request(probe=HANG)]
    )
    assert (both.exit, both.stdout, both.stderr) == (4, b"a\0\xff", b"err\n")
    assert (echo.key, echo.stdout) == ("echo word", b"word\n")
    assert hang.exit == 124


async def test_local_asked_for_nothing_starts_nothing() -> None:
    assert await readings(LocalReader(), []) == []


async def test_local_given_up_leaves_no_process() -> None:
    task = asyncio.create_task(readings(LocalReader(), [Request(probe=HANG)] * 5))
    await asyncio.sleep(0.5)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await asyncio.sleep(2)
    assert subprocess.run(["pgrep", "-f", "^sleep 4245"], capture_output=True).returncode == 1


async def test_local_names_a_shell_that_ends_early() -> None:
    with pytest.raises(HostError, match="this machine"):
        await readings(LocalReader(), [Request(probe=Probe(name="suicide", script="kill -9 $(ps -o ppid= -p $PPID) $PPID"))])


async def test_no_process_shows_the_mark_by_which_a_local_user_could_write_readings() -> None:
    shown = Probe(name="shown", script="ps -o args= -s $(ps -o sid= -p $$)")
    (reading,) = await readings(LocalReader(), [Request(probe=shown)])
    assert "/bin/sh -s" in reading.out
    assert re.findall(r"[0-9a-f]{24}", reading.out) == []


async def test_replay_gives_what_was_recorded_and_nothing_else() -> None:
    recorded = {"echo word": Reading(key="echo word", exit=0, stdout=b"word\n")}
    reader = ReplayReader(recorded, host_key="SHA256:x")
    assert await readings(reader, [Request(probe=BOTH), Request(probe=ECHO, tokens=("word",))]) == [
        Reading(key="both", exit=None),
        recorded["echo word"],
    ]
    assert reader.host_key == "SHA256:x"


def test_importing_the_connector_does_not_import_asyncssh() -> None:
    code = "import bot.connectors.ssh, bot.connectors.local, sys; sys.exit('asyncssh' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
