"""Slack shows the last state of every subject, in order per channel, as edits of one message."""

from __future__ import annotations

import asyncio

from bot.store.outbox import Outgoing, Show
from bot.store.store import Store
from tests.support.stores import opened

LEASE_SECONDS = 0.2


def show(subject: str, channel: str = "C1", **payload: str) -> Show:
    return Show(kind="answer", subject=subject, channel=channel, thread="1.0", payload=payload)


async def take_one(store: Store, owner: str = "me") -> Outgoing:
    (outgoing,) = await store.outbox.take(owner)
    return outgoing


async def test_repeats_become_one_edit_of_the_stored_message(store: Store) -> None:
    await store.outbox.put(show("a", text="first"))
    await store.outbox.put(show("a", text="second"))
    first = await take_one(store)
    assert (first.show.payload, first.ts, first.version) == ({"text": "second"}, "", 2)
    await store.outbox.put(show("a", text="third"))  # while the second is being sent
    await store.outbox.sent(first, "100.1")
    third = await take_one(store)
    assert (third.show.payload, third.ts) == ({"text": "third"}, "100.1")
    await store.outbox.sent(third, "100.1")
    assert await store.outbox.take("me") == ()
    assert await store.outbox.ts("answer", "a") == "100.1"
    assert await store.outbox.waiting() == 0


async def test_a_channel_is_drained_in_order_by_one_sender_and_channels_do_not_wait_for_each_other(
    database: str,
) -> None:
    async with opened(database) as store:
        for subject in "abc":
            await store.outbox.put(show(subject))
        await store.outbox.put(show("x", channel="C2"))
        await store.outbox.put(show("a"))  # keeps its turn
        taken = await asyncio.gather(*(store.outbox.take(f"sender-{n}") for n in range(5)))
        assert sorted(one.show.subject for many in taken for one in many) == ["a", "x"]
        order = []
        (current,) = (one for many in taken for one in many if one.show.channel == "C1")
        while True:
            order.append(current.show.subject)
            await store.outbox.sent(current, f"{len(order)}.0")
            if not (following := await store.outbox.take("me")):
                break
            (current,) = following
        assert order == ["a", "b", "c"]


async def test_retry_after_makes_the_whole_channel_wait_and_loses_nothing(store: Store) -> None:
    await store.outbox.put(show("a"))
    await store.outbox.put(show("b"))
    await store.outbox.retry_at(await take_one(store), 0.1)
    assert await store.outbox.take("me") == ()
    await asyncio.sleep(0.15)
    again = await take_one(store)
    assert (again.show.subject, again.attempts) == ("a", 2)


async def test_after_a_crash_the_next_sender_knows_that_it_may_have_been_posted(store: Store) -> None:
    await store.outbox.put(show("a"))
    lost = await take_one(store, "dead")
    await asyncio.sleep(0.25)
    again = await take_one(store, "alive")
    assert (again.ts, again.attempts) == ("", 2)
    await store.outbox.sent(again, "100.1")
    await store.outbox.sent(lost, "99.9")  # the dead one was only slow: its message is not the subject's
    assert await store.outbox.ts("answer", "a") == "100.1"


async def test_a_message_that_slack_refuses_is_visible_and_blocks_nobody(store: Store) -> None:
    await store.outbox.put(show("a"))
    await store.outbox.put(show("b"))
    await store.outbox.refused(await take_one(store), "channel_not_found")
    assert await store.outbox.problems() == {("answer", "a"): "channel_not_found"}
    assert (await take_one(store)).show.subject == "b"
