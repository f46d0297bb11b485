"""Every arrow is one compare-and-swap with its event and its message; nothing else moves a plan."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from bot.approval.policy import standing
from bot.errors import NotFound, Refused, StoreUnavailable
from bot.model.condition import Truth
from bot.model.execution import ARROWS, State
from bot.model.plan import Plan
from bot.model.progress import Check, Measurement, Side, Stage
from bot.store.conversations import Conversation
from bot.store.plans import Orphan
from bot.store.store import Store
from tests.support.plans import APPROVERS, DOWN, plan, review
from tests.support.stores import altered, opened


async def approved(store: Store, one: Plan, conversation: str = "") -> Plan:
    await store.plans.propose(one, conversation)
    assert await store.plans.decide(review(one), one.id, lambda all, _: standing(one, all, APPROVERS, one.created_at))
    return one


async def brought(store: Store, one: Plan, state: State) -> None:
    """Bring a new plan to a state by the shortest way of arrows from a claim."""
    await approved(store, one)
    assert await store.plans.claim(one.id, "me", one.created_at)
    routes: dict[State, list[State]] = {State.CHECKING: []}
    frontier = [State.CHECKING]
    while state not in routes:
        here = frontier.pop(0)
        for there in sorted(ARROWS.get(here, ())):
            if there not in routes:
                routes[there] = [*routes[here], there]
                frontier.append(there)
    here = State.CHECKING
    for there in routes[state]:
        assert await store.plans.move(one.id, here, there, owner="me")
        here = there


async def test_a_plan_comes_back_as_it_was_stored(store: Store) -> None:
    one = plan()
    await store.plans.propose(one, "")
    progress = await store.plans.progress(one.id)
    assert progress.plan == one
    assert (progress.state, progress.reviews, progress.steps, progress.measurements) == (State.PROPOSED, (), (), ())
    await store.plans.propose(one, "")
    assert len([event async for event in store.events.read()]) == 1
    with pytest.raises(Refused, match="another plan"):
        await store.plans.propose(plan(host="mx2"), "")
    with pytest.raises(NotFound):
        await store.plans.progress("plan-9")


async def test_one_plan_of_a_host_at_a_time_also_when_many_claim(store: Store) -> None:
    hosts = {f"plan-{n}": f"mx{n % 3}" for n in range(12)}
    for id, host in hosts.items():
        await approved(store, plan(id, host=host))
    assert await store.plans.ready() == ("plan-0", "plan-1", "plan-2")  # of each host the oldest
    claims = await asyncio.gather(*(store.plans.claim(id, f"worker-{n}", 0) for id in hosts for n in range(3)))
    assert claims.count(True) == 3
    assert await store.plans.ready() == ()
    waiting = [await store.plans.progress(id) for id in hosts if await store.plans.state(id) is State.APPROVED]
    assert len(waiting) == 9
    assert all(hosts[one.waits_for] == one.plan.host for one in waiting)


async def test_a_lease_that_nobody_renews_makes_an_orphan_and_only_one_adopts_it(database: str) -> None:
    store = await Store.open(database, lease_seconds=1)  # shorter ones end on a busy machine although they are renewed
    await brought(store, plan("plan-1", host="a"), State.APPLYING)
    await brought(store, plan("plan-2", host="b"), State.CHECKING)
    assert await store.plans.orphans() == ()
    for _ in range(4):
        await asyncio.sleep(0.4)
        await store.plans.renew("me", ["plan-1"])
    assert await store.plans.orphans() == (Orphan(plan_id="plan-2", state=State.CHECKING),)
    assert await store.plans.adopt(Orphan(plan_id="plan-2", state=State.CHECKING), "other") is State.APPROVED
    await asyncio.sleep(1.1)
    for left in (State.APPLYING, State.PROBING):  # who is probing may be left as well, and the state stays as it was
        orphan = Orphan(plan_id="plan-1", state=left)
        assert await store.plans.orphans() == (orphan,)
        adopted = await asyncio.gather(*(store.plans.adopt(orphan, f"worker-{n}") for n in range(10)))
        assert sorted(map(str, adopted)) == ["None"] * 9 + ["probing"]
        await asyncio.sleep(1.1)
    assert not await store.plans.move("plan-1", State.APPLYING, State.VERIFYING, owner="me")
    await store.close()


async def test_a_lease_from_before_the_clock_was_set_back_is_dead(store: Store) -> None:
    await brought(store, plan(), State.APPLYING)
    await altered(store, "UPDATE plans SET lease_until = lease_until + 86400")
    assert len(await store.plans.orphans()) == 1


async def test_expiry_ends_what_waits_and_nothing_that_runs(store: Store) -> None:
    await store.plans.propose(plan("plan-1", host="a"), "")
    await approved(store, plan("plan-2", host="b"))
    running = plan("plan-3", host="c")
    await brought(store, running, State.APPLYING)
    assert await store.plans.expire(running.expires_at - 60) == 0
    assert await store.plans.expire(running.expires_at + 60) == 2
    assert [await store.plans.state(f"plan-{n}") for n in (1, 2, 3)] == [State.EXPIRED, State.EXPIRED, State.APPLYING]


async def test_a_step_begins_once_and_its_result_stays(store: Store) -> None:
    one = plan()
    await approved(store, one)
    await store.plans.claim(one.id, "me", 0)
    assert await store.plans.move(
        one.id, State.CHECKING, State.APPLYING, owner="me", begins=(0, one.steps[0]), measured=measurement()
    )
    with pytest.raises(StoreUnavailable):
        await store.plans.begin_step(one.id, State.APPLYING, "me", 0, one.steps[0])
    assert not await store.plans.begin_step(one.id, State.APPLYING, "other", 1, one.steps[1])
    progress = await store.plans.progress(one.id)
    assert progress.measured(Stage.BEFORE) == measurement()
    assert progress.running is not None
    assert (progress.running.index, progress.running.step) == (0, one.steps[0])


async def test_every_change_renews_the_message_of_its_thread(store: Store) -> None:
    conversation = Conversation(id="c1", channel="C1", thread="1.0", requester="U1", lang="en")
    await store.conversations.open(conversation)
    one = await approved(store, plan(), "c1")
    (outgoing,) = await store.outbox.take("me")
    assert (outgoing.show.kind, outgoing.show.subject) == ("plan", one.id)
    assert (outgoing.show.channel, outgoing.show.thread) == ("C1", "1.0")
    await store.outbox.sent(outgoing, "1.1")
    await store.plans.claim(one.id, "me", 0)
    (edit,) = await store.outbox.take("me")
    assert edit.ts == "1.1"


async def test_a_failure_to_write_the_event_undoes_the_change(store: Store) -> None:
    one = await approved(store, plan())
    await altered(store, "ALTER TABLE events RENAME TO elsewhere")
    with pytest.raises(StoreUnavailable, match="events"):
        await store.plans.expire(one.expires_at)
    assert await store.plans.state(one.id) is State.APPROVED


def measurement() -> Measurement:
    check = Check(side=Side.BEFORE, condition=DOWN, truth=Truth.TRUE, evidence=(("loopback.state", "down"),))
    return Measurement(stage=Stage.BEFORE, at=12.5, checks=(check,))


async def test_a_lease_is_renewed_and_a_freeze_laid_before_a_crowd_that_waits_to_write(database: str) -> None:
    done: list[str] = []

    async def writes(what: str, work: Coroutine[Any, Any, object]) -> None:
        await work
        done.append(what)

    async with opened(database) as store:
        crowd = [writes("click", store.marks.put(f"m{number}")) for number in range(200)]
        late = writes("renewed", store.plans.renew("me", ["plan-1"])), writes("frozen", store.gate.freeze("me", ""))
        await asyncio.gather(*crowd, *late)
        assert done.index("renewed") < 100
        assert done.index("frozen") < 100
