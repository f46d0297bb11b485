"""E4: nothing is accepted before it is durable: no event is acknowledged, and who did anything else is told."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import signal
import sqlite3
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest

from bot.errors import StoreUnavailable
from bot.sandbox.slack import Running
from bot.sandbox.slack.seed import MAIL_OPS
from bot.store.inbox import Inbox
from tests.e2e.test_story_fix import is_card, proposed, shows
from tests.support.house import LOG_LINE, Door, at_home, bot_at, workspace
from tests.support.slack_person import Person


def bot(door: Door, folder: str, dies: str) -> None:
    """A process of its own, killed by itself `before` or `after` it stores what it hears, or by the test."""
    accept = Inbox.accept

    async def deadly(self: Inbox, *about: Any) -> bool:
        if dies == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        stored = await accept(self, *about)
        if dies == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return stored

    Inbox.accept = deadly  # type: ignore[method-assign]

    async def lives() -> None:
        async with bot_at(door, Path(folder), lease_seconds=1):
            await asyncio.sleep(60)

    asyncio.run(lives())


async def begun(running: Running, folder: Path, dies: str = "") -> BaseProcess:
    door = Door(bot_token=running.bot_token, app_token=running.app_token, api_url=running.api_url, url=running.url)
    process = multiprocessing.get_context("spawn").Process(target=bot, args=(door, str(folder), dies), daemon=True)
    process.start()
    async with asyncio.timeout(40):
        while not running.workspace.sockets.count:
            await asyncio.sleep(0.05)
    return process


async def killed(process: BaseProcess) -> None:
    process.kill()
    await asyncio.to_thread(process.join)


def stored(folder: Path) -> set[str]:
    with sqlite3.connect(folder / "postmedic.db") as database:
        return {key for (key,) in database.execute("SELECT key FROM inbox")}


def acknowledged(running: Running) -> set[str]:
    deliveries = [one for one in running.workspace.journal.deliveries if one.get("outcome") == "acked"]
    events = [one["payload"]["event"] for one in deliveries if "event" in one["payload"]]
    return {f"message:{event['channel']}:{event['ts']}" for event in events if event.get("user") == "U0ANA"}


@pytest.mark.parametrize("dies", ["before", "after"])
async def test_killed_between_hearing_and_acknowledging(tmp_path: Path, dies: str) -> None:
    async with workspace() as running:
        ana = Person(running, "U0ANA")
        process = await begun(running, tmp_path, dies)
        ts = await ana.says(MAIL_OPS, "@postmedic help")
        await asyncio.to_thread(process.join, 20)
        assert process.exitcode == -signal.SIGKILL
        assert acknowledged(running) == set()
        assert stored(tmp_path) == ({f"message:{MAIL_OPS}:{ts}"} if dies == "after" else set())
        async with bot_at(running, tmp_path, lease_seconds=1) as house:
            await ana.waits_for(shows("Paste an error"), thread=ts)  # Slack sent it again, or the row was there
            await house.quiet()
            assert len(await ana.reads(thread=ts)) == 2


async def test_killed_at_any_moment_whatever_was_acknowledged_is_stored_and_answered_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handlers.outbox.POLL_SECONDS", 0.02)
    dice = random.Random(4)
    async with workspace() as running:
        ana = Person(running, "U0ANA")
        said: list[str] = []
        for _ in range(2):
            process = await begun(running, tmp_path)
            last = dice.randrange(8, 16)
            for number in range(24):
                said.append(await ana.says(MAIL_OPS, f"@postmedic help {number}"))
                await asyncio.sleep(0.005)
                if number == last:
                    process.kill()
            await killed(process)
            certain = acknowledged(running)
            assert certain
            assert certain <= stored(tmp_path)
        assert len(certain) < len(said)  # the kill did come in between
        async with bot_at(running, tmp_path, lease_seconds=1) as house:
            await house.quiet(1.5)
            await house.quiet(1.5)
            for ts in said:
                answered = len(await ana.reads(thread=ts)) - 1
                assert answered == 1 if f"message:{MAIL_OPS}:{ts}" in stored(tmp_path) else answered == 0


async def test_without_the_database_nothing_is_accepted_and_people_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with at_home(tmp_path) as house:
        _, card = await proposed(house)
        accept = Inbox.accept

        async def away(self: Inbox, *about: Any) -> bool:
            raise StoreUnavailable(detail="the disk is full")

        monkeypatch.setattr(Inbox, "accept", away)
        assert await house.ben.clicks(card, "approve") == ""
        await house.ben.waits_for(shows("database does not answer"))
        assert await house.ana.command("/postfix check host01") == ""
        await house.ana.waits_for(shows("This is a diagnosis only"))
        dora = house.person("U0DORA")
        assert await dora.command("/postfix freeze something is wrong") == ""
        await dora.waits_for(shows("database does not answer"))
        assert await house.store.gate.frozen() is None
        assert await house.ana.command("/postfix what") == ""
        await house.ana.waits_for(shows("database does not answer"))
        await house.ben.clicks(card, "deny")
        modal = await house.ben.waits_for_view()
        assert "database" in (await house.ben.submits(modal, {"reason": "no"}))["reason"]
        later = await house.ana.says(MAIL_OPS, LOG_LINE)
        await asyncio.sleep(0.15)
        monkeypatch.setattr(Inbox, "accept", accept)
        await house.ana.waits_for(is_card, thread=later)  # Slack sent the event again
        assert house.fleet.ran == []
