"""E6: what was pasted while the bot was away is answered once; of buttons pressed meanwhile it says that it was away."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from aiohttp import web

from bot.sandbox.slack.seed import MAIL_OPS
from bot.sandbox.slack.sockets import Sockets
from handlers import catching_up
from tests.e2e.test_story_fix import is_card, proposed, shows
from tests.support.house import LOG_LINE, SECOND_CHANNEL, UNPLACED, at_home, bot_at, workspace
from tests.support.slack_person import Person
from tests.support.stores import altered, opened


@pytest.fixture(autouse=True)
def short_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catching_up, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(catching_up, "AWAY_SECONDS", 1.0)


async def away(folder: Path, seconds: float) -> None:
    """Nobody is connected; for the database it has been so for longer."""
    await asyncio.sleep(3)  # until Slack has given up to send events again
    async with opened(str(folder / "postmedic.db")) as store:
        await altered(store, f"UPDATE marks SET at = at - {seconds} WHERE name = 'connected'")


async def test_pastes_are_answered_once_and_open_cards_say_how_long(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with workspace() as running:
        ana, ben = Person(running, "U0ANA"), Person(running, "U0BEN")
        async with bot_at(running, tmp_path) as house:
            before, card = await proposed(house)
            await house.quiet()
        later = await ana.says(MAIL_OPS, LOG_LINE.replace("host01", "host02"))
        elsewhere = await ana.says(SECOND_CHANNEL.id, UNPLACED)
        reply = await ana.says(MAIL_OPS, "no", thread=later)
        assert await ben.clicks(card, "approve") != ""  # the person sees that it did not work
        await away(tmp_path, 300)
        async with bot_at(running, tmp_path) as house:
            await ana.waits_for(is_card, thread=later)
            await ana.waits_for(lambda message: message["ts"] != elsewhere, thread=elsewhere, channel=SECOND_CHANNEL.id)
            told = await ana.waits_for(shows("I was away for 5 min"), thread=before)
            assert told["ts"] > card["ts"]
            await house.quiet()
            assert "nobody was connected for 30" in caplog.text
            assert len(await ana.reads(thread=later)) == 4  # the paste, its reply, one answer, one card
            assert len(await ana.reads(thread=before)) == 4  # the paste, its answer, its card, and how long it was away
            assert reply in [message["ts"] for message in await ana.reads(thread=later)]
            assert house.fleet.ran == []
            assert await ben.clicks(card, "approve") == ""
            await ana.waits_for(shows("Healed"), thread=before)


async def test_replies_in_older_threads_and_direct_messages_are_read_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catching_up, "OVERLAP_SECONDS", 0.0)  # else the thread would have begun after what is read
    async with workspace() as running:
        ana = Person(running, "U0ANA")
        async with bot_at(running, tmp_path) as house:
            asked = await ana.says(MAIL_OPS, "@postmedic what a nice day")
            await ana.waits_for(lambda message: message["ts"] != asked, thread=asked)
            direct = house.running.workspace.store.open_im("U0ANA").id
            greeted = await ana.says(direct, "help")
            await ana.waits_for(lambda message: message["ts"] != greeted, channel=direct, thread=greeted)
            await house.quiet()
            await asyncio.sleep(1)
            await house.store.marks.put("connected")
        await ana.says(MAIL_OPS, LOG_LINE, thread=asked)
        privately = await ana.says(direct, "check host01")
        await asyncio.sleep(3)  # until Slack has given up to send events again
        async with bot_at(running, tmp_path) as house:
            await ana.waits_for(is_card, thread=asked)
            await ana.waits_for(lambda message: message["ts"] != privately, channel=direct, thread=privately)
            await house.quiet()
            assert len(await ana.reads(channel=direct, thread=greeted)) == 2  # answered once, before


async def test_a_thread_is_read_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catching_up, "_PAGE", 2)
    async with workspace() as running:
        ana = Person(running, "U0ANA")
        async with bot_at(running, tmp_path) as house:
            await house.store.marks.put("connected")
        talk = await ana.says(MAIL_OPS, "good morning")
        for number in range(5):
            await ana.says(MAIL_OPS, f"and {number}", thread=talk)
        await ana.says(MAIL_OPS, LOG_LINE, thread=talk)
        await away(tmp_path, 30)
        async with bot_at(running, tmp_path):
            await ana.waits_for(is_card, thread=talk)


async def test_what_people_of_another_workspace_wrote_meanwhile_is_not_answered(tmp_path: Path) -> None:
    async with workspace() as running:
        ana = Person(running, "U0ANA")
        async with bot_at(running, tmp_path) as house:
            await house.store.marks.put("connected")
        theirs = await ana.says(MAIL_OPS, LOG_LINE)
        ours = await ana.says(MAIL_OPS, LOG_LINE.replace("host01", "host02"))
        running.workspace.store.conversations[MAIL_OPS].messages[theirs]["team"] = "T0ELSE"  # Slack Connect
        await away(tmp_path, 30)
        async with bot_at(running, tmp_path) as house:
            await ana.waits_for(is_card, thread=ours)
            await house.quiet()
            assert len(await ana.reads(thread=theirs)) == 1


async def test_two_that_come_back_answer_once(tmp_path: Path) -> None:
    async with workspace() as running:
        ana = Person(running, "U0ANA")
        async with bot_at(running, tmp_path) as house:
            await house.store.marks.put("connected")
            await house.quiet()
        pasted = [await ana.says(MAIL_OPS, f"{LOG_LINE} {number}") for number in range(3)]
        await away(tmp_path, 30)
        async with bot_at(running, tmp_path) as first, bot_at(running, tmp_path) as second:
            for ts in pasted:
                await ana.waits_for(is_card, thread=ts)
            await first.quiet()
            await second.quiet()
            for ts in pasted:
                assert len(await ana.reads(thread=ts)) == 3


async def test_a_failure_while_reading_is_followed_by_another_look(tmp_path: Path) -> None:
    async with workspace() as running:
        ana = Person(running, "U0ANA")
        async with bot_at(running, tmp_path) as house:
            await house.store.marks.put("connected")
        ts = await ana.says(MAIL_OPS, LOG_LINE)
        await away(tmp_path, 30)
        async with bot_at(running, tmp_path) as house:
            await house.fault("5xx", count=4, method="users.conversations")
            await ana.waits_for(is_card, thread=ts)


async def test_the_first_start_reads_nothing_that_was_said_before(tmp_path: Path) -> None:
    async with workspace() as running:
        ana = Person(running, "U0ANA")
        ts = await ana.says(MAIL_OPS, LOG_LINE)
        await asyncio.sleep(3)
        async with bot_at(running, tmp_path) as house:
            ends = time.monotonic() + 10
            while await house.store.marks.get("connected") is None and time.monotonic() < ends:
                await asyncio.sleep(0.05)
            await house.quiet()
            assert len(await ana.reads(thread=ts)) == 1
            assert house.calls("conversations.history") == []


async def test_a_link_that_opens_no_more_is_not_tried_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each link opens once and not for long: when the one just handed out failed, only another one helps."""
    monkeypatch.setattr("handlers.connection.LINK_SECONDS", 2.0, raising=False)
    connect, fails = Sockets.connect, asyncio.Event()

    async def used_up(self: Sockets, request: web.Request) -> web.StreamResponse:
        if fails.is_set():
            fails.clear()
            self._tickets.clear()
            return web.Response(status=503)
        return await connect(self, request)

    monkeypatch.setattr(Sockets, "connect", used_up)
    async with at_home(tmp_path) as house:
        fails.set()
        await house.fault("abort")
        async with asyncio.timeout(30):
            while fails.is_set() or not house.running.workspace.sockets.count:
                await asyncio.sleep(0.02)
        ts = await house.ana.says(MAIL_OPS, "@postmedic help")
        await house.ana.waits_for(shows("Paste an error"), thread=ts)


async def test_an_error_that_nobody_foresaw_does_not_end_the_looking_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with at_home(tmp_path) as house:
        noted, put = asyncio.Event(), house.store.marks.put

        async def stumbles(name: str) -> None:
            monkeypatch.setattr(house.store.marks, "put", notes)
            raise RuntimeError

        async def notes(name: str) -> None:
            await put(name)
            noted.set()

        monkeypatch.setattr(house.store.marks, "put", stumbles)
        async with asyncio.timeout(30):
            await noted.wait()
