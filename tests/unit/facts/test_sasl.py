"""Is SMTP AUTH read as Postfix means it: type, ports, mechanisms, and the smtpd.conf that is really read?"""

from __future__ import annotations

import pytest

from bot.facts.sasl import SASL, SMTPD_CONF, Sasl, SmtpdConf, sasl, smtpd_conf
from bot.model.fact import Unknown
from bot.model.probe import NO_PERMISSION, Reading

SERVER = """\
smtpd_sasl_auth_enable=yes
smtpd_sasl_type=cyrus
smtpd_sasl_path=smtpd
smtpd_sasl_security_options=noanonymous
smtpd_tls_auth_only=no
built-in=cyrus
built-in=dovecot
service=smtp
end=ok
"""
CONF = """\
version=3.7.11
folders=
standard=yes
file=/etc/postfix/sasl/smtpd.conf
conf=/etc/postfix/sasl/smtpd.conf|pwcheck_method|saslauthd
conf=/etc/postfix/sasl/smtpd.conf|mech_list|PLAIN LOGIN
plugin=login
plugin=plain
plugin=scram
sasldb=no no
end=ok
"""


def server(*pairs: tuple[str, str]) -> Sasl:
    found = sasl(Reading(key="sasl", exit=0, stdout=_changed(SERVER, pairs)))
    assert isinstance(found, Sasl)
    return found


def conf(*pairs: tuple[str, str]) -> SmtpdConf:
    found = smtpd_conf(Reading(key="smtpd-conf", exit=0, stdout=_changed(CONF, pairs)))
    assert isinstance(found, SmtpdConf)
    return found


def _changed(text: str, pairs: tuple[tuple[str, str], ...]) -> bytes:
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text.encode()


def test_saslauthd_is_no_type() -> None:
    assert server().supported is True
    assert server(("smtpd_sasl_type=cyrus", "smtpd_sasl_type=saslauthd")).supported is False


def test_without_the_list_of_types_nothing_is_called_unsupported() -> None:
    assert isinstance(server(("built-in=cyrus\nbuilt-in=dovecot\n", "")).supported, Unknown)


def test_ports_follow_their_overrides() -> None:
    off = ("smtpd_sasl_auth_enable=yes", "smtpd_sasl_auth_enable=no")
    submission = ("service=smtp\n", "service=smtp\nservice=submission\noverride=submission yes\n")
    assert (server().on_25, server().on_submission, server().submission) == (True, False, False)
    found = server(off, submission)
    assert (found.on_25, found.on_submission, found.submission) == (False, True, True)
    assert server(submission, ("override=submission yes", "override=submission no")).on_submission is False
    assert server(("service=smtp\n", "service=127.0.0.1:25\nservice=[::1]:587\n")).submission


def test_forbidden_plaintext_is_seen_among_other_options() -> None:
    assert server(("noanonymous", "noanonymous, noplaintext")).forbids_plaintext
    assert not server().forbids_plaintext


def test_debian_12_reads_its_folder_unasked_and_debian_13_does_not() -> None:
    assert (conf().found, conf().unread) == (True, False)
    newer = conf(("3.7.11", "3.10.13"))
    assert (newer.found, newer.unread) == (False, True)
    told = conf(("3.7.11", "3.10.13"), ("folders=", "folders=/etc/postfix/sasl"))
    assert (told.found, told.unread) == (True, False)
    assert isinstance(conf(("3.7.11", "3.8.6")).unread, Unknown)


def test_mechanisms_are_compared_with_what_is_installed() -> None:
    assert (conf().mechanisms, conf().plaintext_only) == ("ok", True)
    assert conf(("PLAIN LOGIN", "NOSUCH")).mechanisms == "none-installed"
    assert conf(("PLAIN LOGIN", "SCRAM-SHA-256 PLAIN")).plaintext_only is False
    assert conf(("conf=/etc/postfix/sasl/smtpd.conf|mech_list|PLAIN LOGIN\n", "")).mechanisms == "unlimited"


@pytest.mark.parametrize(
    ("method", "files", "state"),
    [
        ("saslauthd", "no no", "unused"),
        ("auxprop", "no no", "missing"),
        ("auxprop", "yes no", "outside-chroot"),
        ("auxprop", "no yes", "present"),
    ],
)
def test_where_the_user_database_is(method: str, files: str, state: str) -> None:
    assert conf(("pwcheck_method|saslauthd", f"pwcheck_method|{method}"), ("sasldb=no no", f"sasldb={files}")).sasldb == state


def test_a_closed_smtpd_conf_is_not_an_absent_one() -> None:
    found = sasl(Reading(key="sasl", exit=0, stdout=b"smtpd_sasl_type=\nend=ok\n"))
    assert isinstance(found, Unknown)
    assert isinstance(smtpd_conf(Reading(key="smtpd-conf", exit=NO_PERMISSION)), Unknown)


def test_only_names_of_methods_leave_smtpd_conf() -> None:
    assert "(pwcheck_method|mech_list|auxprop_plugin)" in SMTPD_CONF.script
    assert "cat " not in SMTPD_CONF.script + SASL.script
