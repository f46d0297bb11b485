"""The right to approve is checked at the click and again at the start of the run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.execution.answers import Said
from bot.execution.executor import Executor
from bot.model.execution import State
from bot.model.host import Approvers
from bot.model.progress import Why
from bot.model.review import Actor, Decision
from bot.store.store import Store
from tests.e2e.test_story_fix import proposed, shows
from tests.support.house import at_home
from tests.support.plans import APPROVERS, BERT, Machine, host, means, plan, review

GONE: tuple[dict[str, Any], ...] = (
    {"groups": frozenset()},
    {"lookup_failed": True},
    {"full_member": False},
    {"team": "T0002"},
)


@pytest.mark.parametrize("change", GONE, ids=lambda change: next(iter(change)))
async def test_who_may_not_approve_is_refused_at_the_click(store: Store, change: dict[str, Any]) -> None:
    executor = Executor(means(store, Machine()))
    one = plan()
    await executor.propose(one)
    for decision in (Decision.APPROVE, Decision.DENY):
        answer = await executor.review(one.id, review(one, replace(BERT, **change), decision), APPROVERS)
        assert (answer.said, answer.state) == (Said.REFUSED, State.PROPOSED)
    assert (await store.plans.progress(one.id)).reviews == ()
    assert [event.kind async for event in store.events.read()] == ["plan.proposed", *["plan.review-refused"] * 2]


@pytest.mark.parametrize("change", GONE, ids=lambda change: next(iter(change)))
async def test_the_right_to_approve_is_asked_for_again(store: Store, change: dict[str, Any]) -> None:
    async def actor_now(actor: Actor) -> Actor:
        return replace(actor, **change)

    machine = Machine()
    executor = Executor(means(store, machine, actor_now=actor_now))
    one = plan()
    await executor.propose(one)
    await executor.review(one.id, review(one, BERT), APPROVERS)
    assert await executor.carry(one.id)
    progress = await store.plans.progress(one.id)
    assert (progress.state, progress.why) == (State.STALE, Why.APPROVAL_LOST)
    assert machine.ran == []


async def test_an_approver_removed_from_the_inventory_does_not_count(store: Store) -> None:
    machine = Machine(host=host(approvers=replace(APPROVERS, users=frozenset())))
    executor = Executor(means(store, machine))
    one = plan()
    await executor.propose(one)
    await executor.review(one.id, review(one), APPROVERS)
    assert await executor.carry(one.id)
    progress = await store.plans.progress(one.id)
    assert (progress.state, progress.why, machine.ran) == (State.STALE, Why.APPROVAL_LOST, [])


async def test_who_may_no_longer_break_the_glass_breaks_nothing(store: Store) -> None:
    async def told(*_: object) -> bool:
        return True

    role = Approvers(users=frozenset({"U0BERT"}))
    machine = Machine(host=host(breakglass=role))
    executor = Executor(means(store, machine, alarm=told))
    one = plan()
    await executor.propose(one)
    await executor.review(one.id, review(one, BERT, Decision.BREAK_GLASS), APPROVERS)
    assert await store.plans.state(one.id) is State.APPROVED
    machine.host = host(breakglass=Approvers())
    assert await executor.carry(one.id)
    progress = await store.plans.progress(one.id)
    assert (progress.state, progress.why, machine.ran) == (State.STALE, Why.APPROVAL_LOST, [])


async def test_in_slack_who_left_the_group_between_click_and_start_does_not_count(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        ts, card = await proposed(house)
        # The desk still holds the group's members of a moment ago; the start asks Slack again.
        await house.desk.people.actor("U0BEN", house.desk.engine.inventory["host01"].approvers)
        groups = house.running.workspace.store.usergroups
        [name] = groups
        groups[name] = replace(groups[name], users=("U0CHEN",))
        await house.ben.clicks(card, "approve")
        await house.ana.waits_for(shows("An approval no longer counts"), thread=ts)
        assert house.fleet.ran == []
