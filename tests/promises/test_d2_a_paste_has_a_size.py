"""D2: a paste is at most 64 KiB and 2,000 lines, and similarity looks at no more than 2 KiB of a line."""

from __future__ import annotations

import pytest

from bot.knowledge.library import load
from bot.matching import Matcher, clean
from bot.matching.similarity import MAX_LINE, wording
from bot.matching.spelling import Spelling
from bot.model.match import Kind

MATCHER = Matcher(load().values())
SHOWN = "postfix/smtpd[2]: fatal: no SASL authentication mechanisms"
KIB64 = 64 * 1024


def named(text: str) -> list[str]:
    return [match.problem for match in MATCHER.recognise(text).sure]


@pytest.mark.parametrize(("filler", "read"), [(KIB64 - len(SHOWN) - 1, True), (KIB64 - 20, False), (KIB64, False)])
def test_what_stands_beyond_64_kib_is_not_read(filler: int, read: bool) -> None:
    text = "x" * filler + "\n" + SHOWN
    assert named(text) == (["sasl-no-mechanisms"] if read else [])
    assert clean(text).cut is not read


def test_64_kib_are_counted_in_bytes() -> None:
    text = "邮" * (KIB64 // 3 + 1) + "\n" + SHOWN
    assert len(text) < KIB64
    assert clean(text).cut
    assert named(text) == []


@pytest.mark.parametrize(("above", "read"), [(1_999, True), (2_000, False)])
def test_what_stands_below_2000_lines_is_not_read(above: int, read: bool) -> None:
    assert named("x\n" * above + SHOWN) == (["sasl-no-mechanisms"] if read else [])
    assert len(clean("x\n" * above + SHOWN).lines) <= 2_000


def test_joined_records_count_as_lines_too() -> None:
    text = "Nov 22 10:00:01 h a[1]: x " * 2_500
    assert len(clean(text).lines) <= 2_000


def test_likeness_is_sought_in_2_kib_of_a_line() -> None:
    assert MAX_LINE == 2_048
    assert wording("y" * 3_000) == ["y" * 2_048]
    slip = "postfix/smtpd[2]: fatal: no SASL authentciation mechanisms"
    assert Kind.SIMILAR in {match.kind for match in MATCHER.recognise("x " * 900 + slip).near}
    assert Kind.SIMILAR not in {match.kind for match in MATCHER.recognise("x " * 1_100 + slip).near}
    mended = Spelling(["authentication"]).mended("authentciation " + "x" * KIB64)
    assert mended.startswith("authentication ")
    assert len(mended) == MAX_LINE
