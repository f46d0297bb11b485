"""B5: "fixed" is said only when the conditions after the fix hold: steps that end well without effect are never a success."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.audit.accounts import accounts
from bot.execution.answers import Said
from bot.execution.executor import Executor
from bot.knowledge.conditions import from_canonical
from bot.model.condition import Truth, judge
from bot.model.execution import State
from bot.model.progress import Progress, Stage, Why
from bot.model.text import LANGS, Lang
from bot.render.history import history
from bot.render.plan_card import plan_card
from bot.render.signs import GOOD
from bot.render.templates import texts
from bot.store.store import Store
from tests.support.fixes import LIBRARY, Recorded, carried, mended, offered, readings
from tests.support.plans import ANNE, APPROVERS, Machine, drops_before, means, nothing, plan, review

FIXES = {one.name: one for one in mended()}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(str(tmp_path / "postmedic.db"))
    yield opened
    await opened.close()


def first_words(name: str, lang: Lang) -> str:
    """The part of a state's text before anything is filled in, e.g. *Failed.*"""
    return texts()[f"state-{name}"][lang].partition("{{")[0].split("*")[1]


def says(progress: Progress, lang: Lang) -> str:
    return str(plan_card(progress, LIBRARY.get(progress.plan.problem), APPROVERS, lang))


def test_every_fix_is_tried() -> None:
    assert {(one.plan.problem, one.plan.fix) for one in mended()} == set(offered())


@pytest.mark.parametrize("name", FIXES)
async def test_steps_that_change_nothing_are_not_a_success(store: Store, name: str) -> None:
    """Every step says 0, and the host is as it was: taken back where there is a way, and failed where there is none."""
    mend = FIXES[name]
    recorded = Recorded(readings=readings(mend.case))
    progress = await carried(store, recorded, replace(mend.plan, within=0))
    assert progress.why is Why.AFTER_NOT_REACHED
    assert progress.state is (State.UNDONE if mend.plan.undo else State.FAILED)
    assert recorded.sent == [step.wire for step in (*mend.plan.steps, *mend.plan.undo)]
    found = progress.measured(Stage.AFTER)
    assert found is not None
    assert any(check.truth is not Truth.TRUE for check in found.checks)
    for lang in LANGS:
        said = says(progress, lang)
        assert first_words(progress.state.value, lang) in said
        assert first_words("succeeded", lang) not in said
        assert GOOD not in said
        assert texts()["why-after-not-reached"][lang] in said


@pytest.mark.parametrize("name", FIXES)
async def test_a_host_that_can_no_longer_be_measured_is_not_a_success(store: Store, name: str) -> None:
    """After the steps nothing answers: not known is not fixed."""
    mend = FIXES[name]

    class Deaf(Recorded):
        async def run(self, execution, index, step):  # type: ignore[no-untyped-def]
            self.readings = {}
            return await super().run(execution, index, step)

    progress = await carried(store, Deaf(readings=readings(mend.case)), replace(mend.plan, within=0))
    assert progress.state is State.FAILED
    assert progress.why is (Why.UNDO_NOT_VERIFIED if mend.plan.undo else Why.AFTER_NOT_REACHED)
    for lang in LANGS:
        assert GOOD not in says(progress, lang)


@pytest.mark.parametrize("name", FIXES)
def test_after_is_not_already_true_before(name: str) -> None:
    """A fix whose `after` holds on the broken host would prove nothing by holding later."""
    mend = FIXES[name]
    recorded = Recorded(readings=readings(mend.case))
    facts = asyncio.run(recorded.measure(mend.plan)).facts
    assert any(judge(from_canonical(text), facts) is not Truth.TRUE for text in mend.plan.after)


async def test_where_it_did_help_success_is_said(store: Store) -> None:
    """The other tests do not pass because success is never said."""
    mend = FIXES["startup-no-local-interface/raise-loopback"]

    class Helped(Recorded):
        async def run(self, execution, index, step):  # type: ignore[no-untyped-def]
            self.over = {"interfaces.loopback-up": True, "service.postfix.running": True}
            return await super().run(execution, index, step)

    progress = await carried(store, Helped(readings=readings(mend.case)), replace(mend.plan, within=0))
    assert progress.state is State.SUCCEEDED
    assert all(first_words("succeeded", lang) in says(progress, lang) for lang in LANGS)


async def test_what_a_person_said_after_a_doubt_is_not_shown_as_measured(store: Store) -> None:
    """Also against the facts: the loopback is still down, and somebody says that it worked."""
    machine, one = Machine(behave={"service-start": drops_before}), plan()
    machine.behave["loopback-up"] = nothing
    executor = Executor(means(store, machine))
    await executor.propose(one)
    await executor.review(one.id, review(one), APPROVERS)
    await executor.carry(one.id)
    assert (await executor.resolve(one.id, ANNE, APPROVERS, succeeded=True)).said is Said.RESOLVED
    progress = await store.plans.progress(one.id)
    found = progress.measured(Stage.DOUBT)
    assert found is not None
    assert any(check.truth is Truth.FALSE for check in found.checks)
    for lang in LANGS:
        said = says(progress, lang)
        assert texts()["state-succeeded"][lang] not in said
        assert first_words("succeeded", lang) not in said
        assert GOOD not in said
        assert texts()["why-resolved"][lang] in said
        events = [event async for event in store.events.read()]
        assert first_words("succeeded", lang) not in str(history("mx1", list(accounts(events).values()), lang))
