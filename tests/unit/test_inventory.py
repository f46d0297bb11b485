"""Is the inventory the only source of targets and approvers, and is each mistake in it named?"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.errors import InventoryError, UnknownHost
from bot.inventory import Inventory, load
from bot.model.host import Approvers, Via
from tests.support.bound_by_modes import bound_by_modes
from tests.support.plans import host

HOST = """
[[host]]
name = "host01"
aliases = ["mx1.example.com"]
address = "192.0.2.10"
port = 2222
host_keys = ["ssh-ed25519 AAAA"]
reader = { user = "postmedic-probe", key = "probe" }
writer = { user = "postmedic-fix", key = "fix" }
enrolled = true
approvers = { users = ["U1"], groups = ["S1"] }
channels = ["C1"]
"""


def write(folder: Path, text: str, mode: int = 0o600) -> Path:
    for name in ("probe", "fix"):
        key = folder / name
        key.write_text(f"a key to {name}")
        key.chmod(0o600)
    (folder / "folder").mkdir(mode=0o700)
    (folder / "loop").symlink_to("loop")
    os.mkfifo(folder / "fifo", 0o600)
    path = folder / "inventory.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_a_host_is_read_whole(tmp_path: Path) -> None:
    one = load(write(tmp_path, HOST))["host01"]
    assert (one.address, one.port, one.host_keys, one.via) == ("192.0.2.10", 2222, ("ssh-ed25519 AAAA",), Via.ENROLLED)
    assert (one.reader.user, one.reader.key) == ("postmedic-probe", str(tmp_path / "probe"))
    assert one.writer is not None
    assert (one.approvers, one.channels) == (Approvers(users=frozenset({"U1"}), groups=frozenset({"S1"})), {"C1"})


def test_what_is_left_out_is_the_safe_choice(tmp_path: Path) -> None:
    text = '[[host]]\nname = "host02"\nhost_keys = ["ssh-ed25519 A"]\nreader = { user = "u", key = "probe" }\n'
    one = load(write(tmp_path, text))["host02"]
    assert (one.writer, one.approvers, one.via) == (None, Approvers(), Via.SHELL)
    assert (one.address, one.port, one.aliases) == ("host02", 22, ())


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "host01"', "", "`name` is missing"),
        ('name = "host01"', 'name = "HOST 01"', "`name` is missing or not a lower-case"),
        ('name = "host01"', 'name = "local"', "local is the machine that a command is typed on"),
        ('aliases = ["mx1.example.com"]', 'aliases = ["LOCAL"]', "LOCAL is the machine that a command is typed on"),
        ('name = "host01"', "name = 5", "`name` is missing or not"),
        ('name = "host01"', 'name = "-x"', "`name` is missing or not"),
        ("port = 2222", "port = 2222\ncolour = 1", "the key 'colour' is not known"),
        ("port = 2222", "port = 0", "`port` is not a port number"),
        ("port = 2222", "port = 65536", "`port` is not a port number"),
        ("port = 2222", 'port = "22"', "`port` is not a port number"),
        ("port = 2222", "port = true", "`port` is not a port number"),
        ('address = "192.0.2.10"', "address = 5", "`address` is not"),
        ('address = "192.0.2.10"', 'address = ""', "`address` is not"),
        ('address = "192.0.2.10"', 'address = "mx1..example.com"', "`address` is not"),
        ('address = "192.0.2.10"', f'address = "{"a" * 64}.example.com"', "`address` is not"),
        ('address = "192.0.2.10"', 'address = "192.0.2.10 "', "`address` is not"),
        ('address = "192.0.2.10"', 'address = "a\\u0000b"', "'host.address' holds a NUL"),
        ('host_keys = ["ssh-ed25519 AAAA"]', "", "no trust on first use"),
        ('host_keys = ["ssh-ed25519 AAAA"]', "host_keys = []", "no trust on first use"),
        ('host_keys = ["ssh-ed25519 AAAA"]', 'host_keys = ["SHA256:x"]', "at least one public key"),
        ('host_keys = ["ssh-ed25519 AAAA"]', 'host_keys = "ssh-ed25519 AAAA"', "`host_keys` is not a list"),
        ('reader = { user = "postmedic-probe", key = "probe" }', "", "`reader` is missing"),
        ('reader = { user = "postmedic-probe", key = "probe" }', 'reader = { user = "x" }', "`reader` is not of the form"),
        ('reader = { user = "postmedic-probe", key = "probe" }', 'reader = "x"', "`reader` is not of the form"),
        ('reader = { user = "postmedic-probe"', "reader = { user = 5", "`reader` is not of the form"),
        ('reader = { user = "postmedic-probe", key = "probe" }', 'reader = { user = "x", key = "gone" }', "cannot be read"),
        ('key = "fix"', 'key = "loop"', "the key file of writer cannot be read: Too many levels of symbolic links"),
        ('key = "fix"', 'key = "folder"', "the key file of writer is no file"),
        ('key = "fix"', 'key = "fifo"', "the key file of writer is no file"),
        ('key = "fix"', 'key = "f\\u0000ix"', "'host.writer.key' holds a NUL"),
        ('users = ["U1"]', 'users = "U1"', "`approvers.users` is not a list"),
        ('groups = ["S1"]', 'group = ["S1"]', "`approvers` is not a table"),
        ('approvers = { users = ["U1"], groups = ["S1"] }', "approvers = true", "`approvers` is not a table"),
        ('channels = ["C1"]', 'channels = ["#mail"]', "is no Slack id"),
        ("enrolled = true", 'enrolled = "yes"', "`enrolled` is not true or false"),
        ('aliases = ["mx1.example.com"]', "aliases = [5]", "`aliases` is not a list"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in HOST
    path = write(tmp_path, HOST.replace(old, new, 1))
    with pytest.raises(InventoryError) as caught:
        load(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


NO_ALIAS = HOST.replace('aliases = ["mx1.example.com"]', "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[host]\n", "not TOML"),
        ("[host]\nname = 'x'\n", "something else than"),
        ("host = 5\n", "something else than"),
        ("host = [5]\n", "`name` is missing"),
        ("everyone = true\n", "something else than"),
        (HOST + HOST, "stands for two hosts"),
        (
            HOST + NO_ALIAS.replace('"host01"', '"mx1.example.com"'),
            "stands for two hosts",
        ),
        (HOST + HOST.replace('"host01"', '"host02"').replace("mx1.", "MX1."), "stands for two hosts"),
    ],
)
def test_a_broken_file_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InventoryError, match=said):
        load(write(tmp_path, text))


@pytest.mark.parametrize("name", ["probe", "fix"])
def test_a_key_that_is_somebody_elses_is_named(tmp_path: Path, name: str) -> None:
    """As where an administrator made the keys, and the bot's account may not read them."""
    path = write(tmp_path, HOST)
    (tmp_path / name).chmod(0)
    with bound_by_modes(), pytest.raises(InventoryError, match="cannot be read: Permission denied"):
        load(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("host = " + "[" * 5000, "nested too deeply"),
        (f"[{'a.' * 5000}a]\n", "nested too deeply"),
        (f"host = {'9' * 5000}\n", "it is not TOML: Exceeds the limit"),
        ('"a\\u0000" = 1\n', "holds a NUL"),
    ],
)
def test_no_file_is_an_unforeseen_error(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InventoryError, match=said) as caught:
        load(write(tmp_path, text))
    assert len(str(caught.value)) < 1000


def test_an_enormous_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = write(tmp_path, "")
    os.truncate(path, 1 << 40)
    with pytest.raises(InventoryError, match="more than 16 MiB"):
        load(path)


@pytest.mark.parametrize("lines", ["\ufeff{}", "{}\r\n"])
def test_what_editors_of_other_systems_write_is_read(tmp_path: Path, lines: str) -> None:
    path = write(tmp_path, "")
    path.write_bytes(lines.replace("{}", HOST.replace("\n", "\r\n")).encode())
    assert list(load(path)) == ["host01"]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InventoryError, match="No such file"):
        load(tmp_path / "absent.toml")


def test_names_are_found_however_they_are_written() -> None:
    known = Inventory({"host01": host("host01", aliases=("mx1.example.com",)), "host02": host("host02")})
    for name in ("host01", "HOST01", "mx1.example.com", "MX1.Example.COM", "mx1"):
        assert known.find(name).name == "host01"
    assert (len(known), list(known), known["host02"].name) == (2, ["host01", "host02"], "host02")


def test_a_short_name_that_two_hosts_have_is_nobodys() -> None:
    hosts = {one: host(one, aliases=(f"mx1.{one}.example",)) for one in ("host01", "host02")}
    with pytest.raises(UnknownHost, match="Known hosts: host01, host02"):
        Inventory(hosts).find("mx1")


@pytest.mark.parametrize("name", ["host03", "", "host01.evil.example", "192.0.2.10", "host0", "x" * 500])
def test_what_is_not_named_there_is_not_contacted(name: str) -> None:
    with pytest.raises(UnknownHost) as caught:
        Inventory({"host01": host("host01")}).find(name)
    assert len(str(caught.value)) < 300
