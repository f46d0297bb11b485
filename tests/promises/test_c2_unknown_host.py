"""C2: a host whose key nobody put into the inventory is refused; there is no trust on first use, not even the second time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.connectors.ssh import SshConnector
from bot.errors import HostError, HostKeyRejected, InventoryError
from bot.inventory import load
from bot.model.host import Host
from tests.contract.hosts.catalogue import EMPTY, append, ask
from tests.contract.hosts.openssh import sshd
from tests.contract.hosts.proxy import Wire

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the dispatcher for fixes runs as root")


@pytest.fixture
def host(folder: Path) -> Iterator[Host]:
    with sshd(folder) as running:
        yield running


@pytest.mark.parametrize(
    "keys", [(), ("",), ("not a key",), ("ssh-ed25519 AAAA",), ("*",), ("@cert-authority * ssh-ed25519 AAAA",)]
)
async def test_without_a_key_in_the_inventory_nobody_even_connects(
    host: Host, connector: SshConnector, folder: Path, keys: tuple[str, ...]
) -> None:
    async with Wire(host.port) as wire:
        unknown = replace(host, port=wire.port, host_keys=keys)
        for _ in range(2):
            with pytest.raises(HostError, match="inventory"):
                [_ async for _ in connector.reader(unknown).read(ask(EMPTY))]
        writer = connector.writer(unknown)
        assert writer is not None
        with pytest.raises(HostError, match="inventory"):
            await writer.run("e1", 0, append(str(folder / "effects")[1:]))
        assert wire.connections == 0
    assert not (folder / "effects").exists()


async def test_a_key_that_only_the_users_own_files_know_is_unknown(
    host: Host, connector: SshConnector, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """known_hosts at every place where OpenSSH and asyncssh look names the host's true key; the inventory names another."""
    (folder / ".ssh").mkdir()
    line = f"[127.0.0.1]:{host.port} {host.host_keys[0]}\n* {host.host_keys[0]}\n"
    for name in ("known_hosts", "known_hosts2"):
        (folder / ".ssh" / name).write_text(line)
    monkeypatch.setenv("HOME", str(folder))
    elsewhere = replace(host, host_keys=("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",))
    with pytest.raises(HostKeyRejected):
        [_ async for _ in connector.reader(elsewhere).read(ask(EMPTY))]
    assert {file.name: file.read_text() for file in (folder / ".ssh").iterdir()} == {"known_hosts": line, "known_hosts2": line}


@pytest.mark.parametrize("keys", ["", "host_keys = []", 'host_keys = [""]', 'host_keys = ["ssh-ed25519"]', "host_keys = true"])
def test_an_inventory_without_a_key_does_not_load(tmp_path: Path, keys: str) -> None:
    (tmp_path / "probe").write_text("a key")
    (tmp_path / "probe").chmod(0o600)
    file = tmp_path / "inventory.toml"
    file.write_text(f'[[host]]\nname = "host01"\n{keys}\nreader = {{ user = "u", key = "probe" }}\n')
    file.chmod(0o600)
    with pytest.raises(InventoryError, match="host_keys"):
        load(file)
