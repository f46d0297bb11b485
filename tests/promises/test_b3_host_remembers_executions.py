"""B3: the host remembers execution ids: the same id again returns the first result, the same id with other steps is refused."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from bot.connectors.dispatcher import OTHER_WORDS, render_fix
from bot.connectors.ssh import SshConnector
from bot.execution.enrolment import programs
from bot.model.plan import Step
from tests.contract.hosts.catalogue import APPEND, append
from tests.lab import Host, Lab
from tests.lab.enrolled import FIX, enrolling, known
from tests.lab.proving import made_new

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
