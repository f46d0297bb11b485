"""C3: no setting, missing file, home directory or environment can switch the verification of host keys off."""

from __future__ import annotations

import ast
import os
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path

import asyncssh
import pytest

from bot.config import Settings
from bot.connectors.ssh import SshConnector
from bot.connectors.ssh_connection import Opener
from bot.errors import HostKeyRejected
from bot.model.host import Account, Host
from tests.contract.hosts.catalogue import EMPTY, append, ask
from tests.contract.hosts.openssh import new_key, sshd
from tests.support.plans import host as inventory_host

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the dispatcher for fixes runs as root")
CONNECTION = Path(__file__).parents[2] / "bot/connectors/ssh_connection.py"
TRUST_ALL = "Host *\n  UserKnownHostsFile none\n  GlobalKnownHostsFile none\n  StrictHostKeyChecking no\n"


@pytest.fixture
def host(folder: Path) -> Iterator[Host]:
    with sshd(folder) as running:
        yield running


def _nothing(ssh: Path, host: Host) -> None:
    """No folder at all: HOME leads nowhere."""


def _trusting(ssh: Path, host: Host) -> None:
    ssh.mkdir()
    (ssh / "config").write_text(TRUST_ALL)


def _empty(ssh: Path, host: Host) -> None:
    ssh.mkdir()
    (ssh / "known_hosts").touch()


def _folder_for_a_file(ssh: Path, host: Host) -> None:
    (ssh / "known_hosts").mkdir(parents=True)
    (ssh / "config").mkdir()


def _any_key_is_a_certificate(ssh: Path, host: Host) -> None:
    ssh.mkdir()
    (ssh / "known_hosts").write_text(f"@cert-authority * {host.host_keys[0]}\n* {host.host_keys[0]}\n")
    (ssh / "config").write_text(f"Host *\n  UserKnownHostsFile {ssh}/known_hosts\n  VerifyHostKeyDNS yes\n")


def _command_in_between(ssh: Path, host: Host) -> None:
    ssh.mkdir()
    (ssh / "config").write_text(
        f"Host *\n  KnownHostsCommand /bin/echo * {host.host_keys[0]}\n  ProxyCommand touch {ssh}/ran\n"
    )


HOMES = (_nothing, _trusting, _empty, _folder_for_a_file, _any_key_is_a_certificate, _command_in_between)


@pytest.mark.parametrize("furnish", HOMES)
async def test_no_home_makes_a_wrong_key_right(
    host: Host, folder: Path, monkeypatch: pytest.MonkeyPatch, furnish: Callable[[Path, Host], None]
) -> None:
    home = folder / "home"
    home.mkdir()
    furnish(home / ".ssh", host)
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(home))
    for name in ("SSH_KNOWN_HOSTS", "SSH_CONFIG", "SSH_OPTIONS", "ASYNCSSH_KNOWN_HOSTS"):
        monkeypatch.setenv(name, "none")
    connector = SshConnector(connect_timeout=2)  # made in that home: nothing it read before can help
    stranger = replace(host, host_keys=(new_key(folder / "other_host"),))
    with pytest.raises(HostKeyRejected):
        [_ async for _ in connector.reader(stranger).read(ask(EMPTY))]
    writer = connector.writer(stranger)
    assert writer is not None
    with pytest.raises(HostKeyRejected):
        await writer.run("e1", 0, append(str(folder / "effects")[1:]))
    assert not (folder / "effects").exists()
    assert not (home / ".ssh" / "ran").exists()
    assert [reading.exit async for reading in connector.reader(host).read(ask(EMPTY))] == [0], "the right key needs no home"
    connector.close()


async def test_the_library_itself_would_have_trusted_that_home(
    host: Host, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Why the options are explicit: with its own defaults and the same file the library connects to anybody."""
    (folder / ".ssh").mkdir()
    (folder / ".ssh" / "config").write_text(TRUST_ALL)
    monkeypatch.setenv("HOME", str(folder))
    async with asyncssh.connect("127.0.0.1", host.port, username="root", client_keys=[host.reader.key]) as connection:
        assert connection.get_server_host_key() is not None


def test_nothing_is_left_to_the_librarys_defaults(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the options say, whatever the defaults of the library become."""
    monkeypatch.setenv("SSH_AUTH_SOCK", str(folder / "agent"))
    key = new_key(folder / "key")
    opener = Opener(connect_timeout=1, keepalive=1)
    one = inventory_host(host_keys=(key,), reader=Account(user="probe", key=str(folder / "key")))
    options = opener._options_for(one, one.reader)
    assert [trusted.get_fingerprint() for trusted in options.known_hosts[0]] == [
        asyncssh.import_public_key(key).get_fingerprint()
    ]
    assert options.known_hosts[1:] == ([], [])
    assert not options.agent_path
    assert (options.gss_host, options.agent_forward_path) == (None, None)
    assert (options.password_auth, options.kbdint_auth, options.host_based_auth) == (False, False, False)
    assert options.disable_trivial_auth is True
    opener.close()


def test_the_one_place_that_connects_says_so() -> None:
    calls = [node for node in ast.walk(ast.parse(CONNECTION.read_text())) if isinstance(node, ast.Call)]
    named = {
        getattr(call.func, "attr", ""): {one.arg: ast.unparse(one.value) for one in call.keywords}
        for call in calls
        if getattr(getattr(call.func, "value", None), "id", "") == "asyncssh"
    }
    assert named["connect"] == {"config": "None", "options": "options"}
    made = named["SSHClientConnectionOptions"]
    assert (made["config"], made["known_hosts"]) == ("None", "(trusted, [], [])")
    assert {"connect_reverse", "listen", "run_client", "create_connection", "scp"} & set(named) == set()


def test_no_setting_is_about_verification() -> None:
    words = ("known", "host_key", "strict", "verify", "trust", "insecure", "tofu")
    assert [one.name for one in fields(Settings) if any(word in one.name for word in words)] == []
