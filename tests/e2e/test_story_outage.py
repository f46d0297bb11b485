"""What happens when Slack, the database or the bot itself is away: nothing is lost, nothing is said twice."""

from __future__ import annotations

import asyncio
import multiprocessing
from pathlib import Path
from typing import Any

import pytest

from bot.config import Settings
from bot.errors import ConfigError
from bot.sandbox.slack.seed import MAIL_OPS
from handlers import connect
from handlers.outbox import Sender
from tests.e2e.test_story_fix import is_card, shows
from tests.support.house import LOG_LINE, Door, Fleet, at_home, bot_at, workspace
from tests.support.slack_person import Person


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
