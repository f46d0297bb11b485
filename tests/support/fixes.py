"""Every fix of the knowledge as an approved plan on the recorded host that confirms its cause: nothing about it is made up.

The recorded host answers as it did; what a test changes on it, it changes by readings or by facts laid over them.
"""

from __future__ import annotations

import asyncio
import copy
import functools
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.connectors.base import Reader, StepState, Writer
from bot.connectors.replay import ReplayReader
from bot.engine import Engine
from bot.execution.enrolment import expected
from bot.execution.executor import Executor
from bot.inventory import Inventory
from bot.knowledge.cases import Case, cases
from bot.knowledge.library import load
from bot.model.diagnosis import Diagnosis
from bot.model.enrolment import Enrolment
from bot.model.execution import StepResult
from bot.model.fact import Facts
from bot.model.host import Host
from bot.model.match import Kind, Match
from bot.model.person import Register
from bot.model.plan import Plan, Step
from bot.model.probe import Reading
from bot.model.problem import Risk
from bot.model.progress import Progress
from bot.store.store import Store
from tests.support.keys import confirmed, register
from tests.support.plans import ANNE, APPROVERS, BERT, BOOTED, FINGERPRINT, REQUESTER, TEAM, host, means, review

LIBRARY = load()
KNOWN = Inventory({"mx1": host()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """A fix, the case in which it is offered, and its plan there."""

    plan: Plan
    case: Case

    @property
    def name(self) -> str:
        return f"{self.plan.problem}/{self.plan.fix}"


@dataclass(kw_only=True)
class Recorded:
    """A host that answers from readings; `over` lies over the facts, `sent` is what arrived, `exits` how each step ends."""

    readings: Mapping[str, Reading]
    over: dict[str, object] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    exits: dict[int, int] = field(default_factory=dict)

    def reader(self, host: Host) -> Reader:
        return ReplayReader(self.readings, host_key=FINGERPRINT)

    def writer(self, host: Host) -> Writer | None:
        return self

    def host_of(self, name: str) -> Host:
        return KNOWN.find(name)

    async def run(self, execution: str, index: int, step: Step) -> StepResult:
        self.sent.append(step.wire)
        return StepResult(exit=self.exits.get(index, 0))

    async def ask(self, execution: str, index: int) -> tuple[StepState, StepResult | None]:
        return StepState.UNSEEN, None

    async def enrolment(self) -> Enrolment:
        return expected()

    async def measure(self, plan: Plan) -> Diagnosis:
        """The real diagnosis over the readings, with `over` laid over its facts."""
        found = await engine(self).measure(plan)
        return replace(found, facts=Facts({**found.facts, **self.over}))


ENGINE = Engine(
    inventory=KNOWN, library=LIBRARY, connector=Recorded(readings={}), clock=time.time, plan_seconds=14_400
)  # plans are made when tests are collected


def engine(recorded: Recorded) -> Engine:
    """The same engine over another host: compiling all signatures again for each would take most of the time."""
    one = copy.copy(ENGINE)
    one._connector = recorded
    return one


def readings(case: Case) -> dict[str, Reading]:
    return {**case.readings, BOOTED.key: BOOTED}


@functools.cache
def mended() -> tuple[Mended, ...]:
    """Each fix once, on the first recorded host that is offered it."""
    found: dict[tuple[str, str], Mended] = {}
    for problem, folder in LIBRARY.folders.items():
        if LIBRARY[problem].fixes:
            for case in cases(folder):
                for plan in asyncio.run(_plans(problem, case)):
                    found.setdefault((problem, plan.fix), Mended(plan=plan, case=case))
    return tuple(found.values())


async def _plans(problem: str, case: Case) -> tuple[Plan, ...]:
    known = engine(Recorded(readings=readings(case)))
    recognised = known.recognise(case.paste).near if case.paste else ()
    match = next((one for one in recognised if one.problem == problem), None)
    reader = known.reader(KNOWN["mx1"])
    found = await known.diagnose(KNOWN["mx1"], match or Match(problem=problem, kind=Kind.EXACT, score=100.0), reader)
    return known.plans(found, KNOWN["mx1"], reader, REQUESTER)


def offered() -> Iterator[tuple[str, str]]:
    """All fixes there are, by problem and name."""
    return ((problem.id, fix) for problem in LIBRARY.values() for fix in problem.fixes)


@functools.cache
def keys() -> Path:
    """A folder with Anne's and Bert's keys, for what has high risk."""
    return Path(tempfile.mkdtemp(prefix="postmedic-keys."))


@functools.cache
def people() -> Register:
    """Anne and Bert, who can confirm outside Slack."""
    return register(keys(), anne=f"{TEAM}/{ANNE.id}", bert=f"{TEAM}/{BERT.id}")


async def carried(store: Store, recorded: Recorded, plan: Plan) -> Progress:
    """Propose, have two people approve, one of them outside Slack too where the risk is high, and carry out to the end."""
    high = plan.risk is Risk.HIGH
    executor = Executor(means(store, recorded, register=people()) if high else means(store, recorded))
    await executor.propose(plan)
    for person in (ANNE, BERT):
        await executor.review(plan.id, review(plan, person), APPROVERS)
    if high:
        await confirmed(store, plan.id, KNOWN["mx1"], people(), "anne", keys() / "anne")
    assert await executor.carry(plan.id)
    return await store.plans.progress(plan.id)
