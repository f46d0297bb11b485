"""An approval covers exactly what was shown: with any field of the plan changed the digest differs and nothing runs."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import pytest

from bot.approval.policy import standing
from bot.errors import StoreUnavailable
from bot.execution.answers import Said
from bot.execution.executor import Executor
from bot.model.execution import State
from bot.model.plan import Change, Plan
from bot.model.problem import Risk
from bot.model.progress import Why
from bot.model.review import Standing
from bot.model.text import Text
from bot.render.plan_card import plan_card
from bot.store.store import Store
from tests.support.plans import APPROVERS, BERT, Machine, host, means, plan, review, step

ONE = plan()
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
    "expires_at": ONE.expires_at + 1,
}


@pytest.mark.parametrize("name", [one.name for one in fields(ONE)])
def test_an_approval_covers_every_field_of_the_plan(name: str) -> None:
    changed = replace(ONE, **{name: CHANGES[name]})
    assert changed.digest != ONE.digest
    assert standing(changed, [review(ONE), review(ONE, BERT)], APPROVERS, ONE.created_at) is Standing.PENDING
    assert set(CHANGES) == {one.name for one in fields(ONE)}


WITHIN_A_STEP: dict[str, Any] = {
    "operation": "other",
    "tokens": ("postfix",),
    "script": "ip link set lo up; rm -rf /\n",
    "says": Text(en="Nothing.", zh=""),
    "changes": (Change(what="loopback", before="down", after="down"),),
}


@pytest.mark.parametrize("name", [one.name for one in fields(ONE.steps[0])])
@pytest.mark.parametrize("part", ["steps", "undo"])
def test_it_covers_every_word_of_every_step(part: str, name: str) -> None:
    first, *rest = getattr(ONE, part)
    values: dict[str, Any] = {part: (replace(first, **{name: WITHIN_A_STEP[name]}), *rest)}
    assert replace(ONE, **values).digest != ONE.digest


async def approved(executor: Executor, one: Plan) -> None:
    await executor.propose(one)
    assert (await executor.review(one.id, review(one), APPROVERS)).said is Said.APPROVED


@pytest.mark.parametrize("name", sorted(set(CHANGES) - {"id"}))
async def test_a_stored_plan_that_was_changed_with_its_digest_is_not_run(store: Store, tmp_path: Path, name: str) -> None:
    """Worse than any click: somebody writes another plan and its right digest into the database after the approval."""
    machine = Machine()
    executor = Executor(means(store, machine))
    await approved(executor, ONE)
    changed = replace(ONE, **{name: CHANGES[name]})
    with sqlite3.connect(tmp_path / "postmedic.db") as connection:
        connection.execute("UPDATE plans SET document = ?, digest = ?", (json.dumps(asdict(changed)), changed.digest))
    assert await executor.carry(ONE.id)
    progress = await store.plans.progress(ONE.id)
    assert (progress.state, progress.why, machine.ran) == (State.STALE, Why.APPROVAL_LOST, [])


@pytest.mark.parametrize(
    ("machine", "why"),
    [
        (Machine(host=host(host_keys=("ssh-ed25519 b3RoZXI=",))), Why.HOST_KEY_CHANGED),
        (Machine(problem_digest="d2"), Why.ENTRY_CHANGED),
    ],
    ids=["the inventory's host key", "the entry"],
)
async def test_what_the_plan_names_must_still_be_what_is_there(store: Store, machine: Machine, why: Why) -> None:
    executor = Executor(means(store, machine))
    await approved(executor, ONE)
    assert await executor.carry(ONE.id)
    progress = await store.plans.progress(ONE.id)
    assert (progress.state, progress.why, machine.ran) == (State.STALE, why, [])


async def test_a_plan_altered_in_the_database_is_refused(store: Store, tmp_path: Path) -> None:
    await store.plans.propose(ONE, "")
    with sqlite3.connect(tmp_path / "postmedic.db") as connection:
        connection.execute("UPDATE plans SET document = replace(document, 'ip link set lo up', 'rm -rf /')")
    with pytest.raises(StoreUnavailable, match="does not fit its digest"):
        await store.plans.progress("plan-1")


async def test_a_decision_about_another_version_does_not_count(store: Store) -> None:
    executor = Executor(means(store, Machine()))
    await executor.propose(ONE)
    answer = await executor.review(ONE.id, review(replace(ONE, within=99)), APPROVERS)
    assert (answer.said, answer.state) == (Said.OTHER_PLAN, State.PROPOSED)


async def test_the_digest_stands_on_the_message_and_in_the_record(store: Store) -> None:
    await approved(Executor(means(store, Machine())), ONE)
    for lang in ("en", "zh"):
        assert ONE.digest[:12] in str(plan_card(await store.plans.progress(ONE.id), None, APPROVERS, lang).blocks)
    told = {event.kind: event.details.get("digest", "") async for event in store.events.read()}
    assert told["plan.proposed"] == told["plan.reviewed"] == ONE.digest
