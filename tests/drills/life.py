"""One life of the bot's process: takes in what Slack redelivers, proposes, reviews, carries out, shows; until it is killed.

Before and after every transaction, inside it before its commit, and around everything the host does, lies a numbered point.
The life is told at which of them it dies by its own SIGKILL; the parts themselves know nothing of it. Several lives, one after
the other or at once, share a folder and a database.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
import traceback
from collections.abc import AsyncIterator
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.execution.executor import Executor
from bot.execution.means import Pace
from bot.model.execution import FINAL, State, StepResult
from bot.model.plan import Plan, Step
from bot.store.conversations import Conversation
from bot.store.inbox import Received
from bot.store.leases import holding
from bot.store.store import Store
from tests.drills.machine import FileMachine, append, lines
from tests.support.plans import APPROVERS, means, plan, review, step

LEASE_SECONDS = 0.6
ENDS = FINAL | {State.IN_DOUBT}


class Points:
    """Counts the points that are passed and kills the process at one of them."""

    def __init__(self, die_at: int) -> None:
        self.passed = 0
        self._die_at = die_at

    def __call__(self) -> None:
        self.passed += 1
        if self.passed == self._die_at:
            os.kill(os.getpid(), signal.SIGKILL)


def the_plan(folder: Path) -> Plan:
    """The same plan in every life, as an id derived from the inbox key gives it."""
    helps = (folder / "helps").exists()
    steps = (step("up"), step("start")) if helps else (step("start"), step("reload"))
    return plan("drill", steps=steps, undo=(step("down"), step("restore")), created_at=1.0, expires_at=4e9)


def live(where: str, name: str, die_at: int) -> None:
    """Live until everything is finished, or until point number `die_at`; leaves `points-NAME`, their number, or `error`."""
    try:
        asyncio.run(asyncio.wait_for(_live(Path(where), name, Points(die_at)), 60))
    except BaseException:
        append(Path(where) / "error", traceback.format_exc())
        raise


def the_database(folder: Path) -> str:
    """The database of a drill: named in the file `database`, or a file beside it."""
    named = folder / "database"
    return named.read_text() if named.exists() else str(folder / "postmedic.db")


class WatchedMachine(FileMachine):
    """The host of a drill; a step that arrives before its row says that it may be there leaves an `error`."""

    def __init__(self, folder: Path, point: Points, store: Store) -> None:
        super().__init__(folder, point)
        self._store = store

    async def run(self, execution: str, index: int, step: Step) -> StepResult:
        if index not in {one.index for one in (await self._store.plans.progress(execution)).steps}:
            append(self._folder / "error", f"step {index} was sent before its row was written")
        return await super().run(execution, index, step)


async def _live(folder: Path, name: str, point: Points) -> None:
    owner = f"life-{os.getpid()}-{time.time_ns()}"
    store = await Store.open(the_database(folder), lease_seconds=LEASE_SECONDS)
    _put_points_around_transactions(store, point)
    machine = WatchedMachine(folder, point, store)
    pace = Pace(poll=0.05, step=5, journal=0.05, measure=5)
    executor = Executor(means(store, machine, owner=owner, pace=pace))
    serving = asyncio.create_task(executor.run())
    while not await _finished(store):
        await _hear(folder, store)
        for received in await store.inbox.take(owner, limit=1):
            async with holding(store.inbox.renew, received.key, owner=owner, lease_seconds=LEASE_SECONDS):
                await _handle(folder, store, executor, received)
            await store.inbox.done(received.key, owner)
        await _send(folder, store, owner, point)
        await asyncio.sleep(0.03)
    executor.stop()
    await serving
    (folder / f"points-{name}").write_text(str(point.passed))
    await store.close()


async def _hear(folder: Path, store: Store) -> None:
    """Take in what people do; Slack delivers it until it is acknowledged, and nobody clicks what is not shown."""
    slack = lines(folder / "slack")
    done = ["paste", "click"] if "post proposed" in slack else ["paste"]
    for key in done:
        if f"acknowledged {key}" not in slack:
            await store.inbox.accept(key, key, {})
            append(folder / "slack", f"acknowledged {key}")


async def _handle(folder: Path, store: Store, executor: Executor, received: Received) -> None:
    one = the_plan(folder)
    if received.kind == "paste":
        talk = Conversation(id="talk", channel="C1", thread="1.0", requester=one.requester, lang="en")
        await store.conversations.open(talk)
        await executor.propose(one, "talk")
    else:
        await executor.review(one.id, review(one), APPROVERS)


async def _send(folder: Path, store: Store, owner: str, point: Points) -> None:
    """Show what must be shown; a message that an earlier life may have posted is looked for first."""
    for outgoing in await store.outbox.take(owner):
        state = await store.plans.state(outgoing.show.subject)
        posted = [line for line in lines(folder / "slack") if line.startswith("post ")]
        ts = outgoing.ts or ("1.1" if outgoing.attempts > 1 and posted else "")
        if not await store.outbox.renew(outgoing):
            continue
        point()
        append(folder / "slack", f"{'edit' if ts else 'post'} {state}")
        point()
        await store.outbox.sent(outgoing, ts or "1.1")


async def _finished(store: Store) -> bool:
    with contextlib.suppress(LookupError):
        async with store._database.reading() as connection:
            inbox = (await connection.exec_driver_sql("SELECT count(*) FROM inbox WHERE state = 'waiting'")).scalar_one()
            states = (await connection.exec_driver_sql("SELECT state FROM plans")).scalars().all()
        return not inbox and bool(states) and all(state in ENDS for state in states) and not await store.outbox.waiting()
    return False


def _put_points_around_transactions(store: Store, point: Points) -> None:
    whole = store._database.writing

    @contextlib.asynccontextmanager
    async def writing(**how: bool) -> AsyncIterator[AsyncConnection]:
        point()
        async with whole(**how) as connection:
            yield connection
            point()
        point()

    store._database.writing = writing  # type: ignore[method-assign]
