"""C6: the probe key cannot fix and the fix key cannot probe: each is refused by the other account, and so are its words."""

from __future__ import annotations

import pytest

from bot.connectors.ssh_connection import Opener
from tests.contract.hosts.escapes import MARK, say
from tests.lab import Lab
from tests.lab.enrolled import FIX, PROBE, known
from tests.lab.proving import HOSTS, made_new

DOORS = f"cat /var/lib/{PROBE}/.ssh/authorized_keys /var/lib/{FIX}/.ssh/authorized_keys"


@pytest.mark.parametrize("name", HOSTS)
async def test_each_key_opens_its_own_door_only(enrolled: Lab, name: str) -> None:
    host = enrolled[name]
    at = known(enrolled, host)
    assert at.writer is not None
    opener = Opener(connect_timeout=10, keepalive=5)
    try:
        assert not await opener.lets_in(at, at.reader, at.writer)
        assert not await opener.lets_in(at, at.writer, at.reader)
        for account, words in (
            (at.reader, ["run e1 0 loopback-up", "ask e1 0", "version"]),
            (at.writer, [f"read {MARK} interfaces", f"read {MARK} queue"]),
        ):
            for command, said in await say(at, account, words):
                assert (said.exit_status, said.stdout) == (64, b""), command
        assert host.run("ls -A /var/lib/postmedic", check=True).out == ""
        # Were a key in the other's file, it would be seen.
        host.run(f"for who in {PROBE} {FIX}; do {DOORS} >/tmp/both; cp /tmp/both /var/lib/$who/.ssh/authorized_keys; done")
        assert await opener.lets_in(at, at.reader, at.writer)
        assert await opener.lets_in(at, at.writer, at.reader)
    finally:
        opener.close()
        made_new(enrolled, name)
