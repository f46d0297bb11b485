"""B7: a configuration file is old or new, never half: operations are killed at every system call that changes a file."""

from __future__ import annotations

import platform
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import bot.connectors
from bot.model.enrolment import HOME
from bot.operations.base import OPERATIONS
from tests.lab import Host, Lab
from tests.lab.host import inside
from tests.lab.proving import made_new

ABSENT = "absent"
FIX = Path(bot.connectors.__file__).with_name("fix.sh")
SASLAUTHD = "/etc/default/saslauthd"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """An operation with its words, the files it edits, and what makes the host one where it has something to do."""

    words: str
    files: tuple[str, ...]
    breaks: str = "true"
    first: str = ""  # the operation of the same execution that came before
    shown: str = "cat {file}"  # what is in it; a compiled table has another number inside each time it is made


EDITS = (
    Edit(words="destination-add edited.example", files=("/etc/postfix/main.cf",)),  # postconf -e, as every change of main.cf
    Edit(
        words="hosts-localhost-restore",
        files=("/etc/hosts",),
        breaks="sed -i 's/^127.0.0.1/192.0.2.7/' /etc/hosts",
    ),
    Edit(
        words="sasl-mechanisms-plain",
        files=("/etc/postfix/sasl/smtpd.conf",),
        breaks="cd /etc/postfix && mkdir -p sasl && printf 'pwcheck_method: saslauthd\\nmech_list: none\\n' >sasl/smtpd.conf",
    ),
    Edit(words="dovecot-listener", files=("/etc/dovecot/conf.d/99-postmedic-postfix-auth.conf",)),
    Edit(
        words="table-postmap hash:/etc/postfix/virtual",
        files=("/etc/postfix/virtual.db",),
        breaks="cd /etc/postfix && echo 'old@x.example b' >virtual && postmap virtual && "
        "postconf -e virtual_alias_maps=hash:/etc/postfix/virtual && seq -f 'n%.0f@x.example b' 300 >virtual",
        shown="cp {file} /root/shown.db; postmap -s hash:/root/shown | sort",
    ),
    Edit(
        words="aliases-rebuild",
        files=("/etc/aliases.db",),
        breaks="newaliases && seq -f 'n%.0f: root' 300 >>/etc/aliases",
        # The table says when it was made.
        shown="cp {file} /root/shown.db; postalias -s hash:/root/shown | grep -v ^YP_LAST_MODIFIED | sort",
    ),
    Edit(words="saslauthd-enable", files=(SASLAUTHD,), breaks=f"sed -i s/^START=.*/START=no/ {SASLAUTHD}"),
    Edit(words="saslauthd-into-chroot", files=(SASLAUTHD,), breaks=f"sed -i '/^OPTIONS=/d' {SASLAUTHD}"),
    Edit(
        words="files-restore",
        files=("/etc/hosts",),
        breaks="sed -i 's/^127.0.0.1/192.0.2.8/' /etc/hosts",
        first="hosts-localhost-restore",
    ),
    Edit(words="sasl-group-add", files=("/etc/group", "/etc/gshadow"), breaks="gpasswd -d postfix sasl; true"),
)
JOURNAL = "/var/lib/postmedic/b7"
CLEAN = f"rm -rf {JOURNAL} /etc/.pwd.lock /etc/*.lock /etc/group.[0-9]* /etc/gshadow.[0-9]* /etc/group+ /etc/gshadow+"


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the numbers of system calls are those of x86_64")
@pytest.mark.parametrize("name", ["mx13"])
def test_a_kill_at_every_call_leaves_whole_files(enrolled: Lab, name: str) -> None:
    host = enrolled[name]
    try:
        for edit in EDITS:
            host.run(edit.breaks, check=True)
            host.run(_keeping(edit.files, "cp -a"), check=True)
            _prepared(host, edit)
            old = _contents(host, edit)
            points = _killed(host, edit, 0)
            new = _contents(host, edit)
            assert points >= 3, edit.words
            assert all(new[file] != old[file] for file in edit.files), edit.words
            seen = set()
            for point in range(1, points + 1):
                host.run(_keeping(edit.files, "back"), check=True)
                _prepared(host, edit)
                _killed(host, edit, point)
                now = _contents(host, edit)
                for file in edit.files:
                    assert now[file] in (old[file], new[file]), f"{edit.words}: {file} is half after point {point} of {points}"
                    seen.add(now[file] == new[file])
            assert seen == {False, True} or len(edit.files) == 1, edit.words
            host.run(_keeping(edit.files, "back"), check=True)
    finally:
        made_new(enrolled, name)


def _keeping(files: tuple[str, ...], how: str) -> str:
    """Keep the files beside the journal, or put them back and clear what a killed edit left."""
    if how == "back":
        back = (f"rm -f {one}; [ ! -e /root/kept{one} ] || cp -a /root/kept{one} {one}" for one in files)
        return "; ".join((CLEAN, *back))
    return "; ".join(
        f"mkdir -p /root/kept{one.rpartition('/')[0]}; [ ! -e {one} ] || cp -a {one} /root/kept{one}" for one in files
    )


def _prepared(host: Host, edit: Edit) -> None:
    """A new execution, of which the operation that comes before has been carried out."""
    host.run(f"{CLEAN}; mkdir -p {JOURNAL}", check=True)
    if edit.first:
        host.run(f"echo '{edit.first}' >{JOURNAL}/0.words && {HOME}/fix perform b7 0", check=True)


def _killed(host: Host, edit: Edit, point: int) -> int:
    """Carry the operation out as the host does, and kill it with all it started at a point; gives the points passed."""
    index = 1 if edit.first else 0
    host.run(f"echo '{edit.words}' >{JOURNAL}/{index}.words", check=True)
    command = inside(host.leader, f"{HOME}/fix", "perform", "b7", str(index))
    tracer = [sys.executable, "-m", "tests.support.killed_at", str(point), "/etc/", *command]
    done = subprocess.run(tracer, capture_output=True, text=True, timeout=60, check=True)
    return int(done.stdout.splitlines()[-1])


def _contents(host: Host, edit: Edit) -> dict[str, str]:
    return {
        one: host.run(f"[ -e {one} ] || exec echo {ABSENT}; {{ {edit.shown.format(file=one)}; }} 2>&1 | sha256sum").out
        for one in edit.files
    }


@pytest.mark.parametrize("name", [*sorted(OPERATIONS), "the dispatcher"])
def test_what_is_renamed_over_a_file_is_on_the_disk_before(name: str) -> None:
    """A kill loses no written byte; a machine that loses its power may keep the new name of a file and not what is in it."""
    script = OPERATIONS[name].script if name in OPERATIONS else FIX.read_text()
    renames = list(re.finditer(r"\bmv (?:-\S+ )*(?:-- )?(\S+) \S+", script))
    for found in renames:
        assert f"sync {found[1]}" in script[: found.start()], f"{name}: {found[0]}"
    assert renames or ".postmedic" not in script
