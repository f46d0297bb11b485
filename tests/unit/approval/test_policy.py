"""The policy is a table: every person and every set of reviews has exactly one answer."""

from __future__ import annotations

import itertools
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.approval.policy import Refusal, refusal, resolver_refusal, standing
from bot.model.host import Approvers
from bot.model.problem import Risk
from bot.model.review import Actor, Decision, Review, Standing
from tests.support.plans import ANNE, APPROVERS, BERT, REQUESTER, TEAM, plan, review, step

LOW, HIGH = plan(), plan(risk=Risk.HIGH)
CARL = Actor(team=TEAM, id="U0CARL", groups=frozenset({"S0POST"}))


@pytest.mark.parametrize(
    ("actor", "expected"),
    [
        (ANNE, None),
        (BERT, None),  # by group
        (replace(ANNE, name="Paul"), None),  # names decide nothing …
        (Actor(team=TEAM, id="U0EVE", name="Anne"), Refusal.NOT_AN_APPROVER),  # … in either direction
        (Actor(team=TEAM, id="u0anne"), Refusal.NOT_AN_APPROVER),
        (Actor(team=TEAM, id=""), Refusal.NOT_AN_APPROVER),
        (Actor(team=TEAM, id=REQUESTER), Refusal.OWN_REQUEST),  # although an approver
        (replace(BERT, id=REQUESTER, name="somebody else"), Refusal.OWN_REQUEST),
        (replace(ANNE, full_member=False), Refusal.GUEST),
        (replace(ANNE, team="T0002"), Refusal.OTHER_TEAM),
        (replace(ANNE, team=""), Refusal.OTHER_TEAM),
        (replace(ANNE, lookup_failed=True), Refusal.LOOKUP_FAILED),
        (replace(BERT, groups=frozenset({"S0OTHER"})), Refusal.NOT_AN_APPROVER),
    ],
)
def test_who_may_decide(actor: Actor, expected: Refusal | None) -> None:
    assert refusal(LOW, actor, APPROVERS, TEAM) is expected


def test_nobody_may_decide_where_no_approver_is_named() -> None:
    assert refusal(LOW, ANNE, Approvers(), TEAM) is Refusal.NOT_AN_APPROVER
    assert standing(LOW, [review(LOW)], Approvers(), LOW.created_at) is Standing.PENDING


def test_the_requester_may_say_how_a_plan_in_doubt_ended_and_an_outsider_may_not() -> None:
    assert resolver_refusal(Actor(team=TEAM, id=REQUESTER), APPROVERS, TEAM) is None
    assert resolver_refusal(Actor(team=TEAM, id="U0EVE"), APPROVERS, TEAM) is Refusal.NOT_AN_APPROVER


@pytest.mark.parametrize(
    ("risk", "people", "expected"),
    [
        (Risk.LOW, [], Standing.PENDING),
        (Risk.LOW, [ANNE], Standing.APPROVED),
        (Risk.HIGH, [ANNE], Standing.PENDING),
        (Risk.HIGH, [ANNE, replace(ANNE, name="Anne again")], Standing.PENDING),
        (Risk.HIGH, [ANNE, Actor(team=TEAM, id=REQUESTER)], Standing.PENDING),
        (Risk.HIGH, [ANNE, replace(BERT, groups=frozenset())], Standing.PENDING),  # the role was lost in between
        (Risk.HIGH, [ANNE, BERT], Standing.APPROVED),
    ],
)
def test_how_many_people_must_agree(risk: Risk, people: list[Actor], expected: Standing) -> None:
    one = plan(risk=risk)
    assert standing(one, [review(one, actor) for actor in people], APPROVERS, one.created_at + 1) is expected


def test_a_plan_is_worth_nothing_from_the_second_of_its_expiry() -> None:
    reviews = [review(LOW, at=LOW.expires_at - 1)]
    assert standing(LOW, reviews, APPROVERS, LOW.expires_at - 1) is Standing.APPROVED
    assert standing(LOW, reviews, APPROVERS, LOW.expires_at) is Standing.EXPIRED
    assert standing(LOW, [review(LOW, at=LOW.expires_at)], APPROVERS, LOW.expires_at - 1) is Standing.PENDING


CHANGES: dict[str, Any] = {
    "id": "plan-2",
    "host": "mx2",
    "host_key": "SHA256:other",
    "problem": "other",
    "problem_digest": "d2",
    "cause": "other",
    "fix": "other",
    "risk": Risk.HIGH,
    "captures": (),
    "steps": (step("other"),),
    "undo": (),
    "before": (),
    "after": (),
    "within": 99,
    "facts": (),
    "requester": "U0OTHER",
    "created_at": 1.0,
    "expires_at": LOW.expires_at + 1,
}


@pytest.mark.parametrize("name", [one.name for one in fields(LOW)])
def test_an_approval_covers_every_field_of_the_plan(name: str) -> None:
    changed = replace(LOW, **{name: CHANGES[name]})
    assert changed.digest != LOW.digest
    assert standing(changed, [review(LOW), review(LOW, BERT)], APPROVERS, LOW.created_at) is Standing.PENDING


PEOPLE = [ANNE, BERT, CARL, Actor(team=TEAM, id=REQUESTER), replace(CARL, id="U0EVE", full_member=False)]
REVIEWS = [review(HIGH, actor, decision) for actor, decision in itertools.product(PEOPLE, Decision)]


@given(st.lists(st.sampled_from(REVIEWS)))
def test_neither_order_nor_repetition_changes_what_reviews_amount_to(reviews: list[Review]) -> None:
    once = {(one.actor.id, one.decision): one for one in reviews}
    counted = {key for key in once if key[0] in ("U0ANNE", "U0BERT", "U0CARL")}
    denied = any(decision is Decision.DENY for _, decision in counted)
    expected = Standing.DENIED if denied else Standing.APPROVED if len(counted) >= 2 else Standing.PENDING
    for order in (reviews, list(reversed(reviews)), list(once.values())):
        assert standing(HIGH, order, APPROVERS, HIGH.created_at) is expected
