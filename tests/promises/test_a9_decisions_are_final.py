"""Decisions are final: every event has one defined result in every state, also after any other events."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.errors import Frozen
from bot.execution.answers import Said
from bot.execution.executor import Executor
from bot.model.execution import ARROWS, FINAL, ON_HOST, State
from bot.model.gate import Caps
from bot.model.host import Approvers
from bot.model.plan import Plan
from bot.model.review import Actor, Decision
from bot.store.plans import HELD, Orphan
from bot.store.store import Store
from tests.support.plans import ANNE, APPROVERS, BERT, REQUESTER, TEAM, Machine, host, means, plan, review

Result = TypeVar("Result")
DECISIONS = {Decision.APPROVE: State.APPROVED, Decision.DENY: State.DENIED, Decision.BREAK_GLASS: State.APPROVED}
GLASS = Approvers(users=frozenset({"U0ANNE"}))


async def told(*_: object) -> bool:
    return True


def executor_over(store: Store) -> Executor:
    return Executor(means(store, Machine(host=host(breakglass=GLASS)), alarm=told, owner="me"))


# --- the table: one event in each state -----------------------------------------------------------------------------------


async def event(store: Store, name: str, one: Plan, state: State) -> None:
    """Let the event happen to the plan, whatever comes of it."""
    if name in DECISIONS:
        decision = Decision(name)
        answer = await executor_over(store).review(one.id, review(one, ANNE, decision), APPROVERS)
        decided = (answer.said in (Said.APPROVED, Said.DENIED)) or (state is State.EXPIRED and answer.said is Said.EXPIRED)
        assert decided or answer.said is Said.DECIDED
    elif name == "expire":
        await store.plans.expire(one.expires_at)
    elif name == "claim":
        await store.plans.claim(one.id, "me", one.created_at)
    elif name == "adopt":
        if state in HELD:
            await store.plans.adopt(Orphan(plan_id=one.id, state=state), "other")
        else:
            for held in HELD:
                assert await store.plans.adopt(Orphan(plan_id=one.id, state=held), "other") is None
    elif name == "begin":
        begun = [await store.plans.begin_step(one.id, one_state, "me", 0, one.steps[0]) for one_state in State]
        assert sum(begun) == (state in HELD)
    elif name in ("carry", "recover"):
        await getattr(executor_over(store), name)(*((one.id,) if name == "carry" else ()))
    elif state in FINAL or State(name) not in ARROWS[state]:
        if not (state is State.PROBING and name == State.PROBING):
            with pytest.raises((ValueError, KeyError)):
                await store.plans.move(one.id, state, State(name), owner="me")
    else:
        assert not await store.plans.move(one.id, state, State(name), owner="other") or state is State.IN_DOUBT
        await store.plans.move(one.id, state, State(name), owner="me")


def expected(name: str, state: State) -> State:
    """The one defined result of an event in a state."""
    if name in DECISIONS:
        return DECISIONS[Decision(name)] if state is State.PROPOSED else state
    if name == "expire":
        return State.EXPIRED if state in (State.PROPOSED, State.APPROVED) else state
    if name == "claim":
        return State.CHECKING if state is State.APPROVED else state
    if name == "adopt":
        return State.APPROVED if state is State.CHECKING else State.PROBING if state in HELD else state
    if name == "begin":
        return state
    # A move is for the process that holds the plan; in doubt nobody does, and a person decides.
    held = state in HELD or state is State.IN_DOUBT
    return State(name) if held and State(name) in ARROWS[state] else state


EVENTS = [*DECISIONS, "expire", "claim", "adopt", "begin", *State]


@pytest.mark.parametrize("state", sorted(State))
async def test_every_event_has_one_result_in_every_state(tmp_path: Path, state: State) -> None:
    store = await Store.open(str(tmp_path / "postmedic.db"), lease_seconds=60)
    for number, name in enumerate(EVENTS):
        one = plan(f"plan-{number}", host=f"mx{number}")
        await store.plans.propose(one, "")
        dead = name == "adopt"
        with sqlite3.connect(tmp_path / "postmedic.db") as connection:
            held = ("me", 0 if dead else time.time() + 60) if state in HELD else ("", 0)
            connection.execute("UPDATE plans SET state = ?, owner = ?, lease_until = ? WHERE id = ?", (state, *held, one.id))
        await event(store, name, one, state)
        assert (name, await store.plans.state(one.id)) == (name, expected(name, state))
        with sqlite3.connect(tmp_path / "postmedic.db") as connection:  # the next event is about another plan alone
            connection.execute("UPDATE plans SET state = 'stale' WHERE id = ?", (one.id,))
    await store.close()


@pytest.mark.parametrize("state", sorted(FINAL))
async def test_what_has_ended_stays_whatever_people_and_processes_do(tmp_path: Path, state: State) -> None:
    store = await Store.open(str(tmp_path / "postmedic.db"))
    one = plan()
    await store.plans.propose(one, "")
    with sqlite3.connect(tmp_path / "postmedic.db") as connection:
        connection.execute("UPDATE plans SET state = ?", (state,))
    machine = Machine(host=host(breakglass=GLASS))
    executor = Executor(means(store, machine, alarm=told))
    for decision in Decision:
        await executor.review(one.id, review(one, ANNE, decision), APPROVERS)
    for succeeded in (True, False):
        assert (await executor.resolve(one.id, ANNE, APPROVERS, succeeded=succeeded)).said is Said.NOT_IN_DOUBT
    assert not await executor.carry(one.id)
    await executor.recover()
    await executor.settle()
    progress = await store.plans.progress(one.id)
    assert (progress.state, progress.reviews, machine.ran) == (state, (), [])
    await store.close()


# --- any sequence of events -----------------------------------------------------------------------------------------------

PLANS, HOSTS = 4, 2
PEOPLE = [ANNE, BERT, Actor(team=TEAM, id=REQUESTER), Actor(team=TEAM, id="U0EVE")]
MAY = {"U0ANNE", "U0BERT"}
which = st.integers(0, PLANS - 1)


class Life(RuleBasedStateMachine):
    """Four plans on two hosts, four people, one process, and a model that knows what must come of each event."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
        self.states: dict[str, State] = {}
        self.frozen = False

    def do(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self.runner.run(work)

    @initialize()
    def begin(self) -> None:
        self.store = self.do(Store.open(str(self.folder / "postmedic.db"), lease_seconds=3600, caps=Caps(host=99, fleet=99)))
        self.executor = executor_over(self.store)
        self.plans = [plan(f"plan-{n}", host=f"mx{n % HOSTS}") for n in range(PLANS)]

    def _one(self, number: int) -> tuple[Plan, State | None]:
        one = self.plans[number]
        return one, self.states.get(one.id)

    @rule(number=which)
    def propose(self, number: int) -> None:
        one, _ = self._one(number)
        self.do(self.store.plans.propose(one, ""))
        self.states.setdefault(one.id, State.PROPOSED)

    @rule(number=which, who=st.sampled_from(PEOPLE), decision=st.sampled_from(sorted(Decision)))
    def decide(self, number: int, who: Actor, decision: Decision) -> None:
        one, state = self._one(number)
        if state is None:
            return
        answer = self.do(self.executor.review(one.id, review(one, who, decision), APPROVERS))
        may = who.id == "U0ANNE" if decision is Decision.BREAK_GLASS else who.id in MAY
        assert (answer.said is Said.REFUSED) is not may
        if may and state is State.PROPOSED:
            self.states[one.id] = DECISIONS[decision]

    @rule(number=which)
    def another_version_is_decided(self, number: int) -> None:
        one, state = self._one(number)
        if state is not None:
            other = replace(one, within=99)
            assert self.do(self.executor.review(one.id, review(other, ANNE), APPROVERS)).said is Said.OTHER_PLAN

    @rule(number=which)
    def claim(self, number: int) -> None:
        one, state = self._one(number)
        busy = any(self.states.get(p.id) in ON_HOST for p in self.plans if p.host == one.host)
        may = state is State.APPROVED and not busy and not self.frozen
        assert self.do(self.store.plans.claim(one.id, "me", one.created_at)) is may
        if may:
            self.states[one.id] = State.CHECKING

    @rule(number=which, way=st.integers(0, 3), owner=st.sampled_from(["me", "me", "other"]), sends=st.booleans())
    def move(self, number: int, way: int, owner: str, sends: bool) -> None:
        one, state = self._one(number)
        if state is None or state not in ARROWS:
            return
        ways = sorted(ARROWS[state])
        there = ways[way % len(ways)]
        index = len(self.do(self.store.plans.progress(one.id)).steps)
        begins = (index, one.steps[0]) if sends and there in (State.APPLYING, State.UNDOING) else None
        moving = self.store.plans.move(one.id, state, there, owner=owner, begins=begins)
        if begins is not None and self.frozen:
            with pytest.raises(Frozen):
                self.do(moving)
            return
        may = state is State.IN_DOUBT or (state in HELD and owner == "me")
        assert self.do(moving) is may
        if may:
            self.states[one.id] = there

    @rule(number=which)
    def begin_step(self, number: int) -> None:
        one, state = self._one(number)
        if state not in (State.APPLYING, State.UNDOING):
            return
        index = len(self.do(self.store.plans.progress(one.id)).steps)
        beginning = self.store.plans.begin_step(one.id, state, "me", index, one.steps[0])
        if self.frozen:
            with pytest.raises(Frozen):
                self.do(beginning)
        else:
            assert self.do(beginning)

    @rule(number=which, held=st.sampled_from(sorted(HELD)))
    def adopt_what_lives(self, number: int, held: State) -> None:
        one, state = self._one(number)
        if state is not None:
            assert self.do(self.store.plans.adopt(Orphan(plan_id=one.id, state=held), "other")) is None

    @precondition(lambda self: not self.frozen)
    @rule()
    def freeze(self) -> None:
        self.do(self.store.gate.freeze("U0DORA", "to look"))
        self.frozen = True

    @precondition(lambda self: self.frozen)
    @rule()
    def unfreeze(self) -> None:
        assert self.do(self.store.gate.unfreeze("local:root"))
        self.frozen = False

    @rule(over=st.booleans())
    def expire(self, over: bool) -> None:
        if over and len(self.states) < PLANS:
            return  # expiring early would end most lives at once
        at = max(one.expires_at for one in self.plans) if over else self.plans[0].created_at
        self.do(self.store.plans.expire(at))
        for id, state in self.states.items():
            if over and state in (State.PROPOSED, State.APPROVED):
                self.states[id] = State.EXPIRED

    @invariant()
    def the_store_says_the_same(self) -> None:
        for id, state in self.states.items():
            assert self.do(self.store.plans.state(id)) is state

    @invariant()
    def one_change_on_a_host(self) -> None:
        on = [one.host for one in self.plans if self.states.get(one.id) in ON_HOST]
        assert len(on) == len(set(on))

    def teardown(self) -> None:
        self.do(self._ended())
        self.runner.close()
        shutil.rmtree(self.folder)

    async def _ended(self) -> None:
        """The record of events tells the same as the rows."""
        record: dict[str, str] = {}
        async for one in self.store.events.read():
            if "to" in one.details:
                assert one.details.get("from", "") == record.get(one.subject, "")
                record[one.subject] = one.details["to"]
        assert record == {id: state.value for id, state in self.states.items()}
        assert await self.store.events.verify() is None
        await self.store.close()


class TestLife(Life.TestCase):  # type: ignore[name-defined,misc]
    settings = settings(
        max_examples=100, stateful_step_count=100, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
    )
