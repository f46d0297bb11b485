"""D8: secrets are masked in whatever a person pastes, before it is stored or logged, and ordinary lines pass untouched."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.knowledge.cases import cases
from bot.knowledge.library import BUILT_IN, load
from bot.matching import Matcher
from bot.render.redact import MASK, redact
from tests.promises.secret_forms import ALL, CANARIES, NO_SECRETS, SECRET

ORDINARY = (Path(__file__).parent / "ordinary.log").read_text(encoding="utf-8").splitlines()
TEMPLATES = (
    "postfix/smtpd[{n}]: connect from {host}[{ip}]",
    "postfix/smtpd[{n}]: disconnect from {host}[{ip}] ehlo=2 starttls=1 auth=1 mail=1 rcpt=1 data=1 quit=1 commands=8",
    "postfix/smtpd[{n}]: {qid}: client={host}[{ip}], sasl_method=PLAIN, sasl_username={user}",
    "postfix/smtpd[{n}]: warning: {host}[{ip}]: SASL LOGIN authentication failed: UGFzc3dvcmQ6",
    "postfix/smtpd[{n}]: NOQUEUE: reject: RCPT from {host}[{ip}]: 554 5.7.1 <{user}@{host}>: Relay access denied; proto=ESMTP",
    "postfix/cleanup[{n}]: {qid}: message-id=<{qid}.{n}@{host}>",
    "postfix/qmgr[{n}]: {qid}: from=<{user}@{host}>, size={n}, nrcpt=1 (queue active)",
    "postfix/smtp[{n}]: {qid}: to=<{user}@{host}>, relay={host}[{ip}]:25, dsn=2.0.0, status=sent (250 2.0.0 Ok: {qid})",
    "postfix/smtp[{n}]: connect to {host}[{ip}]:25: Connection timed out",
    "postfix/smtp[{n}]: Untrusted TLS connection established to {host}[{ip}]:25: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384",
    "postfix/anvil[{n}]: statistics: max connection rate 1/60s for (smtp:{ip}) at Nov 20 10:11:12",
    'postfix/local[{n}]: {qid}: to=<{user}@{host}>, relay=local, status=bounced (unknown user: "{user}")',
    "postfix/trivial-rewrite[{n}]: warning: do not list domain {host} in BOTH mydestination and virtual_mailbox_domains",
    "dovecot: auth: passwd-file({user},{ip}): unknown user",
    "dovecot: imap-login: Login: user=<{user}>, method=PLAIN, rip={ip}, lip={ip}, mpid={n}, TLS, session=<{qid}/{n}>",
    "opendkim[{n}]: {qid}: DKIM-Signature field added (s=mail, d={host})",
)


@pytest.mark.parametrize("text", ALL)
def test_a_secret_is_masked_wherever_it_stands(text: str) -> None:
    for pasted in (text, f"before\n{text}\nafter", f"请看一下：\n{text}\n谢谢", f"{text}\r\n", text.replace("\n", "\r\n")):
        shown, masked = redact(pasted)
        assert [canary for canary in CANARIES if canary in shown] == []
        assert MASK in shown
        assert masked >= 1


def test_what_stands_around_a_secret_is_kept() -> None:
    text = f"one\n[smtp.example.com]:587 relayuser:{SECRET}\nbind_pw = {SECRET}\ntwo"
    assert redact(text) == (f"one\n[smtp.example.com]:587 relayuser:{MASK}\nbind_pw = {MASK}\ntwo", 2)


@pytest.mark.parametrize("line", [*ORDINARY, *NO_SECRETS])
def test_an_ordinary_line_passes_untouched(line: str) -> None:
    assert redact(line) == (line, 0)


def test_of_ten_thousand_ordinary_lines_fewer_than_one_in_a_thousand_is_altered() -> None:
    dice = random.Random(8)
    lines = list(ORDINARY)
    for problem in load([BUILT_IN]).folders.values():
        for case in cases(problem):
            lines += case.paste.splitlines()
            lines += [line for reading in case.readings.values() for line in reading.out.splitlines()]
    lines = list(dict.fromkeys(lines))
    while len(lines) < 10_000:
        words = {
            "n": dice.randrange(2, 99999),
            "ip": ".".join(str(dice.randrange(1, 255)) for _ in range(4)),
            "host": f"{dice.choice(['mx', 'smtp', 'a-b'])}{dice.randrange(99)}.{dice.choice(['example.com', 'lab'])}",
            "qid": "".join(dice.choices("0123456789ABCDEF", k=11)),
            "user": dice.choice(["anne", "bob.b", "info", "x+y", "password", "secret-santa", "token"]),
        }
        lines.append(f"Nov 20 10:11:12 mx1 {dice.choice(TEMPLATES).format(**words)}")
    altered = [line for line in lines if redact(line)[1]]
    assert len(lines) >= 10_000
    assert len(altered) * 1000 < len(lines), altered[:20]


def test_what_recognition_needs_remains() -> None:
    library = load([BUILT_IN])
    matcher = Matcher(library.values())
    tried = 0
    for folder in library.folders.values():
        for case in cases(folder):
            tried += bool(case.paste)
            assert [one.problem for one in matcher.recognise(redact(case.paste)[0]).sure] == [
                one.problem for one in matcher.recognise(case.paste).sure
            ]
    assert tried > 100


@given(st.text(max_size=300))
def test_masking_twice_changes_nothing_more(text: str) -> None:
    once, _ = redact(text)
    assert redact(once)[0] == once


@pytest.mark.parametrize("text", ALL)
def test_masking_a_masked_text_finds_nothing(text: str) -> None:
    assert redact(redact(text)[0])[1] == 0


@pytest.mark.parametrize(
    "piece",
    [
        *("a.", "[x] ", "334 \n", "://", "password=", "-----BEGIN PRIVATE KEY-----", " " * 50, "a@", "password_maps="),
        *("> ", "postmap -q sasl\na:", "static:a:", "mysql -p", "cfg_get_str: ", "[a.b]:1 ", "AUTH PLAIN AAAA1", "密码 "),
        *("A" * 16 + "\n", "\\0a", "a_", "a-"),
    ],
)
def test_a_hostile_paste_cannot_make_it_slow(piece: str) -> None:
    begin = time.process_time()
    redact(piece * (65536 // len(piece)))
    assert time.process_time() - begin < 2
