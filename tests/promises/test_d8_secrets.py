"""Is every published form of a secret masked, and does an ordinary line pass untouched?"""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.render.redact import MASK, redact

SECRET = "hunter2Secret"
ENCODED = "AHJlbGF5dXNlcgBodW50ZXIyU2VjcmV0"
ORDINARY = (Path(__file__).parent / "ordinary.log").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(
    "line",
    [
        f"smtp_sasl_password_maps = static:relayuser:{SECRET}",
        f"smtp_sasl_password_maps=static:relayuser:{SECRET}",
        f"smtp_sasl_password_maps = inline:{{ [smtp.example.com]:587=relayuser:{SECRET} }}",
        f"[smtp.example.com]:587    relayuser@example.com:{SECRET}",
        f"[2001:db8::25]:587 relayuser:{SECRET}",
        f"smtp.example.com relayuser:{SECRET}",
        f"smtp.example.com:587\trelayuser@example.com:{SECRET}",
        f"anne@example.com relayuser:{SECRET}",
        f"@example.com relayuser:{SECRET}",
        f"password = {SECRET}",
        f"password={SECRET}",
        f'password = "{SECRET} and more"',
        f"bind_pw = {SECRET}",
        f"ldap_bind_pw = {SECRET}",
        f"hosts = postgresql://postfix:{SECRET}@db/mail",
        f"postfix/smtpd[1]: < host[192.0.2.1]: AUTH PLAIN {ENCODED}",
        f"AUTH PLAIN {ENCODED}",
        f"auth login {ENCODED}",
        f"postfix/smtpd[1]: < host[192.0.2.1]: {ENCODED}",
        f"334 UGFzc3dvcmQ6\n{ENCODED}",
        f" <-  334 UGFzc3dvcmQ6\n ~> {ENCODED}",
        f"export SLACK_BOT_TOKEN={SECRET}",
        f"SLACK_SIGNING_SECRET={SECRET}",
        f"the token is xoxb-123456789012-{SECRET} here",
        f"xapp-1-A0123-{SECRET}",
        f"-----BEGIN PRIVATE KEY-----\nMIIE{SECRET}\nabcd\n-----END PRIVATE KEY-----",
        f"-----BEGIN RSA PRIVATE KEY-----\nMIIE{SECRET} cut off here",
        f"xsasl_dovecot: CONT: user=joe pass={SECRET}",
    ],
)
def test_a_secret_is_masked_wherever_it_stands(line: str) -> None:
    for text in (line, f"before\n{line}\nafter", f"{line}\r\n", line.replace("\n", "\r\n")):
        shown, masked = redact(text)
        assert SECRET not in shown
        assert ENCODED not in shown
        assert MASK in shown
        assert masked >= 1


def test_what_stands_around_a_secret_is_kept() -> None:
    text = f"one\n[smtp.example.com]:587 relayuser:{SECRET}\nbind_pw = {SECRET}\ntwo"
    assert redact(text) == (f"one\n[smtp.example.com]:587 relayuser:{MASK}\nbind_pw = {MASK}\ntwo", 2)


@pytest.mark.parametrize("line", ORDINARY)
def test_an_ordinary_line_passes_untouched(line: str) -> None:
    assert redact(line) == (line, 0)


def test_ordinary_lines_pass_untouched_together() -> None:
    text = "\n".join(ORDINARY)
    assert redact(text) == (text, 0)
    assert len(ORDINARY) > 150


@given(st.text(max_size=300))
def test_masking_twice_changes_nothing_more(text: str) -> None:
    once, _ = redact(text)
    assert redact(once)[0] == once


@pytest.mark.parametrize("piece", ["a.", "[x] ", "334 \n", "://", "password=", "-----BEGIN PRIVATE KEY-----", " " * 50, "a@"])
def test_a_hostile_paste_cannot_make_it_slow(piece: str) -> None:
    begin = time.perf_counter()
    redact(piece * (65536 // len(piece)))
    assert time.perf_counter() - begin < 2
