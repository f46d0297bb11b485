"""A high risk change needs two different people, neither of them the one who asked; one person counts once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bot.approval.policy import missing, standing
from bot.execution.answers import Said
from bot.execution.executor import Executor
from bot.model.execution import State
from bot.model.host import Approvers
from bot.model.person import Person, Register
from bot.model.problem import Risk
from bot.model.review import Actor, Confirmation, Decision, Missing, Standing
from bot.store.store import Store
from tests.e2e.test_story_fix import proposed, shows
from tests.support.house import at_home, inventory
from tests.support.keys import confirmed, register
from tests.support.plans import ANNE, BERT, REQUESTER, TEAM, Machine, host, means, plan, review

ANNE_TOO = replace(ANNE, id="U0ANN2")
REGISTER = Register(
    (
        Person(name="anne", accounts=frozenset({(TEAM, "U0ANNE"), (TEAM, "U0ANN2")})),
        Person(name="bert", accounts=frozenset({(TEAM, "U0BERT")})),
        Person(name="paul", accounts=frozenset({(TEAM, REQUESTER)})),
    )
)
ROLE = Approvers(users=frozenset({"U0ANNE", "U0ANN2", REQUESTER}), groups=frozenset({"S0POST"}))
PAUL = Actor(team=TEAM, id=REQUESTER)


@pytest.mark.parametrize(
    ("people", "expected", "lacks"),
    [
        ([], Standing.PENDING, 2),
        ([ANNE], Standing.PENDING, 1),
        ([ANNE, replace(ANNE, name="Anne again")], Standing.PENDING, 1),  # two clicks of one person
        ([ANNE, ANNE_TOO], Standing.PENDING, 1),  # two accounts of one person
        ([ANNE, PAUL], Standing.PENDING, 1),  # who asked, and another
        ([ANNE, replace(BERT, groups=frozenset())], Standing.PENDING, 1),  # the role was lost in between
        ([ANNE, replace(BERT, full_member=False)], Standing.PENDING, 1),
        ([ANNE, Actor(team=TEAM, id="U0CARL", groups=frozenset({"S0POST"}))], Standing.PENDING, 1),  # nobody knows Carl
        ([ANNE, BERT], Standing.APPROVED, 0),
        ([ANNE_TOO, BERT, ANNE], Standing.APPROVED, 0),
    ],
)
def test_who_makes_two(people: list[Actor], expected: Standing, lacks: int) -> None:
    one = plan(risk=Risk.HIGH)
    reviews = [review(one, actor) for actor in people]
    signed = [
        Confirmation(plan_digest=one.digest, person=name, decision=Decision.APPROVE, at=one.created_at, signature="")
        for name in ("anne", "bert", "paul")
    ]
    assert standing(one, reviews, ROLE, one.created_at + 1, register=REGISTER, confirmations=signed) is expected
    still = missing(one, reviews, ROLE, register=REGISTER, confirmations=signed)
    assert still == Missing(people=lacks, confirmation=not people)
    assert standing(replace(one, risk=Risk.LOW), [], ROLE, 0.0, register=REGISTER) is Standing.PENDING


async def test_the_same_person_again_is_told_the_same_and_another_one_decides(store: Store, tmp_path: Path) -> None:
    known = register(tmp_path, anne=f"{TEAM}/U0ANNE", bert=f"{TEAM}/U0BERT")
    machine = Machine(host=host(approvers=ROLE))
    executor = Executor(means(store, machine, register=known))
    one = plan(risk=Risk.HIGH)
    await executor.propose(one)
    for _ in range(2):
        assert (await executor.review(one.id, review(one, ANNE), ROLE)).said is Said.RECORDED
    await confirmed(store, one.id, machine.host, known, "anne", tmp_path / "anne")
    assert not await executor.carry(one.id)
    answer = await executor.review(one.id, review(one, BERT), ROLE)
    assert (answer.said, {actor.id for actor in answer.by}) == (Said.APPROVED, {"U0ANNE", "U0BERT"})
    assert await executor.carry(one.id)
    assert await store.plans.state(one.id) is State.SUCCEEDED


async def test_two_people_who_agree_at_the_same_moment_are_both_counted(store: Store, tmp_path: Path) -> None:
    known = register(tmp_path, anne=f"{TEAM}/U0ANNE", bert=f"{TEAM}/U0BERT")
    machine = Machine(host=host(approvers=ROLE))
    executor = Executor(means(store, machine, register=known))
    one = plan(risk=Risk.HIGH)
    await executor.propose(one)
    await asyncio.gather(
        *(executor.review(one.id, review(one, who), ROLE) for who in (ANNE, BERT)),
        confirmed(store, one.id, machine.host, known, "bert", tmp_path / "bert"),
    )
    assert await store.plans.state(one.id) is State.APPROVED


async def test_in_slack_the_card_says_what_is_missing_until_nothing_is(tmp_path: Path) -> None:
    known = register(tmp_path, ben="T0LOCAL/U0BEN", chen="T0LOCAL/U0CHEN")
    async with at_home(tmp_path, risk="high", hosts=inventory(known)) as house:
        ts, card = await proposed(house)
        await house.ana.waits_for(shows("0 of 2 approvals"), thread=ts)
        await house.ben.clicks(card, "approve")
        card = await house.ana.waits_for(shows("1 of 2 approvals"), thread=ts)
        await house.ben.clicks(card, "approve")
        await house.ben.waits_for(shows("already counted"), thread=ts)
        await house.person("U0CHEN").clicks(card, "approve")
        card = await house.ana.waits_for(
            shows("2 of 2 approvals. One of those who approve must also confirm outside"), thread=ts
        )
        await house.quiet()
        assert house.fleet.ran == []
        plan_id = card["blocks"][-1]["elements"][0]["value"]
        assert f"`postmedic approve` `{plan_id}`" in str(card["blocks"])
        await confirmed(house.store, plan_id, house.desk.engine.inventory["host01"], known, "chen", tmp_path / "chen")
        await house.ana.waits_for(shows("Healed"), thread=ts)
        assert len(house.fleet.ran) == 1


async def test_in_slack_who_lost_the_role_before_the_start_does_not_count(tmp_path: Path) -> None:
    known = register(tmp_path, ben="T0LOCAL/U0BEN", chen="T0LOCAL/U0CHEN")
    async with at_home(tmp_path, risk="high", hosts=inventory(known)) as house:
        ts, card = await proposed(house)
        await house.ben.clicks(card, "approve")
        card = await house.ana.waits_for(shows("1 of 2 approvals"), thread=ts)
        groups = house.running.workspace.store.usergroups
        [name] = groups
        groups[name] = replace(groups[name], users=("U0CHEN",))
        await house.person("U0CHEN").clicks(card, "approve")
        card = await house.ana.waits_for(shows("2 of 2 approvals"), thread=ts)
        plan_id = card["blocks"][-1]["elements"][0]["value"]
        await confirmed(house.store, plan_id, house.desk.engine.inventory["host01"], known, "chen", tmp_path / "chen")
        await house.ana.waits_for(shows("An approval no longer counts"), thread=ts)
        assert house.fleet.ran == []
