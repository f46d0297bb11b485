"""Are the ways in which smtpd misses saslauthd told apart? Values as measured on Debian 12 and 13."""

from __future__ import annotations

import pytest

from bot.facts.saslauthd import Saslauthd, saslauthd
from bot.model.fact import Unknown
from bot.model.probe import Reading

GOOD = """\
queue=/var/spool/postfix
owner=postfix
installed=yes
running=yes
blocked=no
place=/var/spool/postfix/var/run/saslauthd
listens=/var/spool/postfix/var/run/saslauthd/mux
level=3.6
chroot=y
group=postfix
group=sasl
folder=/var/spool/postfix/var/run/saslauthd root sasl 710
end=ok
"""


def read(text: str) -> Saslauthd | Unknown:
    return saslauthd(Reading(key="saslauthd", exit=0, stdout=text.encode()))  # type: ignore[return-value]


def changed(*pairs: tuple[str, str]) -> Saslauthd:
    text = GOOD
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    found = read(text)
    assert isinstance(found, Saslauthd)
    return found


def test_a_good_host_is_reachable() -> None:
    assert changed().reachable is True


def test_a_fresh_debian_12_neither_runs_nor_would_be_found() -> None:
    found = changed(
        ("running=yes", "running=no"),
        ("blocked=no", "blocked=yes"),
        ("place=/var/spool/postfix/var/run/saslauthd", "place=/var/run/saslauthd"),
        ("listens=/var/spool/postfix/var/run/saslauthd/mux\n", ""),
        ("folder=/var/spool/postfix/var/run/saslauthd root sasl 710\n", ""),
        ("group=sasl\n", ""),
    )
    assert (found.running, found.start_blocked, found.socket, found.folder) == (False, True, "outside-chroot", "missing")
    assert found.reachable is False


def test_a_socket_outside_is_found_only_without_a_chroot() -> None:
    outside = ("listens=/var/spool/postfix/var/run/saslauthd/mux", "listens=/run/saslauthd/mux")
    assert changed(outside).socket == "outside-chroot"
    free = changed(outside, ("chroot=y", "chroot=n"), ("folder=/var/spool/postfix/var/run/saslauthd", "folder=/run/saslauthd"))
    assert (free.socket, free.reachable) == ("right", True)


@pytest.mark.parametrize(("level", "chrooted"), [("0", True), ("3.6", False), ("", False)])
def test_a_dash_means_the_default_of_the_compatibility_level(level: str, chrooted: bool) -> None:
    assert changed(("chroot=y", "chroot=-"), ("level=3.6", f"level={level}")).chrooted is chrooted


@pytest.mark.parametrize(
    ("folder", "groups", "state"),
    [
        ("root sasl 710", "group=postfix", "not-in-group"),
        ("root sasl 700", "group=postfix\ngroup=sasl", "closed"),
        ("root root 710", "group=postfix\ngroup=sasl", "closed"),
        ("root root 711", "group=postfix", "open"),
        ("postfix sasl 710", "group=postfix", "open"),
        ("postfix sasl 010", "group=postfix\ngroup=sasl", "closed"),
        ("root sasl 999", "group=postfix\ngroup=sasl", "closed"),
    ],
)
def test_who_may_enter_the_folder(folder: str, groups: str, state: str) -> None:
    assert changed(("root sasl 710", folder), ("group=postfix\ngroup=sasl", groups)).folder == state


def test_without_an_smtpd_the_place_is_unknown() -> None:
    found = changed(("chroot=y\n", ""))
    assert isinstance(found.socket, Unknown)
    assert isinstance(found.reachable, Unknown)


@pytest.mark.parametrize("cut", range(0, len(GOOD) - 1, 17))
def test_a_cut_answer_is_unknown(cut: int) -> None:
    assert isinstance(read(GOOD[:cut]), Unknown)
