"""Does the enrolment leave a host as it says, whatever an administrator or a run that was cut off has left there before?"""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from bot.connectors.enrolment import FIX_USER, PROBE_USER, Kit, removal, script
from bot.execution.enrolment import programs
from bot.model.enrolment import HOME
from tests.support.rooted import inside, tree

RELEASES = ("bookworm", "trixie")
ONE, OTHER = (f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5{letter * 48}" for letter in "ab")
KIT = Kit(host="mail01", version="1", programs=programs(), probe_key=ONE, fix_key=OTHER)
ENROL = script(KIT, probe_key="/k/probe", fix_key="/k/fix")
TEXTS = {
    "enroll.sh": ENROL,
    "cut-off.sh": ENROL.replace("\nmain #", "\nput() { kill -9 $$; }\nmain #"),  # killed before anything is put in place
    "unenroll.sh": removal("mail01", "1"),
}
AWAY = "sh /root/unenroll.sh --with-journal"
REMAINS = (
    f"find / -xdev -name '*postmedic*'; getent passwd {PROBE_USER} {FIX_USER}; getent group {PROBE_USER} {FIX_USER}; "
    "ls /etc/sudoers.d"
)
SSHD = "mkdir -p /run/sshd; ssh-keygen -A"


def ran(release: str, folder: Path, *texts: str) -> list[tuple[int, str]]:
    """Run each text as root on one copy of a host; gives how each ended and what it said."""
    answers = inside(tree(release), folder, [("run", text) for text in (SSHD, *texts)], TEXTS)
    return [(rc, out + err) for rc, out, err in answers[1:]]  # type: ignore[misc]


@pytest.mark.parametrize("release", RELEASES)
def test_what_a_run_that_was_cut_off_has_left_goes_away(folder: Path, release: str) -> None:
    cut, left, away, remains = ran(release, folder, "sh /root/cut-off.sh", "ls /etc/sudoers.d/postmedic.*", AWAY, REMAINS)
    assert (cut[0] != 0, left[0], away[0]) == (True, 0, 0), (cut, left, away)
    assert remains[1].split() == ["README"]


@pytest.mark.parametrize("release", RELEASES)
def test_accounts_are_in_no_group_but_their_own(folder: Path, release: str) -> None:
    """One was made by hand, in a group that reads every log; of the other only the group is there."""
    before = f"useradd -r -g adm -M -d /var/lib/{PROBE_USER} {PROBE_USER} && groupadd {FIX_USER}"
    made, first, groups, again = ran(
        release, folder, before, "sh /root/enroll.sh", f"id -nG {PROBE_USER}; id -nG {FIX_USER}", "sh /root/enroll.sh"
    )
    assert (made[0], first[0], again[0]) == (0, 0, 0), (made, first, again)
    assert groups[1].split() == [PROBE_USER, FIX_USER]
    assert "set right" in first[1]
    assert "set right" not in again[1]


@pytest.mark.parametrize("release", RELEASES)
def test_it_goes_away_and_comes_back_where_accounts_do_not_take_their_groups_with_them(folder: Path, release: str) -> None:
    apart = "sed -i 's/^USERGROUPS_ENAB.*/USERGROUPS_ENAB no/' /etc/login.defs"
    _, first, away, remains, again = ran(release, folder, apart, "sh /root/enroll.sh", AWAY, REMAINS, "sh /root/enroll.sh")
    assert (first[0], away[0], again[0]) == (0, 0, 0), (first, away, again)
    assert remains[1].split() == ["README"]


def test_a_second_file_of_keys_is_taken_away(folder: Path) -> None:
    other = f"/var/lib/{PROBE_USER}/.ssh/authorized_keys2"
    before = f"useradd -r -U -m -d /var/lib/{PROBE_USER} {PROBE_USER} && mkdir /var/lib/{PROBE_USER}/.ssh && echo key >{other}"
    made, first, listed = ran("trixie", folder, before, "sh /root/enroll.sh", f"ls {other}")
    assert (made[0], first[0], listed[0]) == (0, 0, 2), (made, first, listed)
    assert f"took {other} away" in first[1]


def test_a_second_run_has_nothing_to_do_below_a_folder_that_hands_its_group_down(folder: Path) -> None:
    _, first, again, mode = ran(
        "trixie", folder, "chmod 2775 /usr/local/lib", "sh /root/enroll.sh", "sh /root/enroll.sh", f"stat -c %a {HOME}"
    )
    assert f"made the folder {HOME}" in first[1]
    assert f"made the folder {HOME}" not in again[1]
    assert mode[1] == "755\n"


def test_it_says_what_in_sshd_would_keep_an_account_out_and_which_key_sshd_shows(folder: Path) -> None:
    strict = "AllowUsers root\\nAuthenticationMethods publickey,password\\nHostKey /etc/ssh/own\\n"
    strict += f"Match User {FIX_USER}\\nPubkeyAuthentication no\\n"
    made, said, key, silent = ran(
        "trixie",
        folder,
        f"ssh-keygen -q -t ecdsa -N '' -f /etc/ssh/own && printf '{strict}' >/etc/ssh/sshd_config.d/strict.conf",
        "sh /root/enroll.sh",
        "cat /etc/ssh/own.pub",
        "echo Nonsense >/etc/ssh/sshd_config.d/0.conf; sh /root/enroll.sh",
    )
    assert (made[0], said[0], silent[0]) == (0, 0, 0), (made, said, silent)
    for word in ("allowusers root", "authenticationmethods publickey,password", "pubkeyauthentication no"):
        assert f"NOTE: sshd_config says `{word}`" in said[1]
    table = tomllib.loads(said[1][said[1].index("[[host]]") : said[1].index("\npostmedic: then")])
    assert table["host"][0]["host_keys"] == [" ".join(key[1].split()[:2])]
    assert "NOTE: sshd does not say how it is set" in silent[1]


def test_what_stops_it_is_said_with_what_to_do_next(folder: Path) -> None:
    (full,) = ran("trixie", folder, f"mkdir {HOME} && mount -t tmpfs -o ro,mode=755 tmpfs {HOME} && sh /root/enroll.sh")
    assert full[0] != 0
    assert "run this again" in full[1]
