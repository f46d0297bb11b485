"""Two replicas under random kill -9: no step runs twice, no two plans are on one host at once, every plan ends."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import random
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from bot.execution.executor import Executor
from bot.execution.means import Pace
from bot.model.execution import FINAL, State
from bot.model.gate import Caps
from bot.store.store import Store
from tests.drills.machine import lines
from tests.soak.hostside import HostSide, Remote
from tests.support.plans import ANNE, APPROVERS, means, plan, review, step

REPLICAS = 2
HOSTS = 5
LEASE_SECONDS = 1.0
CAPS = Caps(host=1_000_000, fleet=1_000_000)  # plans that wait for the cap of an hour would not end within the run
PACE = Pace(poll=0.1, step=10, journal=2, measure=10)
PROCESSES = multiprocessing.get_context("forkserver")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run has seen."""

    seconds: float
    kills: int
    states: Counter[State]
    twice: int  # steps that arrived at their host a second time
    overlaps: int  # plans that began on a host while another one was on it
    open: int  # plans that came to no end
    broken: int | None  # the first event that does not fit the audit chain

    def __str__(self) -> str:
        ends = ", ".join(f"{count} {state}" for state, count in sorted(self.states.items()))
        return (
            f"{self.seconds:.0f} s, {self.kills} kills, {sum(self.states.values())} fixes ({ends}), {self.twice} twice, "
            f"{self.overlaps} overlaps, {self.open} without an end, audit chain {'whole' if self.broken is None else 'BROKEN'}"
        )

    @property
    def good(self) -> bool:
        return not (self.twice or self.overlaps or self.open) and self.broken is None and set(self.states) <= FINAL


def replica(database: str, folder: str) -> None:
    """Carry plans out until killed."""

    async def serve() -> None:
        store = await Store.open(database, lease_seconds=LEASE_SECONDS, caps=CAPS)
        remote = Remote(Path(folder))
        await Executor(means(store, remote, owner=f"replica-{os.getpid()}-{time.time_ns()}", pace=PACE)).run()

    asyncio.run(serve())


async def chaos(database: str, folder: Path, seconds: float) -> Outcome:
    """Kill and replace replicas at random for so long, then let everything come to its end, and look."""
    store = await Store.open(database, lease_seconds=LEASE_SECONDS, caps=CAPS)
    desk = Executor(means(store, Remote(folder), owner="desk", pace=PACE))
    running = [_started(database, folder) for _ in range(REPLICAS)]
    kills, ids, ends, next_kill = 0, list[str](), time.monotonic() + seconds, time.monotonic() + 1
    async with HostSide(folder):
        try:
            while time.monotonic() < ends:
                ids.append(await _asked(desk, len(ids)))
                await _resolve(desk, store)
                if time.monotonic() > next_kill:
                    victim = random.randrange(REPLICAS)
                    running[victim].kill()
                    running[victim] = _started(database, folder)
                    kills, next_kill = kills + 1, time.monotonic() + random.uniform(0.3, 4)
                await asyncio.sleep(0.25)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(120):
                    while len(await store.plans.listed(FINAL)) < len(ids):
                        await _resolve(desk, store)
                        await asyncio.sleep(0.2)
        finally:
            for process in running:
                process.kill()
        states = Counter([await store.plans.state(one) for one in ids])
        broken = await store.events.verify()
        await store.close()
    log = [line.split() for line in lines(folder / "log")]
    return Outcome(
        seconds=seconds,
        kills=kills,
        states=states,
        twice=sum(verb == "again" for verb, *_ in log),
        overlaps=_overlaps(log),
        open=sum(state not in FINAL for state in states.elements()),
        broken=broken,
    )


def _started(database: str, folder: Path) -> multiprocessing.process.BaseProcess:
    process = PROCESSES.Process(target=replica, args=(database, str(folder)), daemon=True)
    process.start()
    return process


async def _asked(desk: Executor, number: int) -> str:
    one = plan(f"plan-{number}", host=f"mx{number % HOSTS}", steps=(step("up"), step("start")), expires_at=4e9)
    await desk.propose(one)
    await desk.review(one.id, review(one), APPROVERS)
    return one.id


async def _resolve(desk: Executor, store: Store) -> None:
    """A person says how doubts ended: only those that have stood long enough for every step to be over."""
    for one in await store.plans.listed([State.IN_DOUBT]):
        if time.time() - (await store.plans.progress(one)).changed_at > 1:
            await desk.look_again(one)
            await desk.resolve(one, ANNE, APPROVERS, succeeded=False)


def _overlaps(log: list[list[str]]) -> int:
    on: dict[str, str] = {}
    found = 0
    for verb, execution, _, name in log:
        if verb == "begin":
            found += on.get(name, execution) != execution
            on[name] = execution
        elif verb == "end" and on.get(name) == execution:
            del on[name]
    return found
