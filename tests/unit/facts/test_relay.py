"""Is it told apart why Postfix does not log in to its relay? No value here can hold a password."""

from __future__ import annotations

import pytest

from bot.facts.relay import Relay, relay
from bot.model.fact import Unknown
from bot.model.probe import NO_PERMISSION, Reading

GOOD = """\
relayhost=[smtp.provider.example]:587
smtp_sasl_auth_enable=yes
smtp_sasl_security_options=noanonymous
smtp_sasl_tls_security_options=noanonymous
smtp_tls_security_level=encrypt
smtp_tls_wrappermode=no
smtp_use_tls=no
named=file
plugin=yes
table=hash:/etc/postfix/sasl_passwd
source=1795359000 600
compiled=1795359001 600
found=yes
found=no
entry=[smtp.provider.example]:587
end=ok
"""


def read(*pairs: tuple[str, str]) -> Relay:
    text = GOOD
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    found = relay(Reading(key="relay", exit=0, stdout=text.encode()))
    assert isinstance(found, Relay)
    return found


def test_a_working_login() -> None:
    found = read()
    assert (found.login, found.map, found.key, found.host, found.port) == (
        True,
        "ready",
        "found",
        "smtp.provider.example",
        "587",
    )
    assert found.allows_plaintext
    assert found.encrypted
    assert not found.exposed


def test_a_key_must_be_spelt_as_relayhost() -> None:
    missing = ("found=yes", "found=no")
    assert read(missing).key == "other-spelling"
    assert read(missing, ("entry=[smtp.provider.example]:587", "entry=smtp.provider.example:587")).key == "other-spelling"
    assert read(missing, ("entry=[smtp.provider.example]:587", "entry=[smtp.elsewhere.example]:587")).key == "missing"


@pytest.mark.parametrize(
    ("change", "state"),
    [
        (("compiled=1795359001 600\n", ""), "missing"),
        (("compiled=1795359001 600", "compiled=1795358999 600"), "stale"),
        (("source=1795359000 600\n", ""), "no-source"),
        (("named=file", "named=other"), "other"),
        (("table=hash:/etc/postfix/sasl_passwd\n", ""), "none"),
    ],
)
def test_map_states(change: tuple[str, str], state: str) -> None:
    assert read(change).map == state


def test_without_tls_the_other_options_count() -> None:
    options = ("smtp_sasl_security_options=noanonymous", "smtp_sasl_security_options=noplaintext, noanonymous")
    assert read(options).allows_plaintext
    assert not read(options, ("smtp_tls_security_level=encrypt", "smtp_tls_security_level=")).allows_plaintext


def test_without_relayhost_the_only_exact_entry_names_the_relay() -> None:
    none = ("relayhost=[smtp.provider.example]:587", "relayhost=")
    found = read(none)
    assert (found.host, found.port) == ("smtp.provider.example", "587")
    assert isinstance(found.key, Unknown)
    assert isinstance(read(none, ("entry=[smtp.provider.example]:587", "entry=smtp.provider.example")).host, Unknown)
    assert isinstance(read(none, ("end=ok", "entry=[b.example]:587\nend=ok")).host, Unknown)


@pytest.mark.parametrize(
    ("relayhost", "host", "port"),
    [("[a.example]", "a.example", "25"), ("a.example:submission", "a.example", "587"), ("[192.0.2.1]:465", "192.0.2.1", "465")],
)
def test_forms_of_relayhost(relayhost: str, host: str, port: str) -> None:
    found = read(("relayhost=[smtp.provider.example]:587", f"relayhost={relayhost}"))
    assert (found.host, found.port) == (host, port)


@pytest.mark.parametrize(("mode", "exposed"), [("600", False), ("640", False), ("644", True), ("666", True), ("", False)])
def test_who_may_read_the_passwords(mode: str, exposed: bool) -> None:
    assert read(("source=1795359000 600", f"source=1795359000 {mode}")).exposed is exposed


@pytest.mark.parametrize("cut", range(0, len(GOOD) - 1, 19))
def test_a_cut_answer_is_unknown(cut: int) -> None:
    assert isinstance(relay(Reading(key="relay", exit=0, stdout=GOOD[:cut].encode())), Unknown)


def test_without_the_right_to_look_nothing_is_missing() -> None:
    assert isinstance(relay(Reading(key="relay", exit=NO_PERMISSION)), Unknown)
