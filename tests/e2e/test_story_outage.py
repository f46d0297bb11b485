"""What happens when Slack, the database or the bot itself is away: nothing is lost, nothing is said twice."""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import time
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from bot.config import Settings
from bot.errors import ConfigError, StoreUnavailable
from bot.render.replies import note
from bot.sandbox.slack.seed import MAIL_OPS
from bot.store.inbox import Inbox
from handlers import connect
from handlers.outbox import Sender
from tests.e2e.test_story_fix import is_card, proposed, shows
from tests.support.house import LOG_LINE, Door, Fleet, at_home, bot_at, workspace
from tests.support.slack_person import Person


async def test_a_storm_of_429_delays_and_loses_nothing(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        await house.fault("429", count=2, seconds=1, method="chat.postMessage")
        await house.fault("429", count=1, seconds=1, method="chat.update")
        began = time.monotonic()
        ts = await house.ana.says(MAIL_OPS, LOG_LINE)
        await house.ana.waits_for(is_card, thread=ts, timeout=15)
        assert time.monotonic() - began >= 2  # Retry-After was obeyed
        await house.quiet()
        thread = await house.ana.reads(thread=ts)
        assert len(thread) == 3
        assert "Confirmed" in str(thread[1]["blocks"])
        assert len(house.calls("chat.postMessage")) == 4  # two refused ones
        assert house.calls("conversations.replies") == []  # a refused message need not be looked for


async def test_server_errors_are_repeated_after_a_look_whether_it_arrived(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        await house.fault("5xx", count=2, method="chat.postMessage")
        ts = await house.ana.says(MAIL_OPS, LOG_LINE)
        await house.ana.waits_for(is_card, thread=ts, timeout=15)
        await house.quiet()
        assert len(await house.ana.reads(thread=ts)) == 3
        assert len(house.calls("conversations.replies")) >= 2


@pytest.mark.parametrize("fault", ["disconnect", "abort"])
async def test_a_lost_socket_loses_no_paste_and_no_fix(tmp_path: Path, fault: str) -> None:
    async with at_home(tmp_path) as house:
        await house.fault(fault)
        ts, card = await proposed(house)
        await house.fault(fault)
        for _ in range(100):  # a click that meets a closed socket is shown as an error, and the button is still there
            if await house.ben.clicks(card, "approve") == "":
                break
            await asyncio.sleep(0.05)
        await house.ana.waits_for(shows("Healed"), thread=ts, timeout=10)
        await house.quiet()
        assert len(house.fleet.ran) == 1


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
            begun = await ana.waits_for(shows("Connecting to"), thread=ts, timeout=10)
        finally:
            first.kill()
            await asyncio.to_thread(first.join)
        async with bot_at(running, tmp_path, lease_seconds=1) as second:
            await ana.waits_for(is_card, thread=ts, timeout=15)
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
        await house.ana.waits_for(is_card, thread=ts, timeout=15)
        await house.quiet()
        assert len(await house.ana.reads(thread=ts)) == 3
    monkeypatch.setattr(Sender, "_said", dies_after_posting)
    async with workspace() as running, bot_at(running, tmp_path / "second") as house:
        await house.ana.command("/postfix check host01")
        await house.ana.waits_for(shows("could not be measured"), timeout=15)
        await house.quiet()
        assert len(await house.ana.reads()) == 1


async def test_without_the_database_nothing_is_acknowledged_and_people_are_told(
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


async def test_what_cannot_be_handled_says_so_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("handlers.worker.RETRY_SECONDS", 0.01)
    monkeypatch.setattr("handlers.worker.POLL_SECONDS", 0.02)
    async with at_home(tmp_path) as house:

        def broken(text: str) -> None:
            raise RuntimeError(f"cannot read {text}")

        monkeypatch.setattr(house.desk.engine, "recognise", broken)
        ts = await house.ana.says(MAIL_OPS, LOG_LINE)
        sorry = await house.ana.waits_for(shows("could not handle this"), thread=ts)
        assert "RuntimeError" in sorry["text"]
        assert "no local interface" not in sorry["text"]
        assert "in diagnose" in caplog.text  # the place of the error is logged
        assert "no local interface" not in caplog.text  # its text, which holds the paste, is not


async def test_calls_for_one_channel_keep_their_distance(tmp_path: Path) -> None:
    async with at_home(tmp_path, pause=0.5) as house:
        for _ in range(3):
            await house.ana.says(MAIL_OPS, f"@postmedic help {_}")
        await house.quiet()
        times = [call["at"] for call in house.calls("chat.postMessage")]
        assert len(times) == 3
        assert all(later - earlier >= 0.45 for earlier, later in itertools.pairwise(times))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"slack_bot_token": "xoxb-wrong"}, "does not know the token"),
        ({"slack_bot_token": ""}, "it is empty"),
        ({"slack_app_token": "xapp-wrong"}, "slack_app_token"),
        ({"slack_api_url": "http://127.0.0.1:9/api/"}, "gave no answer"),
    ],
)
async def test_a_wrong_token_or_address_is_a_clear_error_at_once(changed: dict[str, str], said: str) -> None:
    async with workspace() as running:
        right = {
            "slack_bot_token": running.bot_token,
            "slack_app_token": running.app_token,
            "slack_api_url": running.api_url,
        }
        with pytest.raises(ConfigError, match=said):
            await asyncio.wait_for(connect(Settings(**(right | changed))), 10)


async def test_a_message_slack_never_takes_does_not_hold_up_the_others(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        ts = await house.ana.says(MAIL_OPS, "@postmedic help")
        root = house.running.workspace.store.conversations[MAIL_OPS]
        reply = await house.ana.waits_for(shows("Paste an error"), thread=ts)
        with pytest.raises(SlackApiError):
            await house.slack.sending.chat_update(channel=MAIL_OPS, ts=ts, text="not mine")
        del root.messages[reply["ts"]]
        [subject] = [call["arguments"] for call in house.calls("chat.postMessage")]
        kind, _, about = str(subject["metadata"]["event_payload"]["id"]).partition(":")
        assert kind == "answer"
        await house.desk.show(about, MAIL_OPS, ts, note("usage", "en"))
        await house.quiet()
        assert await house.store.outbox.problems() == {("answer", about): "message_not_found"}
        other = await house.ana.says(MAIL_OPS, "@postmedic hosts")
        await house.ana.waits_for(shows("host02"), thread=other)
