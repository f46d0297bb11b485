"""Who somebody is, by Slack's own answers: guests, bots, strangers, namesakes, groups, and no answer at all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.approval.policy import Refusal, resolver_refusal
from bot.model.host import Approvers
from bot.sandbox.slack import Person, Running, Usergroup, Workspace, serve
from handlers.actor import FRESH, People
from tests.support.house import FAST, MANIFEST

APPROVERS = Approvers(users=frozenset({"U0NAMED"}), groups=frozenset({"S0POST"}))
PEOPLE = (
    Person(id="U0NAMED", name="named", real_name="Named", role=""),
    Person(id="U0GROUP", name="group", real_name="Group", role="", locale="zh-TW"),
    Person(id="U0NOBODY", name="named", real_name="Named", role=""),  # an approver's names, another id
    Person(id="U0GUEST", name="guest", real_name="Guest", role="", restricted=True),
    Person(id="U0GONE", name="gone", real_name="Gone", role="", deleted=True),
    Person(id="U0BOT", name="bot", real_name="Bot", role="", is_bot=True),
    Person(id="U0ELSE", name="else", real_name="Else", role="", stranger=True, team_id="T0ELSE"),
)
GROUP = Usergroup(
    id="S0POST", handle="post", name="Post", users=tuple(person.id for person in PEOPLE[1:] if person.id != "U0NOBODY")
)


class Clock:
    """Seconds that tests move."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def running() -> AsyncIterator[Running]:
    async with serve(Workspace(MANIFEST, people=PEOPLE, channels=(), usergroups=(GROUP,), timing=FAST)) as started:
        yield started


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def people(running: Running, clock: Clock) -> People:
    client = AsyncWebClient(running.bot_token, base_url=running.api_url, retry_handlers=[])
    return People(client, clock, "en")


def calls(running: Running, method: str) -> int:
    return sum(call["method"] == method for call in running.workspace.journal.calls)


@pytest.mark.parametrize(
    ("user", "refused"),
    [
        ("U0NAMED", None),
        ("U0GROUP", None),
        ("U0NOBODY", Refusal.NOT_AN_APPROVER),
        ("U0GUEST", Refusal.GUEST),
        ("U0GONE", Refusal.GUEST),
        ("U0BOT", Refusal.GUEST),
        ("U0ELSE", Refusal.OTHER_TEAM),
        ("U0UNKNOWN", Refusal.LOOKUP_FAILED),
        ("", Refusal.LOOKUP_FAILED),
    ],
)
async def test_only_full_members_who_are_named_or_in_the_group(
    people: People, running: Running, user: str, refused: Refusal | None
) -> None:
    actor = await people.actor(user, APPROVERS)
    assert resolver_refusal(actor, APPROVERS, running.workspace.identity.team_id) is refused


@pytest.mark.parametrize("fault", ["429", "5xx", "token_revoked"])
@pytest.mark.parametrize("method", ["users.info", "usergroups.users.list"])
async def test_no_answer_is_a_refusal(people: People, running: Running, fault: str, method: str) -> None:
    running.workspace.faults.arm({"kind": fault, "method": method})
    actor = await people.actor("U0GROUP", APPROVERS)
    assert actor.lookup_failed
    assert (await people.actor("U0NAMED", APPROVERS)).lookup_failed is (fault == "token_revoked" and method == "users.info")


async def test_where_groups_do_not_exist_the_named_people_still_count(people: People, running: Running) -> None:
    running.workspace.faults.arm({"kind": "plan_upgrade_required"})
    assert (await people.actor("U0GROUP", APPROVERS)).groups == frozenset()
    assert not (await people.actor("U0NAMED", APPROVERS)).lookup_failed


async def test_answers_are_kept_for_a_minute_but_never_at_the_start_of_a_run(
    people: People, running: Running, clock: Clock
) -> None:
    actor = await people.actor("U0GROUP", APPROVERS)
    await people.actor("U0GROUP", APPROVERS)
    assert (calls(running, "users.info"), calls(running, "usergroups.users.list")) == (1, 1)
    running.workspace.store.usergroups["S0POST"] = replace(GROUP, users=())
    assert (await people.actor("U0GROUP", APPROVERS)).groups == {"S0POST"}
    assert (await people.now(actor)).groups == frozenset()
    clock.now += FRESH
    assert (await people.actor("U0GROUP", APPROVERS)).groups == frozenset()


async def test_the_language_is_the_persons_own_or_the_settings(people: People, running: Running) -> None:
    assert await people.lang("U0GROUP") == "zh"
    assert await people.lang("U0NAMED") == "en"
    running.workspace.faults.arm({"kind": "5xx", "method": "users.info"})
    assert await people.lang("U0GUEST") == "en"
