"""What is finished and old is forgotten; what is open, and the record of who did what, stays."""

from __future__ import annotations

import asyncio

import pytest

from bot.errors import NotFound
from bot.model.execution import State
from bot.store.conversations import Conversation
from bot.store.outbox import Show
from bot.store.store import Store
from tests.support.plans import plan, review
from tests.unit.store.test_plans import approved


async def test_only_what_is_finished_and_old_is_forgotten(store: Store) -> None:
    for name in ("ended", "open", "bare"):
        await store.conversations.open(Conversation(id=name, channel="C1", thread="1.0", requester="U1", lang="en"))
    ended, waiting = plan("ended", host="a"), plan("open", host="b")
    for one in (ended, waiting):
        await approved(store, one, one.id)
    await store.plans.claim("ended", "me", 0)
    await store.plans.move("ended", State.CHECKING, State.APPLYING, owner="me", begins=(0, ended.steps[0]))
    await store.plans.move("ended", State.APPLYING, State.FAILED, owner="me")
    await store.inbox.accept("Ev1", "message", {})
    await store.inbox.take("me")
    await store.inbox.done("Ev1", "me")
    await store.inbox.accept("Ev2", "message", {})
    await store.outbox.put(Show(kind="answer", subject="x", channel="C2"))
    await store.unmatched.keep("k", "what is this", "q1")
    head = await store.events.head()

    await store.forget(60)
    assert await store.plans.state("ended") is State.FAILED  # not old yet
    assert len(await store.unmatched.listed()) == 1
    await asyncio.sleep(0.05)
    await store.forget(0.01)

    with pytest.raises(NotFound):
        await store.plans.progress("ended")
    with pytest.raises(NotFound):
        await store.conversations.by_id("bare")
    progress = await store.plans.progress("open")
    assert (progress.state, len(progress.reviews)) == (State.APPROVED, 1)
    assert (await store.conversations.by_id("open")).id == "open"
    assert await store.outbox.waiting(["answer"]) == 1
    assert await store.unmatched.listed() == ()
    assert [row.key for row in await store.inbox.take("me")] == ["Ev2"]
    assert (await store.events.head(), await store.events.verify()) == (head, None)
    assert not await store.plans.decide(review(waiting), "open", lambda *_: pytest.fail("it is decided"))


async def test_plans_are_listed_by_state(store: Store) -> None:
    await store.plans.propose(plan("one"), "")
    await approved(store, plan("two"))
    assert await store.plans.listed([State.PROPOSED]) == ("one",)
    assert set(await store.plans.listed([State.PROPOSED, State.APPROVED])) == {"one", "two"}
