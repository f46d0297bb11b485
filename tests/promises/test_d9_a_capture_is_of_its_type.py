"""D9: a capture that is not of its type is no match, whatever stands in its place."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.matching import Matcher
from bot.matching.types import TYPES, captured, is_hidden
from tests.unit.matching.known import problem

PLACED = Matcher([problem(f"place-{kind}", f"the one telling place here holds {{it:{kind}}} and then ends") for kind in TYPES])


@given(st.sampled_from(sorted(TYPES)), st.text(max_size=80))
@settings(max_examples=400, deadline=None)
def test_a_capture_is_the_text_itself_or_nothing(kind: str, text: str) -> None:
    assert captured(kind, text) in {text, "", None}


@given(st.sampled_from(sorted(TYPES)), st.text(max_size=60))
@settings(max_examples=500, deadline=None)
def test_what_a_signature_captures_is_of_its_type(kind: str, text: str) -> None:
    found = PLACED.recognise(f"the one telling place here holds {text} and then ends")
    for match in found.sure:
        value = match.captures.get("it")
        assert value is None or captured(match.problem.removeprefix("place-"), value) == value


@given(st.text(alphabet="0123456789abcdef:./x*", max_size=45))
@settings(max_examples=500, deadline=None)
def test_an_address_is_one_by_the_standard_library_too(text: str) -> None:
    if captured("ip", text) == text and text:
        ipaddress.ip_address(text.strip("[]"))
    elif captured("ip", text) == "":
        assert not text or is_hidden(text)


@pytest.mark.parametrize(
    ("kind", "text"),
    [("ip", "::::"), ("ip", "1.2.3.4.5"), ("port", "65536"), ("code", "950"), ("int", "-1"), ("peer", "a[b]"), ("host", "a..b"),
     ("table", "hash"), ("qid", "abc"), ("path", "a b"), ("email", "a b@c")],
)  # fmt: skip
def test_what_looks_alike_is_not_of_the_type(kind: str, text: str) -> None:
    found = PLACED.recognise(f"the one telling place here holds {text} and then ends")
    assert f"place-{kind}" not in [match.problem for match in found.sure if match.captures]


# One letter more than each type takes, in a form it would take if it were shorter.
LONGER = {
    "ip": "1" * 256, "host": "a" * 255, "port": "655350", "peer": "a" * 300 + "[192.0.2.1]", "email": "a" * 250 + "@b.org",
    "path": "/" + "a" * 255, "table": "hash:/" + "a" * 250, "param": "a" * 256, "int": "1" * 21, "code": "5500",
    "qid": "A" * 256, "word": "x" * 256, "text": "x" * 241,
}  # fmt: skip


@pytest.mark.parametrize("kind", TYPES)
def test_what_is_too_long_is_of_no_type(kind: str) -> None:
    found = PLACED.recognise(f"the one telling place here holds {LONGER[kind]} and then ends")
    assert [match.captures for match in found.sure if match.problem == f"place-{kind}" and match.captures] == []
    if kind != "code":  # its pattern alone bounds it
        assert captured(kind, LONGER[kind]) is None
