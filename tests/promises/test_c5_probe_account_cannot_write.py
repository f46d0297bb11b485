"""C5: the probe account cannot write: on an enrolled host every attempt to escape is refused, and nothing is left anywhere."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncssh
import pytest

from bot.connectors.forbidden import attempts
from bot.connectors.ssh_connection import Opener
from bot.model.host import Host
from tests.contract.hosts.escapes import MARK, TOUCH, escapes, say
from tests.lab import Lab
from tests.lab.enrolled import PROBE, known
from tests.lab.filesystem import diff
from tests.lab.proving import HOSTS

# Around names the host does know: a probe without words, one with two, and an operation.
SAID = escapes("interfaces", "tcp-banner", "destination-add")
LEAST = 77
BUS = "/run/dbus/system_bus_socket"
MAY_DIE = 3  # a NUL or 100 kB may end the connection instead of being answered
HOSTILE = {
    "PATH": "/tmp",
    "ENV": "/tmp/x",
    "BASH_ENV": "/tmp/x",
    "LD_PRELOAD": "/tmp/x.so",
    "IFS": "e",
    "POSTMEDIC": "/tmp",
    "LC_ALL": "$(" + TOUCH + ")",
}


@pytest.mark.parametrize("name", HOSTS)
async def test_every_escape_is_refused_and_nothing_is_written(enrolled: Lab, name: str) -> None:
    host = enrolled[name]
    at = known(enrolled, host)
    before = host.snapshot()
    answers = await say(at, at.reader, SAID)
    assert len(answers) >= len(SAID) - MAY_DIE
    for command, said in answers:
        assert said.exit_status == 64, command
        assert b"uid=" not in said.stdout + said.stderr, command
        assert b"root:" not in said.stdout, command
    assert host.run(f"test -S {BUS} && test $(stat -c %a {BUS}) = 666").rc == 0  # whoever gets so far is answered
    asked = {what: refused async for what, refused in _asked_of_sshd(at)}
    opener = Opener(connect_timeout=10, keepalive=5)
    tried = [one async for one in attempts(opener, at, at.reader, at.mender)]
    opener.close()
    assert [one.what for one in tried if not one.refused] == []
    assert [what for what, refused in asked.items() if not refused] == []
    assert len(answers) + len(asked) + len(tried) >= LEAST
    assert diff(before, host.snapshot(before)) == {}
    owned = f"find / \\( -path /proc -o -path /sys -o -path '/run/user' \\) -prune -o -user {PROBE} -print"
    assert host.run(owned, check=True).out == ""


async def _asked_of_sshd(host: Host) -> AsyncIterator[tuple[str, bool]]:
    """What is not said in words: sockets in the file system, and an environment that must not count."""
    options = {"username": host.reader.user, "client_keys": [host.reader.key], "known_hosts": None, "config": None}
    async with asyncssh.connect(host.address, host.port, **options) as connection:
        yield f"connect to {BUS}", await _closed(connection, BUS)
        yield "listen at /tmp/postmedic-escaped", await _not_listening(connection)
        plain, hostile = [
            await connection.run(f"read {MARK} host-name + interfaces", env=env, encoding=None, stdin=asyncssh.DEVNULL)
            for env in ({}, HOSTILE)
        ]
        assert plain.exit_status is not None
        yield "a hostile environment", (plain.exit_status, plain.stderr) == (hostile.exit_status, hostile.stderr)


async def _closed(connection: asyncssh.SSHClientConnection, path: str) -> bool:
    try:
        channel, _ = await connection.create_unix_connection(asyncssh.SSHUNIXSession, path)
    except asyncssh.ChannelOpenError:
        return True
    channel.abort()
    return False


async def _not_listening(connection: asyncssh.SSHClientConnection) -> bool:
    try:
        listener = await connection.forward_remote_path("/tmp/postmedic-escaped", "/tmp/nowhere")
    except asyncssh.ChannelListenError:
        return True
    listener.close()
    return False
