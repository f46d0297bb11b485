"""Guests, bots, deactivated accounts and people of connected workspaces never approve; without Slack's answer nobody does."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import ClientConnectionError
from slack_sdk.errors import SlackApiError

from bot.approval.policy import Refusal
from bot.execution.answers import Said
from bot.execution.executor import Executor
from bot.model.execution import State
from bot.model.host import Approvers
from bot.model.review import Decision
from bot.render.replies import note
from bot.store.store import Store
from handlers.actor import People
from tests.support.plans import TEAM, Machine, host, means, plan, review

# Everybody is named as an approver, or in the group of approvers, and in the role that may break the glass.
NAMED, GROUPED = "U0ANNE", "U0BERT"
ROLE = Approvers(users=frozenset({NAMED}), groups=frozenset({"S0POST"}))


class Slack:
    """Slack's answers about people; `fails` are raised by the method of that name."""

    def __init__(self, user: dict[str, Any], fails: dict[str, Exception]) -> None:
        self._user = user
        self._fails = fails

    async def users_info(self, user: str, include_locale: bool) -> dict[str, Any]:
        if "users_info" in self._fails:
            raise self._fails["users_info"]
        return {"user": {"id": user, "team_id": TEAM, "name": "x"} | self._user}

    async def usergroups_users_list(self, usergroup: str) -> dict[str, Any]:
        if "usergroups_users_list" in self._fails:
            raise self._fails["usergroups_users_list"]
        return {"users": [GROUPED]}


def answered(status: int, error: str) -> SlackApiError:
    class Response(dict[str, Any]):
        status_code = status

    return SlackApiError(error, Response(ok=False, error=error))


MARKS = [
    ({"is_restricted": True}, Refusal.GUEST),
    ({"is_ultra_restricted": True}, Refusal.GUEST),
    ({"is_restricted": True, "is_ultra_restricted": True}, Refusal.GUEST),
    ({"is_bot": True}, Refusal.GUEST),
    ({"is_workflow_bot": True}, Refusal.GUEST),
    ({"deleted": True}, Refusal.GUEST),
    ({"is_invited_user": True}, Refusal.GUEST),
    ({"is_stranger": True}, Refusal.GUEST),
    ({"is_stranger": True, "team_id": "T0ELSE"}, Refusal.OTHER_TEAM),
    ({"team_id": "T0ELSE"}, Refusal.OTHER_TEAM),
    ({"team_id": None}, Refusal.OTHER_TEAM),
    ({"team_id": ""}, Refusal.OTHER_TEAM),
]
FAILURES = [
    {"users_info": answered(429, "ratelimited")},
    {"users_info": answered(500, "internal_error")},
    {"users_info": answered(503, "")},
    {"users_info": answered(200, "user_not_found")},
    {"users_info": answered(200, "token_revoked")},
    {"users_info": TimeoutError()},
    {"users_info": ClientConnectionError()},
    {"usergroups_users_list": answered(429, "ratelimited")},
    {"usergroups_users_list": answered(500, "internal_error")},
    {"usergroups_users_list": TimeoutError()},
]
MATRIX = [(marks, {}, why) for marks, why in MARKS] + [({}, fails, Refusal.LOOKUP_FAILED) for fails in FAILURES]


# Who is named by id needs no answer about groups.
CLICKS = [
    (user, *case) for case in MATRIX for user in (NAMED, GROUPED) if user == GROUPED or "users_info" in case[1] or case[0]
]


@pytest.mark.parametrize("decision", list(Decision))
@pytest.mark.parametrize(("user", "marks", "fails", "why"), CLICKS, ids=lambda value: str(value)[:60])
async def test_they_are_refused_at_the_click(
    store: Store, user: str, marks: dict[str, Any], fails: dict[str, Exception], why: Refusal, decision: Decision
) -> None:
    people = People(Slack(marks, fails), lambda: 0.0, "en")  # type: ignore[arg-type]  # all that is asked of the client
    machine = Machine(host=host(approvers=ROLE, breakglass=ROLE))
    executor = Executor(means(store, machine, alarm=_told))
    one = plan()
    await executor.propose(one)
    answer = await executor.review(one.id, review(one, await people.actor(user, ROLE), decision), ROLE)
    assert (answer.said, answer.refusal, answer.state) == (Said.REFUSED, why, State.PROPOSED)
    assert not await executor.carry(one.id)
    assert machine.ran == []
    refused = [event async for event in store.events.read(after=1)]
    assert [(event.kind, event.actor, event.details["why"]) for event in refused] == [("plan.review-refused", user, why)]
    assert note(f"refused-{why}", "en", host="mx1").text


async def test_the_same_people_without_these_marks_may(store: Store) -> None:
    for number, user in enumerate((NAMED, GROUPED)):
        fails = {"usergroups_users_list": TimeoutError()} if user == NAMED else {}
        people = People(Slack({}, fails), lambda: 0.0, "en")  # type: ignore[arg-type]
        executor = Executor(means(store, Machine(host=host(approvers=ROLE))))
        one = plan(f"plan-{number}", host=f"mx{number}")
        await executor.propose(one)
        answer = await executor.review(one.id, review(one, await people.actor(user, ROLE)), ROLE)
        assert answer.said is Said.APPROVED


@pytest.mark.parametrize(("marks", "fails", "why"), MATRIX, ids=lambda value: str(value)[:60])
async def test_who_became_one_of_them_after_the_click_is_refused_at_the_start(
    store: Store, marks: dict[str, Any], fails: dict[str, Exception], why: Refusal
) -> None:
    before = People(Slack({}, {}), lambda: 0.0, "en")  # type: ignore[arg-type]
    after = People(Slack(marks, fails), lambda: 0.0, "en")  # type: ignore[arg-type]
    machine = Machine(host=host(approvers=ROLE))
    executor = Executor(means(store, machine, actor_now=after.now))
    one = plan()
    await executor.propose(one)
    await executor.review(one.id, review(one, await before.actor(GROUPED, ROLE)), ROLE)
    assert await executor.carry(one.id)
    progress = await store.plans.progress(one.id)
    assert (progress.state, progress.detail) == (State.STALE, f"{GROUPED}: {why}")
    assert machine.ran == []


async def _told(*_: object) -> bool:
    await asyncio.sleep(0)
    return True
