"""How is an entry proven? Break a real host, take its own log lines, recognise, diagnose, approve, heal, and see mail flow."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bot import inventory
from bot.connectors.ssh import SshConnector
from bot.engine import Engine
from bot.execution.executor import Executor
from bot.execution.means import Means, Pace
from bot.knowledge import library
from bot.model.diagnosis import Diagnosis
from bot.model.execution import FINAL, State
from bot.model.match import Kind, Match, Recognition
from bot.model.problem import LabCase, Problem
from bot.model.progress import Progress
from bot.model.review import Actor, Decision, Review
from bot.render.redact import redact
from bot.store.store import Store
from tests.lab import Host, Lab
from tests.lab.enrolled import TEAM, write_inventory
from tests.support.keys import confirmed

ANA = "U0ANA"
BEN, CHEN = Actor(team=TEAM, id="U0BEN", name="Ben"), Actor(team=TEAM, id="U0CHEN", name="Chen")
HOSTS = ("mx12", "mx13")
PACE = Pace(poll=0.3)
MOST_LINES = 8  # of a log in a short paste; the rest repeats them


def known() -> library.Library:
    """The built-in entries, and those of one's own that POSTMEDIC_KNOWLEDGE_PATHS names."""
    own = os.environ.get("POSTMEDIC_KNOWLEDGE_PATHS", "").split(",")
    return library.load((library.BUILT_IN, *(Path(one) for one in own if one)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """The whole engine over the lab's hosts, with a store of its own."""

    engine: Engine
    executor: Executor
    store: Store
    connector: SshConnector
    keys: Path  # the folder of the approvers' private keys


@asynccontextmanager
async def bench(lab: Lab, folder: Path, *, pace: Pace = PACE) -> AsyncIterator[Bench]:
    """Wire the real parts: inventory, SSH, knowledge, store and executor."""
    hosts = inventory.load(write_inventory(lab, folder / "inventory.toml"))
    connector = SshConnector()
    store = await Store.open(str(folder / "postmedic.db"))
    engine = Engine(inventory=hosts, library=known(), connector=connector, clock=time.time, plan_seconds=1800)

    async def same(actor: Actor) -> Actor:
        return actor

    means = Means(
        store=store, connector=connector, host_of=hosts.find, measure=engine.measure, actor_now=same,
        redact=lambda text: redact(text)[0], clock=time.time, team=TEAM, owner=f"lab-{time.time_ns()}", pace=pace,
        register=hosts.register,
    )  # fmt: skip
    try:
        yield Bench(engine=engine, executor=Executor(means), store=store, connector=connector, keys=folder)
    finally:
        connector.close()
        await store.close()


async def broken(host: Host, case: LabCase) -> str:
    """Break the host as the case says and give what a person would paste: its own log lines, or the case's words."""
    for command in case.breaks:
        await asyncio.to_thread(host.run, command, timeout=90, check=True)
    mark = await asyncio.to_thread(host.mark)
    said = []
    for command in case.trigger:
        result = await asyncio.to_thread(host.run, command, timeout=90)
        said += [*result.out.splitlines(), *result.err.splitlines()]
    logged = await asyncio.to_thread(host.logs, mark)
    return case.paste or "\n".join([*said, *logged])


def telling(recognise: Callable[[str], Recognition], problem: Problem, paste: str) -> str:
    """The lines somebody would paste: those that show the problem, each with the one before it, without repeats."""
    found = next((one for one in recognise(paste).near if one.problem == problem.id), None)
    numbers = {line.number + offset for line in (found.lines if found else ()) for offset in (-1, 0)}
    kept = [text for number, text in enumerate(paste.splitlines(), 1) if not numbers or number in numbers]
    said: dict[str, str] = {}
    for text in kept:
        said.setdefault(text.partition("]: ")[2] or text, text)
    return "\n".join(list(said.values())[:MOST_LINES])


async def diagnosed(on: Bench, host: Host, problem: Problem, paste: str) -> tuple[Match | None, Diagnosis]:
    """Recognise the paste and run the problem's diagnosis on the host; the match is None when it was not recognised."""
    found = on.engine.recognise(paste)
    match = next((one for one in found.near if one.problem == problem.id), None)
    used = match or Match(problem=problem.id, kind=Kind.PHRASE, score=0.0)
    known = on.engine.inventory.find(host.name)
    return match, await on.engine.diagnose(known, used, on.engine.reader(known))


async def approved(on: Bench, host: Host, diagnosis: Diagnosis, cause: str) -> str:
    """Plan the cause's fix on fresh facts and let other people approve it; gives the plan's id."""
    known = on.engine.inventory.find(host.name)
    reader = on.engine.reader(known)
    assert diagnosis.match is not None
    fresh = await on.engine.diagnose(known, diagnosis.match, reader)
    only = replace(fresh, verdicts=tuple(one for one in fresh.verdicts if one.cause.id == cause))
    plans = on.engine.plans(only, known, reader, ANA)
    assert plans, f"no plan could be made for {cause}"
    plan = plans[0]
    await on.executor.propose(plan)
    for actor in (BEN, CHEN)[: 2 if plan.risk == "high" else 1]:
        review = Review(plan_digest=plan.digest, actor=actor, decision=Decision.APPROVE, at=time.time())
        await on.executor.review(plan.id, review, known.approvers)
    if plan.risk == "high":
        await confirmed(on.store, plan.id, known, on.engine.inventory.register, "ben", on.keys / "ben")
    return plan.id


async def healed(on: Bench, host: Host, diagnosis: Diagnosis, cause: str) -> Progress:
    """Carry the cause's approved fix out to its end."""
    plan_id = await approved(on, host, diagnosis, cause)
    await on.executor.carry(plan_id)
    progress = await on.store.plans.progress(plan_id)
    assert progress.state in FINAL or progress.state is State.IN_DOUBT
    return progress


async def checked(host: Host, case: LabCase, seconds: float = 75.0) -> str:
    """Give the first check that does not come true in time, or the empty string: mail needs a moment."""
    deadline = time.monotonic() + seconds
    for command in case.check:
        while (result := await asyncio.to_thread(host.run, command, timeout=60)).rc:
            if time.monotonic() > deadline:
                return f"{command}: exit {result.rc}: {result.out[-400:]}{result.err[-400:]}"
            await asyncio.sleep(1)
    return ""


def made_new(lab: Lab, name: str) -> None:
    """Make a host new again; of the relay a case changes nothing, but mail that waits there could reach a later one."""
    lab["relay"].run("postsuper -d ALL", check=True)
    lab.reset(name)
