"""A thousand approvals at the same moment, in front of four processes on one database, start exactly one execution."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

from bot.execution.answers import Said
from bot.execution.executor import Executor
from bot.model.execution import State
from bot.model.plan import Plan
from bot.model.review import Confirmation, Review, Standing
from bot.store.store import Store
from tests.drills.life import the_database
from tests.drills.machine import FileMachine, append, lines
from tests.support.plans import APPROVERS, BERT, means, plan, review, step

PROCESSES = 4
CLICKS = 1000


def crowd(where: str, number: int) -> None:
    """One process: it sits before the database with its share of the clicks, and serves until the plan has ended."""
    asyncio.run(_crowd(Path(where), number))


async def _crowd(folder: Path, number: int) -> None:
    store = await Store.open(the_database(folder))
    executor = Executor(means(store, FileMachine(folder, lambda: None), owner=f"process-{os.getpid()}"))
    one = the_plan()
    append(folder / "ready", str(number))
    while len(lines(folder / "ready")) < PROCESSES:
        await asyncio.sleep(0.01)
    serving = asyncio.create_task(executor.run())
    people = [replace(BERT, id=f"U{number}-{n}") for n in range(CLICKS // PROCESSES)]
    answers = await asyncio.gather(*(executor.review(one.id, review(one, who), APPROVERS) for who in people))
    for answer in answers:
        append(folder / "answers", answer.said)
    while await store.plans.state(one.id) is not State.SUCCEEDED:
        await asyncio.sleep(0.05)
    executor.stop()
    await serving
    await store.close()


def the_plan() -> Plan:
    return plan("drill", steps=(step("up"), step("start")), created_at=1.0, expires_at=4e9)


async def test_a_thousand_clicks_before_four_processes_make_one_execution(tmp_path: Path, database: str) -> None:
    (tmp_path / "database").write_text(database)
    store = await Store.open(database)
    await store.plans.propose(the_plan(), "")
    context = multiprocessing.get_context("forkserver")
    running = [context.Process(target=crowd, args=(str(tmp_path), number)) for number in range(PROCESSES)]
    for process in running:
        process.start()
    for process in running:
        await asyncio.to_thread(process.join, 120)
        assert process.exitcode == 0
    assert Counter(lines(tmp_path / "answers")) == {Said.APPROVED: 1, Said.DECIDED: CLICKS - 1}
    assert lines(tmp_path / "effects") == ["drill 0 up", "drill 1 start"]
    assert len((await store.plans.progress("drill")).reviews) == 1
    await store.close()


async def test_decisions_that_overlap_are_counted_once(database: str) -> None:
    """Above, most clicks find the plan decided; here nobody looks before, and each store has connections of its own."""
    stores = [await Store.open(database) for _ in range(PROCESSES)]
    one = the_plan()
    await stores[0].plans.propose(one, "")

    def judge(reviews: tuple[Review, ...], confirmations: tuple[Confirmation, ...]) -> Standing:
        return Standing.APPROVED

    people = [replace(BERT, id=f"U{number}") for number in range(40)]
    decided = (stores[n % PROCESSES].plans.decide(review(one, who), one.id, judge) for n, who in enumerate(people))
    assert Counter(await asyncio.gather(*decided)) == {True: 1, False: len(people) - 1}
    assert len((await stores[0].plans.progress(one.id)).reviews) == 1
    for store in stores:
        await store.close()
