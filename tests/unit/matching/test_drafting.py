"""Is a log line turned into a signature that finds it, with places where hosts differ, or into nothing at all?"""

from __future__ import annotations

import pytest

from bot.knowledge.cases import cases
from bot.knowledge.library import load
from bot.matching import clean
from bot.matching.drafting import MAX_DRAFT, drafted, telling_line
from bot.matching.signatures import Signature


@pytest.mark.parametrize(
    ("line", "signature"),
    [
        (
            "postfix/smtpd[2]: NOQUEUE: reject: RCPT from unknown[192.0.2.9]: 554 5.7.1 <a@example.com>: Relay access denied",
            "reject: RCPT from {peer:peer}: {code:code} <{address:email}>: Relay access denied",
        ),
        (
            "postfix/smtp[3]: 4B9C21A0F: to=<a@b.ex>, status=deferred (host mx.b.ex[2001:db8::1] said: 450 4.1.1 come later)",
            "host {peer:peer} said: {code:code} come later",
        ),
        (
            "postfix/smtpd[3]: warning: database /etc/x.db is older than source file /etc/x",
            "warning: database {file:path} is older than source file {_:path}",
        ),
        (
            "fatal: bind 0.0.0.0 port 25: Address already in use",
            "fatal: bind {ip:ip} port {number:int}: Address already in use",
        ),
        ("fatal: open hash:/etc/aliases: {very odd}", "fatal: open {table:table}: {{very odd}}"),
        (
            "postfix: warning: /etc/postfix/main.cf, line 9: missing word",
            "warning: {file:path}, line {number:int}: missing word",
        ),
        ("warning: main.cf: unused thing myparam=1.5/2", "warning: main.cf: unused thing myparam={value:word}"),
        ("warning: bad login for relay: password <masked> refused", "warning: bad login for relay: password {_:word} refused"),
    ],
)
def test_what_differs_becomes_a_typed_place(line: str, signature: str) -> None:
    assert drafted(line) == signature


@pytest.mark.parametrize(
    "line", ["", "postfix/qmgr[1]: A77FB1A05: removed", "1 2 3", "{}{}{}", "\u202e\u202e", "本地接口不存在"]
)
def test_too_little_text_gives_no_signature(line: str) -> None:
    assert drafted(line) is None


def test_every_draft_finds_the_line_it_was_made_from() -> None:
    library = load()
    lines = {line.text for folder in library.folders.values() for case in cases(folder) for line in clean(case.paste).lines}
    made = {text: drafted(text) for text in lines}
    found = {text: draft for text, draft in made.items() if draft is not None}
    assert len(found) > len(lines) / 2
    assert [text for text, draft in found.items() if not any(Signature(draft).find(text))] == []
    assert max(map(len, found.values())) <= 2 * MAX_DRAFT


def test_the_gravest_line_is_taken() -> None:
    said = clean("hello there\npostfix[1]: warning: something minor\npostfix[1]: fatal: the real thing\n").lines
    line = telling_line(said)
    assert line is not None
    assert line.text == "postfix[1]: fatal: the real thing"
    assert telling_line(said[:1]) == said[0]
    assert telling_line(()) is None
