"""kill -9 at every point of a fix: nothing runs twice, nothing is forgotten, and what is shown is true.

`POSTMEDIC_DRILLS=full` dies at every point and at many pairs of points; otherwise at every fourth one and some pairs.
"""

from __future__ import annotations

import multiprocessing
import os
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.model.execution import State
from bot.store.store import Store
from tests.drills.life import ENDS, LEASE_SECONDS, live
from tests.drills.machine import lines

FULL = os.environ.get("POSTMEDIC_DRILLS") == "full"
NEVER = 0
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.drills.life"])


def a_life(folder: Path, die_at: int) -> bool:
    """Start a process and wait for its end; whether it died at its point, known from what it left behind.

    Exit codes are not asked for: threads that start and join processes at the same time take them from each other.
    """
    (folder / "points").unlink(missing_ok=True)
    process = PROCESSES.Process(target=live, args=(str(folder), die_at))
    process.start()
    process.join(60)
    assert not process.is_alive(), "a life did not end"
    assert not lines(folder / "error"), (folder / "error").read_text()
    return not (folder / "points").exists()


async def judged(folder: Path) -> State:
    """Check everything that must be true after the last life, and give the plan's state."""
    arrivals = Counter(lines(folder / "arrivals"))
    assert max(arrivals.values(), default=0) <= 1, f"a step was sent twice: {arrivals}"
    store = await Store.open(str(folder / "postmedic.db"), lease_seconds=LEASE_SECONDS)
    progress = await store.plans.progress("drill")
    effects = [line.split()[2] for line in lines(folder / "effects")]
    loopback = (folder / "loopback").read_text() if (folder / "loopback").exists() else "down"
    assert progress.state in ENDS
    match progress.state:
        case State.SUCCEEDED:
            assert (effects, loopback) == (["up", "start"], "up")
        case State.UNDONE:
            assert (effects, loopback) == (["start", "reload", "down", "restore"], "down")
        case State.IN_DOUBT:
            assert progress.measurements[-1].checks, "doubt is shown with fresh facts"
        case other:
            raise AssertionError(f"nothing in a drill leads to {other}")
    shown = [line for line in lines(folder / "slack") if line.startswith(("post ", "edit "))]
    assert [line.split()[0] for line in shown] == ["post"] + ["edit"] * (len(shown) - 1)
    assert shown[-1].split()[1] == progress.state
    assert await store.inbox.abandoned() == ()
    assert await store.events.verify() is None
    await store.close()
    return progress.state


def scene(folder: Path, helps: bool) -> Path:
    folder.mkdir()
    if helps:
        (folder / "helps").touch()
    return folder


def drill(job: tuple[Path, bool, tuple[int, ...]]) -> Path:
    folder, helps, deaths = job
    scene(folder, helps)
    for die_at in deaths:
        a_life(folder, die_at)
    assert not a_life(folder, NEVER), "the last life was not finished"
    return folder


@pytest.mark.parametrize("helps", [True, False], ids=["succeeds", "is taken back"])
async def test_no_death_makes_a_step_run_twice_or_a_plan_forgotten(tmp_path: Path, helps: bool) -> None:
    undisturbed = scene(tmp_path / "undisturbed", helps)
    assert not a_life(undisturbed, NEVER)
    assert await judged(undisturbed) is (State.SUCCEEDED if helps else State.UNDONE)
    points = int((undisturbed / "points").read_text())
    draw = random.Random(points)
    single = [(n,) for n in range(1, points + 1, 1 if FULL else 4)]
    pairs = [(draw.randint(1, points), draw.randint(1, points // 2)) for _ in range(400 if FULL else 6)]
    jobs = [(tmp_path / "-".join(map(str, deaths)), helps, deaths) for deaths in dict.fromkeys([*single, *pairs])]
    with ThreadPoolExecutor(4) as pool:
        folders = list(pool.map(drill, jobs))
    states = Counter([await judged(folder) for folder in folders])
    assert states[State.IN_DOUBT] > 0, "some point must lie between the sending of a step and its record"
    assert states[State.SUCCEEDED if helps else State.UNDONE] > states[State.IN_DOUBT] / 4
