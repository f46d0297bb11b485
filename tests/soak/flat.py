"""A bot in a process of its own handles pastes, clicks and checks; its memory, open files and tasks are noted."""

from __future__ import annotations

import asyncio
import gc
import itertools
import json
import multiprocessing
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.sandbox.slack.seed import MAIL_OPS
from tests.drills.machine import append, lines
from tests.e2e.test_story_fix import is_card
from tests.soak.chaos import CAPS
from tests.support.house import LOG_LINE, Door, Fleet, bot_at, workspace
from tests.support.slack_person import Person

HOSTS = ("host01", "host02")
SAMPLE_SECONDS = 1.0
CROWD = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One look at the process: `rss` in KiB."""

    at: float
    rss: int
    files: int
    tasks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Flatness:
    """What a run has seen after its first third, in which caches fill."""

    events: int
    seconds: float
    samples: tuple[Sample, ...]

    @property
    def slope(self) -> float:
        """MiB an hour by which the memory grew, by least squares."""
        mean_at = sum(one.at for one in self.samples) / len(self.samples)
        mean_rss = sum(one.rss for one in self.samples) / len(self.samples)
        spread = sum((one.at - mean_at) ** 2 for one in self.samples)
        return sum((one.at - mean_at) * (one.rss - mean_rss) for one in self.samples) / spread / 1024 * 3600

    def grown(self, what: str) -> int:
        """By how much the highest of the last third is above the highest of the third before."""
        half = len(self.samples) // 2
        early, late = (max(getattr(one, what) for one in part) for part in (self.samples[:half], self.samples[half:]))
        return int(late - early)

    def __str__(self) -> str:
        last = self.samples[-1]
        return (
            f"{self.seconds:.0f} s, {self.events} events, {last.rss / 1024:.1f} MiB at the end, slope {self.slope:+.2f} MiB/h "
            f"({self.grown('rss') / 1024:+.2f} MiB between the halves), {last.files} files ({self.grown('files'):+d}), "
            f"{last.tasks} tasks ({self.grown('tasks'):+d})"
        )


def bot(door: Door, folder: str) -> None:
    """Serve the workspace until killed, and note how much this process holds."""

    async def serve() -> None:
        fleet = Fleet()
        async with bot_at(door, Path(folder), fleet, caps=CAPS):
            for number in itertools.count():
                await asyncio.sleep(SAMPLE_SECONDS)
                # What the played hosts remember is the test's own.
                fleet.ran.clear()
                fleet.measured.clear()
                fleet.asked.clear()
                if number % 3 == 0:
                    fleet.down.update(HOSTS)
                    gc.collect()
                append(Path(folder) / "samples", json.dumps(_sample()))

    asyncio.run(serve())


def _sample() -> dict[str, float]:
    with open("/proc/self/status") as status:
        rss = next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))
    return {"at": time.monotonic(), "rss": rss, "files": len(os.listdir("/proc/self/fd")), "tasks": len(asyncio.all_tasks())}


async def soak(folder: Path, seconds: float, pause: float, asked: int = 0) -> Flatness:
    """Let people paste, click and ask for `seconds`, with `pause` seconds between two things they do.

    Between these they talk, as often as it takes for `asked` events in all: answers would be held back to one a second.
    """
    folder.mkdir(exist_ok=True)
    async with workspace() as running:
        door = Door(bot_token=running.bot_token, app_token=running.app_token, api_url=running.api_url, url=running.url)
        process = multiprocessing.get_context("spawn").Process(target=bot, args=(door, str(folder)), daemon=True)
        process.start()
        try:
            async with asyncio.timeout(60):
                while not running.workspace.sockets.count:
                    await asyncio.sleep(0.1)
            # A crowd first: each connection to the database that is opened later would look like growth.
            await asyncio.gather(*(Person(running, "U0ANA").command("/postfix history host01") for _ in range(CROWD)))
            events, begin = 0, time.monotonic()
            while (passed := time.monotonic() - begin) < seconds:
                events += await _round(running, events)
                while events < asked * passed / seconds:
                    await Person(running, "U0ANA").says(MAIL_OPS, f"just talk {events}")
                    events += 1
                await asyncio.sleep(pause)
            assert process.is_alive()
        finally:
            process.kill()
            await asyncio.to_thread(process.join)
    samples = [Sample(**json.loads(line)) for line in lines(folder / "samples")]
    return Flatness(events=events, seconds=seconds, samples=tuple(samples[len(samples) // 3 :]))


async def _round(running: Any, number: int) -> int:
    """One thing people do; gives how many events it was."""
    ana, ben = Person(running, "U0ANA"), Person(running, "U0BEN")
    if number % 5 == 4:
        await ana.command(f"/postfix check {HOSTS[number % 2]}")
        return 1
    ts = await ana.says(MAIL_OPS, f"{LOG_LINE.replace('host01', HOSTS[number % 2])} {number}")
    try:
        card = await ana.waits_for(is_card, thread=ts, timeout=5)
    except TimeoutError:  # the host was healed a moment ago
        return 1
    await ben.clicks(card, "approve")
    return 2
