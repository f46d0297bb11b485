"""A signature stands only where its words and all its typed places stand."""

from __future__ import annotations

import pytest

from bot.errors import KnowledgeError
from bot.matching.signatures import Signature
from bot.matching.types import TYPES, captured, is_hidden


def captures(signature: str, text: str) -> dict[str, str] | None:
    """What the first hit captured, or None without a hit."""
    return next((dict(hit.captures) for hit in Signature(signature).find(text)), None)


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("ip", ["127.0.0.1", "::1", "2001:db8::1"], ["::::", "256.1.1.1", "1.2.3", "localhost"]),
        ("host", ["mx1.example.com", "localhost", "_dmarc.example.com", "192.0.2.1"], ["a..b", "-x-", "a b", ""]),
        ("port", ["25", "65535", "smtp"], ["65536", "99999", "000025"]),
        (
            "peer",
            ["unknown[192.0.2.1]", "mx.example.com[2001:db8::1]:25", "[192.0.2.1]"],
            ["mx.example.com", "x[::::]", "x[1.2.3.4"],
        ),
        ("email", ["a@example.com", "root", ""], ["a@b@c"]),
        ("path", ["/etc/aliases.db", "private/auth"], ["", "a b"]),
        ("table", ["hash:/etc/postfix/virtual", "proxy:mysql:/etc/x.cf"], ["virtual", ":x"]),
        ("int", ["0", "10240000"], ["1" * 21]),
        ("qid", ["4B9C21A0F", "NOQUEUE", "3VMh5ZmjlP6JTKz"], ["ABC"]),
        ("text", ["", "anything at all"], ["x" * 241]),
        ("word", ["x"], ["x" * 256]),
    ],
)
def test_a_capture_is_of_its_type(kind: str, good: list[str], bad: list[str]) -> None:
    assert [captured(kind, text) for text in good] == good
    assert [captured(kind, text) for text in bad] == [None] * len(bad)


def test_every_type_is_described() -> None:
    from bot.matching import types

    assert all(f"| {name} " in (types.__doc__ or "") for name in TYPES)


@pytest.mark.parametrize(
    "text",
    [
        *("xxx.xxx.xxx.xxx", "**.**", "<MY IP>", "redacted", "[redacted]", "91.x.x.x", "*****.co.nz", "my.ip"),
        *("email protected", "123.456.789.123", "999.999.999.999"),
    ],
)
def test_blacked_out_texts_are_seen_as_such(text: str) -> None:
    assert is_hidden(text)


@pytest.mark.parametrize("text", ["192.0.2.1", "256.1.1.1", "example.com", "mx1", "::::", "a" * 300])
def test_other_texts_are_not(text: str) -> None:
    assert not is_hidden(text)


def test_typed_places_are_captured_by_name() -> None:
    text = "fatal: bind 203.0.113.5 port 25: Address already in use"
    assert captures("bind {address:ip} port {port:port}: Address already in use", text) == {
        "address": "203.0.113.5",
        "port": "25",
    }


def test_a_place_of_another_type_is_no_match() -> None:
    assert captures("no local interface found for {address:ip}", "no local interface found for ::::") is None


def test_a_later_place_of_the_right_type_is_found() -> None:
    text = "no local interface found for nothing, no local interface found for ::1"
    assert captures("no local interface found for {address:ip}", text) == {"address": "::1"}


def test_a_blacked_out_place_matches_without_a_capture() -> None:
    text = "connect to mx.example.com[xxx.xxx.xxx.xxx]:25: Connection timed out"
    assert captures("connect to {host:host}[{address:ip}]:25: Connection timed out", text) == {"host": "mx.example.com"}


def test_an_unnamed_place_is_checked_but_not_kept() -> None:
    assert captures("unable to use address {_:ip} here", "unable to use address 192.0.2.1 here") == {}
    assert captures("unable to use address {_:ip} here", "unable to use address nothing here") is None


def test_a_text_place_between_blanks_may_be_empty() -> None:
    signature = "host {server:peer} said: {code:code} {_:text} no such user"
    assert captures(signature, "host a[192.0.2.1] said: 550 No such user") == {"server": "a[192.0.2.1]", "code": "550"}
    assert captures(signature, "host a[192.0.2.1] said: 550 sorry, no such user") is not None
    assert captures(signature, "host a[192.0.2.1] said: 550 sono such user") is None


def test_case_blanks_and_quotes_do_not_matter() -> None:
    assert captures("missing '=' after attribute name", "Missing  = after\tAttribute name") == {}
    assert captures("<{address:email}>: Relay access denied", "a@example.com: relay ACCESS denied") == {
        "address": "a@example.com"
    }


def test_words_end_where_the_signature_ends() -> None:
    assert captures("bad field count", "a bad field counter") is None


def test_doubled_braces_are_braces() -> None:
    assert captures("unknown place {{x}} in table", "unknown place {x} in table") == {}


@pytest.mark.parametrize(
    ("signature", "complaint"),
    [
        ("fatal: {text:text}", "too little"),
        ("Connection refused", None),
        ("no local interface for {address:addr}", "no type"),
        ("address {a:ip} and other address {a:ip}", "named twice"),
        ("stray { brace in a text", "brace"),
    ],
)
def test_a_malformed_signature_names_its_fault(signature: str, complaint: str | None) -> None:
    if complaint is None:
        Signature(signature)
        return
    with pytest.raises(KnowledgeError, match=complaint):
        Signature(signature, where="area-name")
