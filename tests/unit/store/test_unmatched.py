"""Is each unexplained text kept once, counted, cut, and never kept beyond the bounds?"""

from __future__ import annotations

import asyncio

import pytest

from bot.store import unmatched
from bot.store.store import Store
from bot.store.unmatched import LONGEST


async def test_a_text_is_kept_once_and_counted_by_question(store: Store) -> None:
    await store.unmatched.keep("k1", "first wording", "q1")
    await store.unmatched.keep("k1", "first wording", "q1")  # the same question, handled again
    await store.unmatched.keep("k1", "second wording", "q2")
    await store.unmatched.keep("k2", "rare", "q3")
    many, rare = await store.unmatched.listed()
    assert (many.text, many.count) == ("first wording", 2)
    assert (rare.text, rare.count) == ("rare", 1)
    assert many.first_at <= many.last_at


async def test_two_that_come_at_once_are_both_counted(store: Store) -> None:
    await asyncio.gather(*(store.unmatched.keep("k", "text", f"q{number}") for number in range(10)))
    assert [one.count for one in await store.unmatched.listed()] == [10]


async def test_size_and_number_are_bounded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unmatched, "MOST", 3)
    await store.unmatched.keep("long", "x" * (LONGEST + 1), "q")
    assert len((await store.unmatched.listed())[0].text) == LONGEST
    for number in range(4):
        await store.unmatched.keep(f"k{number}", f"text {number}", f"q{number}")
    assert {one.text for one in await store.unmatched.listed()} == {"text 1", "text 2", "text 3"}


@pytest.mark.parametrize("text", ["\x00", "\ud800", "\u202e", "'; DROP TABLE unmatched; --", "日志"])
async def test_any_text_comes_back_as_it_was(store: Store, text: str) -> None:
    await store.unmatched.keep("k", text, "q")
    assert [one.text for one in await store.unmatched.listed()] == [text]
