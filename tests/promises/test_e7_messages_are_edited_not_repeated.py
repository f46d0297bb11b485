"""E7: a crash may repeat a message to Slack, never post a second one: what an earlier process posted is found and edited."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.config import Settings
from bot.render.blocks import Message
from bot.sandbox.slack import Running
from bot.sandbox.slack.seed import MAIL_OPS
from bot.store.outbox import ANSWER, Outgoing, Show
from bot.store.store import Store
from handlers import connect
from handlers.commands import subject
from handlers.outbox import METADATA, Draw, Sender
from tests.e2e.test_story_fix import is_card, shows
from tests.support.house import LOG_LINE, Door, Fleet, at_home, bot_at, workspace
from tests.support.slack_person import Person
from tests.support.stores import altered, opened


def hanging_bot(door: Door, folder: str) -> None:
    """A process of its own whose hosts never answer."""

    async def lives() -> None:
        fleet = Fleet()
        fleet.slow.clear()
        async with bot_at(door, Path(folder), fleet, lease_seconds=1):
            await asyncio.sleep(60)

    asyncio.run(lives())


async def test_a_bot_killed_after_accepting_is_followed_by_one_that_answers_once(tmp_path: Path) -> None:
    async with workspace() as running:
        door = Door(bot_token=running.bot_token, app_token=running.app_token, api_url=running.api_url, url=running.url)
        first = multiprocessing.get_context("spawn").Process(target=hanging_bot, args=(door, str(tmp_path)), daemon=True)
        first.start()
        ana = Person(running, "U0ANA")
        try:
            async with asyncio.timeout(30):
                while not running.workspace.sockets.count:
                    await asyncio.sleep(0.05)
            ts = await ana.says(MAIL_OPS, LOG_LINE)
            begun = await ana.waits_for(shows("Connecting to"), thread=ts)
        finally:
            first.kill()
            await asyncio.to_thread(first.join)
        async with bot_at(running, tmp_path, lease_seconds=1) as second:
            await ana.waits_for(is_card, thread=ts)
            await second.quiet()
            thread = await ana.reads(thread=ts)
            assert len(thread) == 3
            assert thread[1]["ts"] == begun["ts"]  # edited, not posted again


async def test_a_message_posted_right_before_the_end_is_found_and_edited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = Sender._said

    async def dies_after_posting(self: Sender, *about: Any) -> str:
        await said(self, *about)
        monkeypatch.setattr(Sender, "_said", said)
        raise TimeoutError  # Slack has it, and this process will never know

    monkeypatch.setattr(Sender, "_said", dies_after_posting)
    async with at_home(tmp_path) as house:
        ts = await house.ana.says(MAIL_OPS, LOG_LINE)
        await house.ana.waits_for(is_card, thread=ts)
        await house.quiet()
        assert len(await house.ana.reads(thread=ts)) == 3
    monkeypatch.setattr(Sender, "_said", dies_after_posting)
    async with workspace() as running, bot_at(running, tmp_path / "second") as house:
        await house.ana.command("/postfix check host01")
        await house.ana.waits_for(shows("could not be measured"))
        await house.quiet()
        assert len(await house.ana.reads()) == 1


@pytest.mark.parametrize("refused", ["429", "5xx"])
async def test_a_look_that_slack_refused_is_taken_again_before_anything_is_posted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: str
) -> None:
    said = Sender._said

    async def dies_after_posting(self: Sender, *about: Any) -> str:
        await said(self, *about)
        monkeypatch.setattr(Sender, "_said", said)
        raise TimeoutError

    monkeypatch.setattr(Sender, "_said", dies_after_posting)
    async with at_home(tmp_path) as house:
        await house.fault(refused, count=1, seconds=1, method="conversations.replies")
        ts = await house.ana.says(MAIL_OPS, "@postmedic help")
        await house.ana.waits_for(shows("Paste an error"), thread=ts)
        await all_shown(house.store)
        assert len(await house.ana.reads(thread=ts)) == 2
        assert len(house.calls("conversations.replies")) == 2


async def test_a_message_is_found_in_a_very_long_thread_before_slack_is_asked_too_often(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        ts = await house.ana.says(MAIL_OPS, "what a day")
        there = house.running.workspace.store.conversations[MAIL_OPS].messages
        for number in range(5_000):
            reply = f"{float(ts) + number / 1000:.6f}"
            there[reply] = there[ts] | {"ts": reply, "thread_ts": ts}
        await house.fault("5xx", count=1, method="chat.postMessage")
        await house.desk.show("q", MAIL_OPS, ts, Message(text="here", blocks=()))
        await all_shown(house.store)
        assert len(house.calls("conversations.replies")) <= 6  # about fifty are answered a minute
        assert sum(one["text"] == "here" for one in there.values()) == 1


@asynccontextmanager
async def senders(running: Running, store: Store, draw: Draw) -> AsyncIterator[tuple[Sender, Sender]]:
    """The senders of two processes over one store: `draw` is how the first one draws, the other one draws at once."""

    async def at_once(outgoing: Outgoing) -> dict[str, Any]:
        return dict(outgoing.show.payload)

    settings = {"slack_bot_token": running.bot_token, "slack_app_token": running.app_token, "slack_api_url": running.api_url}
    slack = await connect(Settings(**settings))
    bot_user = running.workspace.identity.bot_user
    yield (
        Sender(store, slack.sending, draw, "first", bot_user=bot_user, pause=0),
        Sender(store, slack.sending, at_once, "other", bot_user=bot_user, pause=0),
    )


@asynccontextmanager
async def sends(sender: Sender) -> AsyncIterator[None]:
    running = asyncio.create_task(sender.run())
    try:
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await sender.settle(20)


async def all_shown(store: Store) -> None:
    async with asyncio.timeout(60):
        while await store.outbox.waiting():
            await asyncio.sleep(0.02)


def saying(text: str) -> Show:
    return Show(kind=ANSWER, subject="q", channel=MAIL_OPS, payload={"text": text})


@pytest.mark.parametrize("known", [False, True], ids=["would be posted", "would be edited"])
async def test_who_was_silent_too_long_leaves_its_message_to_who_took_it(database: str, known: bool) -> None:
    draws, goes_on = asyncio.Event(), asyncio.Event()

    async def late(outgoing: Outgoing) -> dict[str, Any]:
        draws.set()
        await goes_on.wait()
        return dict(outgoing.show.payload)

    async with workspace() as running, opened(database) as store, senders(running, store, late) as (first, other):
        if known:
            await store.outbox.put(saying("before"))
            async with sends(other):
                await all_shown(store)
        await store.outbox.put(saying("old"))
        async with sends(first):
            async with asyncio.timeout(60):
                await draws.wait()
            await altered(store, "UPDATE outbox SET lease_until = 1")  # as when it was silent for so long
            await store.outbox.put(saying("new"))
            async with sends(other):
                await all_shown(store)
            goes_on.set()
        assert [one["text"] for one in await Person(running, "U0ANA").reads()] == ["new"]
        assert await store.outbox.waiting() == 0


async def test_a_message_that_is_on_its_way_is_taken_by_nobody_else(database: str) -> None:
    async def long(outgoing: Outgoing) -> dict[str, Any]:
        await altered(store, "UPDATE outbox SET lease_until = 1")  # drawing took as long as the lease
        return dict(outgoing.show.payload)

    async with workspace() as running, opened(database) as store, senders(running, store, long) as (first, _):
        await store.outbox.put(saying("once"))
        await Person(running, "U0ANA")._post("fault", {"kind": "slow", "seconds": 3, "method": "chat.postMessage"})
        async with sends(first):
            async with asyncio.timeout(60):
                while not [call for call in running.workspace.journal.calls if call["method"] == "chat.postMessage"]:
                    await asyncio.sleep(0.02)
            assert await store.outbox.take("other") == ()
            await all_shown(store)
        assert [one["text"] for one in await Person(running, "U0ANA").reads()] == ["once"]


async def test_what_is_noted_of_one_message_is_noted_of_that_one_alone(database: str) -> None:
    async with opened(database) as store:
        for channel in ("C1", "C2"):
            await store.outbox.put(Show(kind=ANSWER, subject=channel, channel=channel))
        first, second = sorted(await store.outbox.take("one"), key=lambda one: one.show.subject)
        await altered(store, "UPDATE outbox SET lease_until = 1")
        assert await store.outbox.renew(first)
        assert [one.show.subject for one in await store.outbox.take("other")] == ["C2"]
        assert not await store.outbox.renew(second)
        await store.outbox.put(Show(kind=ANSWER, subject="C1", channel="C1", payload={"text": "newer"}))
        await store.outbox.sent(first, "1.0")
        [newer] = await store.outbox.take("one")
        assert (newer.ts, newer.show.payload) == ("1.0", {"text": "newer"})
        await store.outbox.sent(newer, "2.0")
        assert await store.outbox.ts(ANSWER, "C1") == "1.0"
        assert await store.outbox.waiting() == 1  # the other one's


async def test_a_message_of_another_app_with_our_metadata_is_not_taken_for_ours(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        await house.fault("5xx", count=1, method="chat.postMessage")
        ts = await house.ana.says(MAIL_OPS, "@postmedic help")
        about = subject(f"message:{MAIL_OPS}:{ts}")
        await house.ana.says(MAIL_OPS, "Buy now", thread=ts)
        [forged] = [one for one in house.running.workspace.store.conversations[MAIL_OPS].thread(ts) if one["text"] == "Buy now"]
        forged["metadata"] = {"event_type": METADATA, "event_payload": {"id": f"answer:{about}"}}
        ours = await house.ana.waits_for(shows("Paste an error"), thread=ts)
        assert ours["metadata"]["event_payload"]["id"] == f"answer:{about}"
        assert ours["ts"] != forged["ts"]
        assert "Buy now" in [one["text"] for one in await house.ana.reads(thread=ts)]


async def test_a_bot_does_not_take_for_shown_what_another_has_replaced_since(database: str) -> None:
    """Work that is tried again says the same things again, and between two bots each says some of them."""

    async def at_once(outgoing: Outgoing) -> dict[str, Any]:
        return dict(outgoing.show.payload)

    async with workspace() as running, opened(database) as store, senders(running, store, at_once) as (first, other):

        async def said(sender: Sender, text: str) -> list[str]:
            await store.outbox.put(saying(text))
            async with sends(sender):
                await all_shown(store)
            return [one["text"] for one in await Person(running, "U0ANA").reads()]

        for sender, text in ((first, "it is down"), (other, "measuring"), (first, "it is down")):
            assert await said(sender, text) == [text]
        edits = len([call for call in running.workspace.journal.calls if call["method"] == "chat.update"])
        await said(first, "it is down")  # its own words, which nobody has replaced, are not said again
        assert len([call for call in running.workspace.journal.calls if call["method"] == "chat.update"]) == edits == 2
