"""G5: memory, open files and tasks of a serving bot stay flat; here for half a minute, `make soak WHAT=flat` for a day.

What grows too slowly for that is counted instead: what is left alive when the bot has nothing to do.
"""

from __future__ import annotations

import asyncio
import gc
import os
from collections import Counter
from pathlib import Path

import pytest

import handlers.actor
import handlers.outbox
import handlers.pace
from bot.cli.demo import _inventory
from bot.connectors.base import StepState
from bot.connectors.ssh import SshConnector
from bot.facts.boot import BOOT_ID
from bot.inventory import load
from bot.matching import spelling
from bot.matching.spelling import Spelling
from bot.model.probe import Request
from bot.sandbox.hosts import SampleHost, SampleHosts, load_scenes
from bot.sandbox.slack.identity import Identity
from bot.sandbox.slack.seed import MAIL_OPS
from handlers.outbox import Sender
from handlers.pace import Pace
from tests.e2e.test_story_fix import is_card, shows
from tests.soak.chaos import CAPS
from tests.soak.flat import Flatness, Sample, soak
from tests.support.house import LOG_LINE, House, at_home

ROUNDS = 4
LOOKS = 10
OURS = ("bot.", "handlers.")
OTHERS = ("Task", "Lock", "coroutine", "async_generator", "AsyncConnection", "ClientSession", "SSHClientConnection")
"""Of which one is made for a piece of work, and none may stay."""
KEEPERS = ((Sender, "_shown"), (Sender, "_unposted"))


async def test_pastes_clicks_and_checks_leave_nothing_behind(tmp_path: Path) -> None:
    seen = await soak(tmp_path, seconds=30, pause=0.05)
    assert seen.events >= 10, seen
    assert seen.grown("files") <= 3, seen
    assert seen.grown("tasks") <= 20, seen  # work that is under way at the moment of a look
    assert seen.grown("rss") <= 8 * 1024, seen  # shorter runs cannot tell a smaller growth from noise


async def alive() -> Counter[str]:
    """How many things of which kind there are, ended tasks included, at the quietest of a few moments."""
    looks = []
    for _ in range(LOOKS):
        await asyncio.sleep(0.1)
        gc.collect()
        kinds = Counter(map(type, gc.get_objects()))
        looks.append(Counter({f"{kind.__module__}.{kind.__name__}": n for kind, n in kinds.items() if _counted(kind)}))
    quietest = looks[0]
    for look in looks[1:]:
        quietest &= look
    return quietest


def _counted(kind: type) -> bool:
    module = str(kind.__module__)
    return (module.startswith(OURS) and not module.startswith("bot.sandbox")) or kind.__name__ in OTHERS


async def everything(house: House, number: int) -> None:
    """What people do with a bot, once: a paste, the fix of it, a check, an order."""
    ts = await house.ana.says(MAIL_OPS, f"{LOG_LINE} {number}")
    card = await house.ana.waits_for(is_card, thread=ts)
    await house.ben.clicks(card, "approve")
    await house.ana.waits_for(shows("Healed"), thread=ts)
    await house.ana.command("/postfix check host02")
    await house.ana.says(MAIL_OPS, f"@postmedic help {number}")
    await house.quiet()
    house.fleet.down.add("host01")


async def test_what_was_made_for_a_piece_of_work_goes_with_it(tmp_path: Path) -> None:
    async with at_home(tmp_path, caps=CAPS) as house:
        for number in range(3):
            await everything(house, number)
        before = await alive()
        for number in range(ROUNDS):
            await everything(house, number)
        after = await alive()
    assert {kind: count for kind, count in (after - before).items() if count >= ROUNDS} == {}


def keepers() -> list[object]:
    return [one for one in gc.get_objects() if type(one) in dict(KEEPERS)]


async def test_what_is_kept_to_spare_work_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers.outbox, "_MOST_KEPT", 1)
    others = keepers()  # of tests before, and held here, so that no new one can be taken for one of them
    async with at_home(tmp_path, caps=CAPS) as house:
        await house.fault("429", method="chat.postMessage")
        for number in range(3):
            await everything(house, number)
        own = [one for one in keepers() if not any(one is other for other in others)]
        kept = {(kind, name): [len(getattr(one, name)) for one in own if type(one) is kind] for kind, name in KEEPERS}
    assert all(kept.values()), kept
    assert set(kept[Sender, "_unposted"]) == {0}  # what was refused has been posted since
    assert max(max(lengths) for lengths in kept.values()) <= 2, kept


async def test_what_many_words_people_and_calls_leave_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (handlers.actor, handlers.pace, spelling):
        monkeypatch.setattr(module, "_MOST_KEPT", 2)
    pace, known, people = Pace(0), Spelling(["postfix"]), dict[str, handlers.actor._Kept]()
    for number in range(10):
        handlers.actor._keep(people, f"U{number}", handlers.actor._Kept(at=0.0, value=number))
        await pace.wait(f"post C{number}")
        known.mended("unheard" + "abcdefghij"[number])
    assert len(pace._next) <= 3
    assert len(known._looked_up) <= 2
    assert len(people) <= 2


async def test_connections_to_hosts_do_not_pile_up(tmp_path: Path) -> None:
    async with SampleHosts([SampleHost(load_scenes()[0])], tmp_path) as listening:
        [host] = load(_inventory(tmp_path, listening.addresses, Identity().team_id)).values()
        connector = SshConnector()

        async def round(number: int) -> None:
            assert [one.key async for one in connector.reader(host).read([Request(probe=BOOT_ID)])] == [BOOT_ID.name]
            writer = connector.writer(host)
            assert writer is not None
            assert (await writer.ask(f"execution-{number}", 0))[0] is StepState.UNSEEN

        await round(0)
        before = len(os.listdir("/proc/self/fd"))
        for number in range(1, 6):
            await round(number)
        async with asyncio.timeout(10):  # they are closed without waiting for the other side
            while len(os.listdir("/proc/self/fd")) > before:
                await asyncio.sleep(0.05)
        connector.close()


def test_a_leak_is_measured_as_one() -> None:
    samples = tuple(Sample(at=float(n), rss=50_000 + 100 * n, files=10 + n, tasks=8 + n) for n in range(60))
    leak = Flatness(events=60, seconds=60, samples=samples)
    assert round(leak.slope) == round(100 / 1024 * 3600)
    assert (leak.grown("files"), leak.grown("tasks"), leak.grown("rss")) == (30, 30, 3000)
