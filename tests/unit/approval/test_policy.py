"""The policy is a table: every person and every set of reviews has exactly one answer."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.approval.policy import Refusal, refusal, resolver_refusal, standing
from bot.model.host import Approvers
from bot.model.problem import Risk
from bot.model.review import Actor, Confirmation, Decision, Review, Standing
from tests.support.plans import ANNE, APPROVERS, BERT, REQUESTER, TEAM, plan, review

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


PEOPLE = [ANNE, BERT, CARL, Actor(team=TEAM, id=REQUESTER), replace(CARL, id="U0EVE", full_member=False)]
REVIEWS = [review(HIGH, actor, decision) for actor, decision in itertools.product(PEOPLE, Decision)]
SIGNED = Confirmation(
    plan_digest=HIGH.digest, person=f"{TEAM}/U0ANNE", decision=Decision.APPROVE, at=HIGH.created_at, signature=""
)


@given(st.lists(st.sampled_from(REVIEWS)))
def test_neither_order_nor_repetition_changes_what_reviews_amount_to(reviews: list[Review]) -> None:
    once = {(one.actor.id, one.decision): one for one in reviews}
    counted = {key for key in once if key[0] in ("U0ANNE", "U0BERT", "U0CARL") and key[1] is not Decision.BREAK_GLASS}
    agreed = {id for id, decision in counted if decision is Decision.APPROVE}
    denied = len(counted) > len(agreed)
    enough = len(agreed) >= 2 and "U0ANNE" in agreed  # only she confirmed outside Slack
    expected = Standing.DENIED if denied else Standing.APPROVED if enough else Standing.PENDING
    for order in (reviews, list(reversed(reviews)), list(once.values())):
        assert standing(HIGH, order, APPROVERS, HIGH.created_at, confirmations=[SIGNED]) is expected
