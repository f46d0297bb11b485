"""Is it told apart whether Dovecot is down, not told to listen, listens elsewhere, or keeps Postfix out?"""

from __future__ import annotations

import pytest

from bot.facts.dovecot import Dovecot, Socket, dovecot, sasl_socket
from bot.model.fact import Unknown
from bot.model.probe import Reading

GOOD = """\
queue=/var/spool/postfix
path=private/auth
installed=yes
running=yes
snippets=yes
listener=/var/spool/postfix/private/auth
listener=auth-userdb
listens=/var/spool/postfix/private/auth
mechanisms=plain login
end=ok
"""


def read(*pairs: tuple[str, str]) -> Dovecot:
    text = GOOD
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    found = dovecot(Reading(key="dovecot", exit=0, stdout=text.encode()))
    assert isinstance(found, Dovecot)
    return found


def test_a_good_dovecot() -> None:
    found = read()
    assert (found.running, found.listener, found.standard, found.plaintext_only) == (True, True, True, True)


def test_a_path_left_over_from_cyrus() -> None:
    found = read(("path=private/auth", "path=smtpd"))
    assert (found.listener, found.standard) == (False, True)


def test_no_listener_for_postfix() -> None:
    found = read(("listener=/var/spool/postfix/private/auth\n", ""), ("listens=/var/spool/postfix/private/auth\n", ""))
    assert (found.listener, found.standard) == (False, False)


def test_mechanisms_without_dovecot_are_unknown() -> None:
    assert isinstance(read(("mechanisms=plain login\n", "")).plaintext_only, Unknown)
    assert read(("plain login", "plain scram-sha-256")).plaintext_only is False


@pytest.mark.parametrize(
    ("described", "listens", "state"),
    [
        ("socket|postfix|postfix|660", "yes", "open"),
        ("socket|root|root|600", "yes", "denied"),
        ("socket|root|postfix|660", "yes", "open"),
        ("socket|dovecot|dovecot|666", "yes", "open"),
        ("socket|postfix|postfix|060", "yes", "denied"),
        ("socket|postfix|postfix|660", "no", "refused"),
        ("regular file|root|root|644", "no", "not-a-socket"),
        ("none", "no", "missing"),
        ("socket|postfix|postfix|99", "yes", "denied"),
    ],
)
def test_socket_states(described: str, listens: str, state: str) -> None:
    text = f"owner=postfix\ngroup=postfix\nsocket={described}\nlistens={listens}\nend=ok\n"
    assert sasl_socket(Reading(key="sasl-socket", exit=0, stdout=text.encode())) == Socket(state=state)


@pytest.mark.parametrize("cut", range(0, len(GOOD) - 1, 13))
def test_a_cut_answer_is_unknown(cut: int) -> None:
    assert isinstance(dovecot(Reading(key="dovecot", exit=0, stdout=GOOD[:cut].encode())), Unknown)
