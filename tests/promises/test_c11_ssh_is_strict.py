"""C11: the SSH library is at a safe floor, and a handshake offers strict key exchange and nothing that is broken or slow."""

from __future__ import annotations

import asyncio
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import asyncssh
import pytest

from bot.connectors.ssh import SshConnector
from bot.connectors.ssh_connection import Opener
from bot.errors import HostUnreachable
from bot.model.host import Account
from tests.contract.hosts.catalogue import EMPTY, ask
from tests.contract.hosts.openssh import new_key, sshd
from tests.support.plans import host

ROOT = Path(__file__).parents[2]
FLOOR = (2, 24)  # 2.14.2 closed Terrapin, 2.23.1 a path traversal in scp, 2.24 more of what hosts may send
LISTS = ("kex", "keys", "ciphers up", "ciphers down", "macs up", "macs down", "compression up", "compression down")
WEAK = re.compile(r"sha1|-cbc|^diffie-hellman|^ssh-rsa$|^ssh-dss|md5|arcfour|3des|rijndael|umac-64|none$")


def numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2])


def test_the_library_is_at_the_floor_wherever_it_comes_from() -> None:
    assert numbers(version("asyncssh")) >= FLOOR
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    (floor,) = [one.partition(">=")[2] for one in asked if one.startswith("asyncssh")]
    assert numbers(floor) >= FLOOR
    for lock in ("requirements.lock", "requirements-dev.lock"):
        locked = re.findall(r"^asyncssh==([0-9.]+)", (ROOT / lock).read_text(), re.MULTILINE)
        assert [numbers(one) >= FLOOR for one in locked] == [True]


def test_files_are_never_carried_over_ssh() -> None:
    """SFTP and SCP have had holes of their own; nothing here can even name them."""
    words = re.compile(r"\b(sftp|scp|start_sftp\w*|SFTP\w*|subsystem|port_forward\w*|forward_(local|remote)\w*)\b")
    program = [path for room in ("bot", "handlers") for path in (ROOT / room).rglob("*.py")]
    # The doctor's attempts name what must fail, and the connection offers nothing but to try it.
    trying = {"bot/connectors/forbidden.py", "bot/connectors/ssh_connection.py"}
    assert {path.relative_to(ROOT).as_posix() for path in program if words.search(path.read_text())} <= trying


async def offered(key: str, folder: Path) -> Mapping[str, Sequence[str]]:
    """What the connector says first to a server that only listens: the lists of its KEXINIT (RFC 4253, section 7.1)."""
    heard: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-recorder\r\n")
        await reader.readline()
        heard.append(await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big")))
        writer.close()

    if not (folder / "key").exists():
        new_key(folder / "key")
    async with await asyncio.start_server(listen, "127.0.0.1", 0) as server:
        opener = Opener(connect_timeout=5, keepalive=1)
        one = host(port=server.sockets[0].getsockname()[1], host_keys=(key,))
        with pytest.raises(HostUnreachable):
            await opener.open(one, Account(user="probe", key=str(folder / "key")))
        opener.close()
    packet = heard[0]
    payload = packet[1 : len(packet) - packet[0]]
    assert payload[0] == 20
    lists, at = {}, 17
    for name in LISTS:
        length = int.from_bytes(payload[at : at + 4], "big")
        lists[name] = payload[at + 4 : at + 4 + length].decode().split(",")
        at += 4 + length
    return lists


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"])
async def test_a_handshake_offers_strict_exchange_and_nothing_weak(folder: Path, kind: str) -> None:
    key = asyncssh.generate_private_key(kind).export_public_key().decode().strip()
    said = await offered(key, folder)
    assert "kex-strict-c-v00@openssh.com" in said["kex"]
    for name, listed in said.items():
        if not name.startswith("compression"):
            assert [word for word in listed if WEAK.search(word)] == [], name
    assert said["compression up"] == said["compression down"] == ["none"]
    assert said["keys"][0] == ("rsa-sha2-512" if kind == "ssh-rsa" else kind)


@pytest.mark.parametrize(
    "weak",
    [
        {"kex_algs": ["diffie-hellman-group14-sha256"]},
        {"kex_algs": ["diffie-hellman-group-exchange-sha256"]},
        {"kex_algs": ["diffie-hellman-group14-sha1"]},
        {"encryption_algs": ["aes128-cbc"]},
        {"encryption_algs": ["3des-cbc"]},
        {"encryption_algs": ["aes128-ctr"], "mac_algs": ["hmac-sha1"]},
        {"encryption_algs": ["aes128-ctr"], "mac_algs": ["hmac-sha2-256"]},
    ],
    ids=str,
)
async def test_a_server_that_only_knows_weak_ways_is_not_spoken_to(folder: Path, weak: dict[str, list[str]]) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    new_key(folder / "key")
    server = await asyncssh.listen("127.0.0.1", 0, server_host_keys=[key], **weak)
    opener = Opener(connect_timeout=5, keepalive=1)
    one = host(port=server.get_port(), host_keys=(key.export_public_key().decode().strip(),))
    with pytest.raises(HostUnreachable):
        await opener.open(one, Account(user="probe", key=str(folder / "key")))
    opener.close()
    server.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="the dispatcher for fixes runs as root")
async def test_a_real_sshd_agrees_on_strict_exchange(folder: Path, connector: SshConnector) -> None:
    with sshd(folder, log_level="DEBUG3") as running:
        assert [one.exit async for one in connector.reader(running).read(ask(EMPTY))] == [0]
    said = (folder / "sshd.log").read_text(errors="replace")
    assert "will use strict KEX ordering" in said
    assert not [word for word in re.findall(r"kex: algorithm: (\S+)", said) if WEAK.search(word)]
    assert set(re.findall(r"kex: (?:server->client|client->server) cipher: (\S+)", said)) == {"aes128-gcm@openssh.com"}
