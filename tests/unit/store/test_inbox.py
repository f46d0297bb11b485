"""Nothing that Slack told is lost, done twice, or tried for ever."""

from __future__ import annotations

import asyncio

from bot.errors import StoreUnavailable
from bot.store.inbox import ATTEMPTS
from bot.store.leases import holding
from bot.store.store import Store

LEASE_SECONDS = 0.2


async def test_a_redelivery_is_accepted_once_however_many_arrive(store: Store) -> None:
    accepted = await asyncio.gather(*(store.inbox.accept("Ev1", "message", {"n": n}) for n in range(50)))
    assert accepted.count(True) == 1
    (row,) = await store.inbox.take("me")
    assert await store.inbox.done(row.key, "me")
    assert not await store.inbox.accept("Ev1", "message", {})  # also after it was done
    assert await store.inbox.take("me") == ()


async def test_what_arrives_together_is_stored_together_and_in_order(store: Store) -> None:
    keys = [f"Ev{number}" for number in range(250)]
    accepted = await asyncio.gather(*(store.inbox.accept(key, "message", {"n": n}) for n, key in enumerate([*keys, *keys])))
    assert accepted == [True] * 250 + [False] * 250
    assert [row.key for row in await store.inbox.take("me", limit=300)] == keys


async def test_two_processes_that_hear_the_same_accept_it_once(database: str) -> None:
    stores = [await Store.open(database) for _ in range(2)]
    heard = [one.inbox.accept(f"Ev{number}", "message", {}) for number in range(100) for one in stores]
    accepted = await asyncio.gather(*heard)
    assert all(accepted[at] is not accepted[at + 1] for at in range(0, 200, 2))
    for one in stores:
        await one.close()


async def test_what_the_database_refuses_keeps_nothing_else_out(store: Store) -> None:
    given = [store.inbox.accept(key, "message", {}) for key in ("Ev1", "Ev\ud800", "Ev2")]
    one, refused, two = await asyncio.gather(*given, return_exceptions=True)
    assert (one, two) == (True, True)
    assert isinstance(refused, StoreUnavailable)


async def test_an_arrival_waits_for_one_other_writer_and_not_for_all(store: Store) -> None:
    begun, arrived = asyncio.Event(), asyncio.Event()

    async def other() -> None:
        async with store._database.writing():
            if begun.is_set():  # all but the first hold what they have until the arrival is in
                await arrived.wait()
            begun.set()
            await asyncio.sleep(0 if arrived.is_set() else 1)  # in which the arrival comes to stand in line

    async def arrives() -> None:
        await begun.wait()
        await store.inbox.accept("Ev1", "message", {})
        arrived.set()

    async with asyncio.timeout(60):
        await asyncio.gather(*(other() for _ in range(20)), arrives())


async def test_rows_are_taken_in_order_and_by_one_worker(database: str) -> None:
    store = await Store.open(database)  # on a busy machine shorter leases end while the workers take
    for number in range(30):
        await store.inbox.accept(f"Ev{number}", "message", {"text": "\ud800\x00 日本"})
    taken = await asyncio.gather(*(store.inbox.take(f"worker-{n}", limit=5) for n in range(10)))
    keys = [row.key for rows in taken for row in rows]
    assert len(keys) == len(set(keys))
    while rest := await store.inbox.take("last", limit=5):
        keys += [row.key for row in rest]
    assert sorted(keys) == sorted(f"Ev{number}" for number in range(30))
    assert all([row.key for row in rows] == sorted((row.key for row in rows), key=lambda key: int(key[2:])) for rows in taken)
    assert taken[0][0].payload == {"text": "\ud800\x00 日本"}
    await store.close()


async def test_the_row_of_a_dead_worker_is_taken_again_and_not_finished_by_the_dead_one(store: Store) -> None:
    await store.inbox.accept("Ev1", "message", {})
    await store.inbox.take("dead")
    assert await store.inbox.take("alive") == ()
    await asyncio.sleep(0.25)
    (row,) = await store.inbox.take("alive")
    assert row.attempts == 2
    assert not await store.inbox.done("Ev1", "dead")
    assert await store.inbox.done("Ev1", "alive")


async def test_a_held_row_stays_with_a_slow_worker(database: str) -> None:
    store = await Store.open(database, lease_seconds=2)  # shorter ones end on a busy machine although they are renewed
    await store.inbox.accept("Ev1", "message", {})
    (row,) = await store.inbox.take("slow")
    async with holding(store.inbox.renew, row.key, owner="slow", lease_seconds=store.lease_seconds):
        for _ in range(25):
            await asyncio.sleep(0.1)
            assert await store.inbox.take("other") == ()
    assert await store.inbox.done("Ev1", "slow")
    await store.close()


async def test_a_row_that_kills_its_workers_ends_visibly(store: Store) -> None:
    await store.inbox.accept("Ev1", "message", {"text": "poison"})
    for number in range(ATTEMPTS):
        assert await store.inbox.spent() == ()
        (row,) = await store.inbox.take(f"worker-{number}")
        await asyncio.sleep(0.25)
    assert await store.inbox.take("next") == ()
    (row,) = await store.inbox.spent()
    assert row.payload == {"text": "poison"}  # so that the person can be told
    assert await store.inbox.spent() == ()
    assert [row.key for row in await store.inbox.abandoned()] == ["Ev1"]


async def test_a_failed_row_is_tried_later_and_then_abandoned(store: Store) -> None:
    await store.inbox.accept("Ev1", "message", {})
    for number in range(ATTEMPTS):
        (row,) = await store.inbox.take("me")
        assert row.attempts == number + 1
        assert await store.inbox.failed("Ev1", "me", "the host is down", wait_seconds=0.05) == (number + 1 == ATTEMPTS)
        assert await store.inbox.take("me") == ()
        await asyncio.sleep(0.06)
    assert [row.reason for row in await store.inbox.abandoned()] == ["the host is down"]
