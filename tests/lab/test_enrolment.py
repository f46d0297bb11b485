"""Does the script of `postmedic enroll` do what it says: from nothing to a green doctor, again, over worse, and away again?"""

from __future__ import annotations

import json
import stat
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.model.enrolment import HOME
from tests.lab import Host, Lab
from tests.lab.ansible import administered, play
from tests.lab.enrolled import FIX, PROBE, admit
from tests.lab.filesystem import Entry, diff
from tests.lab.proving import HOSTS

GREEN, JOURNAL = 0, "/var/lib/postmedic"
OURS = (HOME, "/var/lib/postmedic", "/etc/sudoers.d/postmedic")
# What useradd writes beside the two lines: the times of the files and folders, and their copies from before.
ACCOUNTS = ("/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow", "/etc/subuid", "/etc/subgid", "/etc/.pwd.lock")
TOUCHED = ("/etc", "/var/lib", "/usr/local/lib", "/etc/sudoers.d", "/var/mail", "/var/spool/mail")


def postmedic(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The command line as an administrator calls it."""
    return subprocess.run([sys.executable, "-m", "bot", *words], cwd=folder, capture_output=True, text=True)


@pytest.fixture
def bare(lab: Lab, request: pytest.FixtureRequest) -> Any:
    """A running host without any account of postmedic, and a folder with two new keys."""
    host = lab[request.param]
    host.run(f"userdel -r {PROBE}; userdel -r {FIX}")
    yield host
    host.reset()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("probe", "fix"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / name], check=True)
    (tmp_path / "bot").symlink_to(Path(__file__).parents[2] / "bot")
    return tmp_path


@pytest.mark.parametrize("bare", HOSTS, indirect=True)
def test_from_nothing_to_green_and_back(bare: Host, folder: Path, record_property: Callable[[str, object], None]) -> None:
    keys = ("--probe-key", "probe", "--fix-key", "fix")
    before, started = bare.snapshot(), time.monotonic()
    script = postmedic(folder, "enroll", bare.name, *keys).stdout
    said = bare.run("sh", stdin=script.encode(), check=True).out
    ran = time.monotonic() - started
    enrolled = bare.snapshot(before)
    assert not [path for path in diff(before, enrolled) if not path.startswith((*OURS, *ACCOUNTS)) and path not in TOUCHED]

    table = said[said.index("[[host]]") : said.index("\npostmedic: then")]
    listed = f'{table}address = "127.0.0.1"\nport = {bare.ssh_port}\naliases = ["{bare.name}.lab.example"]\n'
    (folder / "inventory.toml").write_text(listed + 'approvers = { users = ["U0BEN", "U0CHEN"] }\n')
    started = time.monotonic()
    doctor = postmedic(folder, "doctor", bare.name, "--json")
    record_property("seconds_to_green", round(ran + time.monotonic() - started, 1))
    found = json.loads(doctor.stdout)
    assert [one for one in found if one["verdict"] in ("found", "unmeasured")] == []
    assert doctor.returncode == GREEN
    assert tomllib.loads(table)["host"][0]["host_keys"] == [bare.host_key]

    settled = bare.snapshot(enrolled)
    again = bare.run("sh", stdin=script.encode(), check=True).out
    assert [line for line in again.splitlines() if line.startswith("postmedic: ")] == said_last(again)
    later = bare.snapshot(settled)
    assert [path for path in diff(settled, later) if not stat.S_ISDIR(later[path].mode)] == []  # no file is put again

    away = postmedic(folder, "enroll", bare.name, "--uninstall").stdout
    bare.run("mkdir -p /var/lib/postmedic/e1")
    assert "kept /var/lib/postmedic" in bare.run("sh", stdin=away.encode(), check=True).out
    left = diff(settled, bare.snapshot(settled))
    assert not [path for path in left if not path.startswith((*OURS, *ACCOUNTS, "/var/lib/postmedic")) and path not in TOUCHED]
    assert bare.run("find / -xdev -path '*postmedic*' -not -path '/var/log/*'").out.split() == [JOURNAL, f"{JOURNAL}/e1"]
    assert bare.run(f"getent passwd {PROBE} {FIX}").out == ""
    bare.run("sh -s -- --with-journal", stdin=away.encode(), check=True)
    assert bare.run("test -e /var/lib/postmedic").rc == 1


def said_last(text: str) -> list[str]:
    """Of a run that had nothing to do only this is said."""
    lines = [line for line in text.splitlines() if line.startswith("postmedic: ")]
    assert lines[0].startswith("postmedic: done. This belongs into the inventory")
    assert len(lines) == 2
    return lines


@pytest.mark.parametrize("bare", ["mx12"], indirect=True)
def test_the_role_leaves_what_the_script_leaves(bare: Host, lab: Lab, folder: Path) -> None:
    administered(bare, folder / "probe")
    keys = ("--probe-key", "probe", "--fix-key", "fix")
    assert postmedic(folder, "enroll", bare.name, *keys, "--files", f"postmedic-files/{bare.name}").returncode == 0
    changed, failed, said = play(lab, bare, folder / "probe", folder)
    assert (changed > 5, failed) == (True, 0), said
    assert bare.host_key in said
    assert play(lab, bare, folder / "probe", folder)[:2] == (0, 0)
    by_role = _made(bare)

    script = postmedic(folder, "enroll", bare.name, *keys).stdout.encode()
    said_last(bare.run("sh", stdin=script, check=True).out)
    away = postmedic(folder, "enroll", bare.name, *keys, "--uninstall").stdout.encode()
    bare.run("sh -s -- --with-journal", stdin=away, check=True)
    assert not [path for path in _made(bare) if path.startswith(OURS)]
    bare.run("sh", stdin=script, check=True)
    assert by_role == _made(bare)


def _made(host: Host) -> dict[str, Entry]:
    """What an enrolment makes, without the times; who has no password is known to the script alone."""
    listed = (*OURS, "/etc/passwd", "/etc/group", "/etc/gshadow", "/etc/subuid", "/etc/subgid")
    return {path: replace(one, mtime=0) for path, one in host.snapshot().items() if path.startswith(listed) and path[-1] != "-"}


@pytest.mark.parametrize("bare", ["mx13"], indirect=True)
def test_what_is_unsafe_is_refused_or_set_right(bare: Host, lab: Lab, folder: Path) -> None:
    script = postmedic(folder, "enroll", bare.name, "--probe-key", "probe", "--fix-key", "fix").stdout
    admit(lab, bare)
    before = bare.snapshot()

    refused = bare.run("setpriv --reuid visitor --regid visitor --clear-groups sh", stdin=script.encode())
    assert (refused.rc, "only root" in refused.err) == (77, True)
    for cut in range(0, len(script) - 5, 9973):  # a text that was cut off on its way does nothing
        bare.run("sh", stdin=script[:cut].encode())
    assert diff(before, bare.snapshot(before)) == {}

    bare.run("echo 'nonsense here' >/etc/sudoers.d/broken")
    broken = bare.run("sh", stdin=script.encode())
    assert (broken.rc, "error already" in broken.err) == (1, True)
    bare.run("rm /etc/sudoers.d/broken")
    wrong = script.replace("NOPASSWD:", "NOPASSWORT:")
    assert "visudo refuses" in bare.run("sh", stdin=wrong.encode()).err
    assert bare.run(f"ls /etc/sudoers.d/ {HOME}; getent passwd {PROBE}").out.split() == [
        "/etc/sudoers.d/:",
        "README",
        f"{HOME}:",
    ]

    bare.run(f"useradd -m -d /home/x {PROBE}")
    assert "somebody else's" in bare.run("sh", stdin=script.encode()).err
    bare.run(f"userdel -r {PROBE}")
    # An account that was made by hand, with a shell, groups, a password and a home of its own that sets a trap.
    bare.run(
        f"useradd -m -d /var/lib/{PROBE} -s /bin/bash -G adm,sudo {PROBE}; echo {PROBE}:secret | chpasswd; "
        f"install -d -o {PROBE} /var/lib/{PROBE}/.ssh; ln -s /etc/shadow /var/lib/{PROBE}/.ssh/authorized_keys.postmedic-new; "
        f"echo trap >/var/lib/{PROBE}/.profile; chown -R {PROBE} /var/lib/{PROBE}"
    )
    shadow = bare.run("sha256sum /etc/shadow | cut -c1-20; wc -l </etc/shadow").out
    bare.run("sh", stdin=script.encode(), check=True)
    assert bare.run(
        f"id -nG {PROBE}; getent shadow {PROBE} | cut -d: -f2; find /var/lib/{PROBE} -user {PROBE}"
    ).out.split() == [
        PROBE,
        "*",
    ]
    assert bare.run("wc -l </etc/shadow").out.strip() == str(int(shadow.split()[1]) + 1)  # the other account, and nothing else

    reading = postmedic(folder, "enroll", bare.name, "--probe-key", "probe").stdout
    assert "took the key of postmedic-fix away" in bare.run("sh", stdin=reading.encode(), check=True).out
    assert FIX not in bare.run("cat /etc/sudoers.d/postmedic", check=True).out


@pytest.mark.parametrize("bare", ["mx13"], indirect=True)
def test_the_role_refuses_what_is_unsafe(bare: Host, lab: Lab, folder: Path) -> None:
    administered(bare, folder / "probe")
    keys = ("--probe-key", "probe", "--fix-key", "fix")
    assert postmedic(folder, "enroll", bare.name, *keys, "--files", f"postmedic-files/{bare.name}").returncode == 0

    bare.run(f"useradd -m -d /home/x {PROBE}", check=True)
    _, failed, said = play(lab, bare, folder / "probe", folder)
    assert (failed, "somebody else's" in said) == (1, True), said
    bare.run(f"userdel -r {PROBE}")
    # A home whose owner would have root's own keys overwritten.
    bare.run(f"useradd -m -d /var/lib/{PROBE} {PROBE}; ln -s /root/.ssh /var/lib/{PROBE}/.ssh; install -d -m 700 /root/.ssh")
    _, failed, said = play(lab, bare, folder / "probe", folder)
    assert (failed, f"/var/lib/{PROBE}/.ssh" in said) == (1, True), said
    assert bare.run("ls -A /root/.ssh; stat -c %a /root/.ssh").out.split() == ["700"]
    assert bare.run(f"ls /etc/sudoers.d/postmedic {HOME}/read").rc == 2
