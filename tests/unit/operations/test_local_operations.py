"""Do the operations on loopback, names, settings, aliases and sendmail do exactly what they say?"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

import bot.operations
from bot.facts.network import Interface, Interfaces
from bot.model.fact import Facts
from bot.operations.base import OPERATIONS

assert bot.operations.__all__
NAMES = (
    "aliases-rebuild",
    "destination-add",
    "files-restore",
    "hosts-localhost-restore",
    "inet-protocols-ipv4",
    "loopback-address-add",
    "loopback-up",
    "mynetworks-loopback-add",
    "sendmail-link-restore",
    "sendmail-mode-restore",
    "service-reload",
    "service-restart",
    "service-start",
)

# Stands in for the dispatcher's `keep` and for postconf; the lab runs the same texts against the real ones.
STUBS = """
keep() { echo "keep $1" >>"$TOLD"; }
postconf() {
    case $1 in
        -e) echo "set $2" >>"$TOLD" ;;
        -h) cat "$VALUE" ;;
        *) echo /etc/postfix ;;
    esac
}
"""


def told(tmp_path: Path, name: str, *tokens: str, value: str = "", replaced: str = "") -> list[str]:
    """Run an operation's text with stubs and give what it told them."""
    (tmp_path / "value").write_text(value)
    (tmp_path / "told").touch()
    script = OPERATIONS[name].script.replace("/etc/hosts", replaced or "/etc/hosts")
    body = f'{STUBS}\nchange() {{\n{script}\n}}\nchange "$@"\n'
    environment = {"PATH": os.environ["PATH"], "TOLD": str(tmp_path / "told"), "VALUE": str(tmp_path / "value")}
    subprocess.run(["sh", "-c", body, "change", *tokens], env=environment, check=True, capture_output=True)
    return (tmp_path / "told").read_text().splitlines()


@pytest.mark.parametrize("name", NAMES)
def test_every_text_is_sh_and_says_in_both_languages_what_it_does(name: str) -> None:
    one = OPERATIONS[name]
    subprocess.run(["sh", "-n"], input=one.script, text=True, check=True)
    assert one.says.en.endswith(".")
    assert one.says.zh.endswith("。")


@pytest.mark.parametrize("name", ["destination-add", "inet-protocols-ipv4", "mynetworks-loopback-add"])
def test_main_cf_is_kept_before_it_is_edited(tmp_path: Path, name: str) -> None:
    lines = told(tmp_path, name, *(["example.org"] if name == "destination-add" else []), value="localhost\n")
    assert lines[0] == "keep /etc/postfix/main.cf"
    assert lines[1].startswith("set ")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("$myhostname, localhost\n", "set mydestination = $myhostname, localhost, example.org"),
        ("\n", "set mydestination = example.org"),
        ("localhost, example.org\n", None),
    ],
)
def test_destination_add(tmp_path: Path, before: str, after: str | None) -> None:
    assert told(tmp_path, "destination-add", "example.org", value=before)[1:] == ([after] if after else [])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("10.0.0.0/8\n", "set mynetworks = 10.0.0.0/8 127.0.0.0/8 [::1]/128"),
        ("10.0.0.0/8, 127.0.0.0/8\n", "set mynetworks = 10.0.0.0/8, 127.0.0.0/8 [::1]/128"),
        ("\n", "set mynetworks = 127.0.0.0/8 [::1]/128"),
    ],
)
def test_mynetworks_loopback_add(tmp_path: Path, before: str, after: str) -> None:
    assert told(tmp_path, "mynetworks-loopback-add", value=before)[1:] == [after]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("10.0.0.5 mx\n", "10.0.0.5 mx\n127.0.0.1\tlocalhost\n"),
        ("10.9.9.9 localhost\n", "127.0.0.1\tlocalhost\n"),
        ("10.9.9.9 a localhost b # ours\n", "10.9.9.9 a b # ours\n127.0.0.1\tlocalhost\n"),
        ("10.9.9.9 localhost # gone\n", "# gone\n127.0.0.1\tlocalhost\n"),
        ("127.0.0.1 localhost\n::1 localhost\n\n# x localhost\n", "127.0.0.1 localhost\n::1 localhost\n\n# x localhost\n"),
        ("127.0.0.1 mx localhost.localdomain\n", "127.0.0.1 mx localhost.localdomain\n127.0.0.1\tlocalhost\n"),
        ("10.0.0.5 mx", "10.0.0.5 mx\n127.0.0.1\tlocalhost\n"),
        (None, "127.0.0.1\tlocalhost\n"),
    ],
)
def test_hosts_localhost_restore(tmp_path: Path, before: str | None, after: str) -> None:
    hosts = tmp_path / "hosts"
    if before is not None:
        hosts.write_text(before)
    assert told(tmp_path, "hosts-localhost-restore", replaced=str(hosts)) == [f"keep {hosts}"]
    assert hosts.read_text() == after
    assert hosts.stat().st_mode & 0o777 == 0o644, "every program must be able to read it"


def test_previews_show_what_was_measured() -> None:
    lo = Interface(name="lo", up=False, loopback=True, addresses=("127.0.0.1",))
    facts = Facts({"interfaces": Interfaces(all=(lo,)), "setting.mydestination": "localhost"})
    (up,) = OPERATIONS["loopback-up"].preview(facts)
    assert (up.before, up.after) == ("down", "up")
    (destination,) = OPERATIONS["destination-add"].preview(facts, domain="example.org")
    assert (destination.what, destination.before, destination.after) == (
        "main.cf: mydestination",
        "localhost",
        "localhost, example.org",
    )
    (restart,) = OPERATIONS["service-restart"].preview(facts, service="postfix")
    assert (restart.what, restart.before) == ("postfix", "?")
