"""Nobody approves their own plan, under any of their identities."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from bot.approval.policy import Refusal, refusal, standing
from bot.errors import Refused
from bot.execution.answers import Said
from bot.execution.executor import Executor
from bot.model.host import Approvers
from bot.model.person import Person, Register
from bot.model.plan import Plan
from bot.model.review import Actor, Standing
from bot.sandbox.slack.seed import APPROVERS as GROUP
from bot.store.store import Store
from tests.e2e.test_story_fix import proposed, shows
from tests.support.house import at_home, inventory
from tests.support.plans import TEAM, Machine, means, plan, review

OTHER = "T0002"
PAUL = Person(
    name="paul", accounts=frozenset({(TEAM, "U0PAUL"), (TEAM, "U0PAUL2"), (OTHER, "U0PAUL3")}), logins=frozenset({"paul"})
)
ANNE = Person(name="anne", accounts=frozenset({(TEAM, "U0ANNE"), (TEAM, "U0ANN2")}), logins=frozenset({"anne", "anne-adm"}))
REGISTER = Register((PAUL, ANNE))
ACCOUNTS = sorted(account for person in REGISTER for account in person.accounts)
REQUESTERS = [user for _, user in ACCOUNTS] + [f"local:{login}" for person in REGISTER for login in sorted(person.logins)]
APPROVERS = Approvers(users=frozenset(user for _, user in ACCOUNTS))


def owner(identity: str) -> str:
    found = [
        one.name for one in REGISTER if identity.removeprefix("local:") in {*one.logins, *(user for _, user in one.accounts)}
    ]
    return found[0]


@pytest.mark.parametrize(("requester", "account"), list(itertools.product(REQUESTERS, ACCOUNTS)))
def test_every_pair_of_identities(requester: str, account: tuple[str, str]) -> None:
    one, actor = plan(requester=requester), Actor(team=account[0], id=account[1], name="Somebody Else")
    refused = refusal(one, actor, APPROVERS, account[0], REGISTER)
    assert (refused is Refusal.OWN_REQUEST) is (owner(requester) == owner(account[1]))
    added = standing(one, [review(one, actor)], APPROVERS, one.created_at, register=REGISTER)
    assert added is (Standing.PENDING if owner(requester) == owner(account[1]) else Standing.APPROVED)


@pytest.mark.parametrize("account", ["U0PAUL", "U0PAUL2"])
async def test_a_second_account_of_the_requester_is_refused_and_written_down(store: Store, account: str) -> None:
    machine = Machine()
    executor = Executor(means(store, machine, register=REGISTER))
    one = plan(requester="U0PAUL")
    await executor.propose(one)
    answer = await executor.review(one.id, review(one, Actor(team=TEAM, id=account)), APPROVERS)
    assert (answer.said, answer.refusal) == (Said.REFUSED, Refusal.OWN_REQUEST)
    assert not await executor.carry(one.id)
    assert [(event.kind, event.details["why"]) async for event in store.events.read(after=1)] == [
        ("plan.review-refused", "own-request")
    ]
    assert machine.ran == []


async def test_a_plan_that_nobody_asked_for_is_not_proposed(store: Store) -> None:
    """An app has no person behind it, so nobody could be kept from approving their own."""
    with pytest.raises(Refused, match="who asked"):
        await Executor(means(store, Machine())).propose(plan(requester=""))


def test_without_a_register_each_account_is_one_person_and_still_not_its_own_reviewer() -> None:
    one: Plan = plan(requester="U0PAUL")
    assert refusal(one, Actor(team=TEAM, id="U0PAUL"), APPROVERS, TEAM) is Refusal.OWN_REQUEST
    assert refusal(one, Actor(team=TEAM, id="U0ANNE"), APPROVERS, TEAM) is None


async def test_in_slack_the_second_account_is_told_so_and_nothing_runs(tmp_path: Path) -> None:
    people = Register(
        (
            Person(name="ana", accounts=frozenset({("T0LOCAL", "U0ANA"), ("T0LOCAL", "U0BEN")})),
            Person(name="chen", accounts=frozenset({("T0LOCAL", "U0CHEN")})),
        )
    )
    assert GROUP in inventory()["host01"].approvers.groups  # Ben's account may approve, but it is Ana's second one
    async with at_home(tmp_path, hosts=inventory(people)) as house:
        ts, card = await proposed(house)
        await house.ben.clicks(card, "approve")
        told = await house.ben.waits_for(shows("another person must decide"), thread=ts)
        assert told["ephemeral"] is True
        await house.quiet()
        assert house.fleet.ran == []
        await house.person("U0CHEN").clicks(card, "approve")
        await house.ana.waits_for(shows("Healed"), thread=ts)
