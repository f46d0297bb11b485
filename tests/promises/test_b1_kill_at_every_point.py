"""B1: kill -9 at every numbered point, and of two processes at random pairs of points: nothing runs twice, nothing is lost.

The bot's processes die around everything they do, at a sample of the points; `POSTMEDIC_DRILLS=full` dies at every one and at
hundreds of pairs, on each database. The host's program for fixes dies, with all it started, at every call that changes a file.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import platform
import random
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.model.execution import State
from bot.model.progress import Stage
from bot.store.store import Store
from tests.drills.life import ENDS, LEASE_SECONDS, live, the_database
from tests.drills.machine import lines
from tests.support.host_program import prepared, said
from tests.support.postgresql import new_database

FULL = os.environ.get("POSTMEDIC_DRILLS") == "full"
NEVER = 0
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.drills.life"])


def lives(folder: Path, *deaths: int) -> list[bool]:
    """Let processes live at once and wait for their ends; which of them died at its point, known from what they left behind.

    Exit codes are not asked for: threads that start and join processes at the same time take them from each other.
    """
    left = [folder / f"points-{number}" for number, _ in enumerate(deaths)]
    started = []
    for number, die_at in enumerate(deaths):
        left[number].unlink(missing_ok=True)
        started.append(PROCESSES.Process(target=live, args=(str(folder), str(number), die_at)))
        started[-1].start()
    for process in started:
        process.join(90)
        assert not process.is_alive(), "a life did not end"
    assert not lines(folder / "error"), (folder / "error").read_text()
    return [not one.exists() for one in left]


async def judged(folder: Path) -> State:
    """Check everything that must be true after the last life, and give the plan's state."""
    arrivals = Counter(lines(folder / "arrivals"))
    assert max(arrivals.values(), default=0) <= 1, f"a step was sent twice: {arrivals}"
    store = await Store.open(the_database(folder), lease_seconds=LEASE_SECONDS)
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
            fresh = progress.measured(Stage.DOUBT)
            assert fresh is not None, "doubt is shown with fresh facts"
            assert fresh.checks
        case other:
            raise AssertionError(f"nothing in a drill leads to {other}")
    shown = [line for line in lines(folder / "slack") if line.startswith(("post ", "edit "))]
    assert [line.split()[0] for line in shown] == ["post"] + ["edit"] * (len(shown) - 1)
    assert shown[-1].split()[1] == progress.state
    assert await store.inbox.abandoned() == ()
    assert await store.events.verify() is None
    await store.close()
    return progress.state


def scene(folder: Path, helps: bool, server: str) -> Path:
    folder.mkdir()
    if helps:
        (folder / "helps").touch()
    if server:
        (folder / "database").write_text(new_database(server))
    return folder


def drill(folder: Path, deaths: Sequence[tuple[int, ...]]) -> int:
    """One life after the other, or two at once, each until its death; at last two that live to the end. Gives the deaths."""
    died = sum(sum(lives(folder, *together)) for together in deaths)
    assert lives(folder, NEVER, NEVER) == [False, False], "the last lives were not finished"
    return died


@pytest.mark.parametrize("helps", [True, False], ids=["succeeds", "is taken back"])
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_no_death_makes_a_step_run_twice_or_a_plan_forgotten(
    tmp_path: Path, kind: str, helps: bool, request: pytest.FixtureRequest
) -> None:
    server = request.getfixturevalue("postgresql") if kind == "postgresql" else ""
    undisturbed = scene(tmp_path / "undisturbed", helps, server)
    assert lives(undisturbed, NEVER) == [False]
    assert await judged(undisturbed) is (State.SUCCEEDED if helps else State.UNDONE)
    points = int((undisturbed / "points-0").read_text())
    draw = random.Random(points)
    alone = [[(point,)] for point in range(1 if FULL else draw.randint(1, 16), points + 1, 1 if FULL else 16)]
    pairs = [[(draw.randint(1, points), draw.randint(1, points // 2))] for _ in range(200 - len(alone) if FULL else 2)]
    twice = [[(draw.randint(1, points),), (draw.randint(1, points // 2),)] for _ in range(40 if FULL else 1)]
    drills = [(scene(tmp_path / str(number), helps, server), deaths) for number, deaths in enumerate(alone + pairs + twice)]
    with ThreadPoolExecutor(3) as pool:
        died = list(pool.map(lambda one: drill(*one), drills))
    states = Counter([await judged(folder) for folder, _ in drills])
    print(f"\n{kind}: {len(drills)} drills, {sum(died)} kills, {dict(states)}")
    # How often a life polls varies with the machine, so the last points of the undisturbed one may not be reached by another.
    assert sum(died[: len(alone)]) >= 0.5 * len(alone)
    assert set(states) <= {State.IN_DOUBT, State.SUCCEEDED if helps else State.UNDONE}
    assert states[State.SUCCEEDED if helps else State.UNDONE] > states[State.IN_DOUBT] / 4


# --- the host's side ----------------------------------------------------------------------------------------------------

KNOWN = (["ended 3 replayed 9 0", "finished"], ["interrupted"])


def dead_host(folder: Path, *deaths: int) -> str:
    """Let the host's program die at each of the points in turn, then send the step twice more; gives how it is known to end."""
    prepared(folder)
    for die_at in deaths:
        said(folder, die_at)
    said(folder)
    known = said(folder).splitlines()
    ran = lines(folder / "effects")
    assert known in KNOWN, f"killed at {deaths}, the host says {known}"
    assert ran in (["ran"], []) if known == KNOWN[1] else ran == ["ran"], f"killed at {deaths}, it ran {len(ran)} times"
    assert said(folder, verb="ask").splitlines() == known
    return known[0].split()[0]


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the numbers of system calls are those of x86_64")
def test_no_death_of_the_hosts_side_makes_a_step_run_twice(folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("the dispatcher for fixes runs as root")
    *answer, points = said(prepared(folder / "undisturbed"), 0).splitlines()
    assert answer == ["ended 3 fresh 9 0", "finished"]
    draw = random.Random(int(points))
    deaths: list[tuple[int, ...]] = [(point,) for point in range(1, int(points) + 1)]
    deaths += draw.sample([*itertools.product(range(1, int(points) + 1), range(1, 13))], 100 if FULL else 5)
    with ThreadPoolExecutor(3) as pool:
        ends = Counter(pool.map(lambda one: dead_host(folder / "-".join(map(str, one)), *one), deaths))
    print(f"\nhost: {points} points, {dict(ends)}")
    assert set(ends) == {"ended", "interrupted"}
