"""B3: the host remembers execution ids: the same id again returns the first result, the same id with other steps is refused."""

from __future__ import annotations

import asyncio
import os
import platform
import subprocess
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.connectors.dispatcher import OTHER_WORDS, render_fix
from bot.connectors.ssh import SshConnector
from bot.execution.enrolment import programs
from bot.model.plan import Step
from tests.contract.hosts.catalogue import APPEND, append
from tests.lab import Host, Lab
from tests.lab.enrolled import FIX, enrolling, known
from tests.lab.proving import made_new
from tests.support.host_program import APART, prepared, said, waits

DUPLICATES, ENTERING, OTHERS, OVER_SSH = 1000, 100, 50, 6
ONCE = "ran\n"  # what the step leaves in its file, each time it runs

# ENTERING of the duplicates come as sshd brings them, by the forced command of the account and through sudo; the others, to
# be many at once, ask the program behind it as root. 100 at a time, mixed, and the first hundred while the step runs.
SEND = f"""
cd /usr/local/lib/postmedic && mkdir /tmp/answers
ask() {{ # NUMBER WORDS
    if [ "$1" -le {ENTERING} ]; then
        SSH_ORIGINAL_COMMAND=$2 setpriv --reuid {FIX} --regid {FIX} --clear-groups ./fix-entry
    else
        printf %s "$2" | ./fix
    fi >"/tmp/answers/$3$1" 2>&1
    echo "$?" >>"/tmp/answers/$3$1"
}}
export -f ask
{{
    seq {DUPLICATES} | sed "s/.*/ask & 'run e1 0 append tmp\\/effects' same/"
    seq {ENTERING} {ENTERING + OTHERS - 1} | sed "s/.*/ask & 'run e1 0 append tmp\\/other' other/"
}} | sort -R --random-source=/usr/local/lib/postmedic/fix >/tmp/requests
{{ grep -m 1 effects /tmp/requests; grep -v -x -F -f <(grep -m 1 effects /tmp/requests) /tmp/requests; }} |
    xargs -P 100 -d '\\n' -I REQUEST bash -c REQUEST
"""


@pytest.mark.parametrize("name", ["mx13"])
async def test_a_thousand_duplicates_have_one_effect(enrolled: Lab, name: str) -> None:
    host = enrolled[name]
    others = {**programs(), "fix": render_fix([APPEND])}
    try:
        host.run("sh -s", stdin=enrolling(enrolled.keys, name, others).encode(), check=True)
        await asyncio.to_thread(host.run, SEND, timeout=180, check=True)
        assert _said(host, "same*") == {"ended 0 fresh 9 6": 1, "ended 0 replayed 9 6": DUPLICATES - 1}
        assert _said(host, "other*") == {"postmedic: refused: this step was asked for before with other words": OTHERS}
        assert set(host.run("tail -qn 1 /tmp/answers/other*").out.split()) == {str(OTHER_WORDS)}
        await _over_ssh(enrolled, host)
        assert host.run("cat /tmp/effects; ls /tmp/other").out == ONCE
        assert host.run("ls /var/lib/postmedic/e1").out.split() == ["0.exit", "0.lock", "0.stderr", "0.stdout", "0.words"]
    finally:
        made_new(enrolled, name)


async def _over_ssh(lab: Lab, host: Host) -> None:
    """The same over the network, with the bot's own writer."""
    connector = SshConnector()
    writer = connector.writer(known(lab, host))
    assert writer is not None
    again = await asyncio.gather(*(writer.run("e1", 0, append("tmp/effects")) for _ in range(OVER_SSH)))
    assert {(one.exit, one.stdout, one.stderr, one.replayed) for one in again} == {(0, "finished\n", "aside\n", True)}
    refused = await writer.run("e1", 0, Step(operation="append", tokens=("tmp/other",), script=""))
    assert (refused.exit, refused.replayed) == (OTHER_WORDS, False)
    connector.close()


def _said(host: Host, files: str) -> Counter[str]:
    return Counter(host.run(f"cd /tmp/answers && head -qn 1 {files}", check=True).out.splitlines())


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the numbers of system calls are those of x86_64")
def test_wherever_one_stands_when_the_same_step_comes_again_there_is_one_effect(folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("the dispatcher for fixes runs as root")
    points = int(said(prepared(folder / "undisturbed"), 0).splitlines()[-1])
    for point in range(1, points + 1):
        ends = _overtaken(prepared(folder / str(point)), point)
        assert sorted(ends) == ["ended 3 fresh 9 0", "ended 3 replayed 9 0"], f"held at {point}: {ends}"
        assert (folder / str(point) / "effects").read_text() == ONCE, f"held at {point}"


def _overtaken(folder: Path, point: int) -> list[str]:
    """Hold the program at a point while the same step comes again, until that has ended or waits for it; what both say."""
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(said, folder, f"pause-{point}")
        while not ((folder / "paused").exists() or first.done()):
            time.sleep(0.01)
        again = pool.submit(said, folder)
        while not (again.done() or waits(folder)):
            time.sleep(0.01)
        (folder / "resume").touch()
        return [one.result().splitlines()[0] for one in (first, again)]


def test_a_step_runs_on_and_is_remembered_when_who_asked_for_it_dies(folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("the dispatcher for fixes runs as root")
    home = prepared(folder / "host")
    asking = subprocess.Popen([*APART, home / "fix"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        with asking.stdin or pytest.fail("it takes no words") as words:
            words.write(f"run e1 0 wait {str(home / 'go')[1:]}".encode())
        while not (home / "journal/e1/0.stdout").exists():
            time.sleep(0.01)
        asking.kill()
        asking.wait()
        assert said(home, verb="ask") == "running\n"
    finally:
        (home / "go").touch()
    while (told := said(home, verb="ask")) == "running\n":
        time.sleep(0.1)
    assert told == "ended 0 replayed 0 0\n"
