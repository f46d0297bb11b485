"""Can text from outside act on a screen? Every character that could is shown as its code point."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.render.visible import one_line, visible

BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@pytest.mark.parametrize(
    "char", [*BIDI, *"\x00\x07\x08\x0b\x1b\x7f\x9b\r\u200b\u200d\u2028\u2029\ufeff\u00ad\ud800\ue000\U000e0041"]
)
def test_a_character_that_acts_is_shown_as_its_code_point(char: str) -> None:
    assert visible(f"a{char}b") == f"a\\u{{{ord(char):04X}}}b"


@pytest.mark.parametrize("text", ["plain", "Grüße", "邮件", "a\tb\nc", "→ ✓ ●", "مرحبا", "😀"])
def test_what_people_write_stays(text: str) -> None:
    assert visible(text) == text


@given(st.text())
def test_nothing_that_acts_is_left_and_nothing_is_dropped(text: str) -> None:
    shown = visible(text)
    assert not {unicodedata.category(char) for char in shown if char not in "\n\t"} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert len(shown) >= len(text)
    assert "\n" not in one_line(text)
    assert len(one_line(text, 50)) <= 50


def test_a_cut_is_visible() -> None:
    assert one_line("x" * 400) == "x" * 299 + "…"
    assert one_line("  a \n\t b  ") == "a b"
