from __future__ import annotations

import pytest

from bot.errors import NotFound
from bot.store.conversations import Conversation
from bot.store.store import Store


async def test_what_a_thread_is_about_is_found_again(store: Store) -> None:
    first = Conversation(id="c1", channel="C1", thread="1.0", requester="U1", lang="zh", paste="fatal: \ud800\x00")
    assert await store.conversations.open(first) == first
    await store.conversations.about("c1", "mx1")
    await store.conversations.recognised("c1", {"problem": "startup-no-local-interface", "score": 100})
    await store.conversations.answered("c1", "1.1")
    found = await store.conversations.by_id("c1")
    assert (found.host, found.answer_ts, found.paste, found.lang) == ("mx1", "1.1", "fatal: \ud800\x00", "zh")
    assert found.recognition == {"problem": "startup-no-local-interface", "score": 100}
    assert await store.conversations.in_thread("C1", "1.0") == found
    assert await store.conversations.in_thread("C2", "1.0") is None
    assert await store.conversations.open(first) == found  # a handler that runs twice speaks of one conversation


async def test_the_newest_conversation_speaks_for_a_thread(store: Store) -> None:
    for number in range(3):
        await store.conversations.open(Conversation(id=f"c{number}", channel="C1", thread="1.0", requester="U1", lang="en"))
    newest = await store.conversations.in_thread("C1", "1.0")
    assert newest is not None
    assert newest.id == "c2"


async def test_an_unknown_id_is_said(store: Store) -> None:
    with pytest.raises(NotFound, match="c9 is not known"):
        await store.conversations.by_id("c9")
    with pytest.raises(NotFound):
        await store.conversations.about("c9", "mx1")
