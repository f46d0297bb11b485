"""What happens when Slack, the database or the bot itself is away: nothing is lost, nothing is said twice."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bot.config import Settings
from bot.errors import ConfigError
from bot.sandbox.slack.seed import MAIL_OPS
from handlers import connect
from tests.e2e.test_story_fix import proposed, shows
from tests.support.house import LOG_LINE, at_home, workspace


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


async def test_a_denial_that_could_not_be_handled_is_not_taken_for_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was not told would believe that nothing runs any more."""
    monkeypatch.setattr("handlers.worker.RETRY_SECONDS", 0.01)
    monkeypatch.setattr("handlers.worker.POLL_SECONDS", 0.02)
    async with at_home(tmp_path) as house:
        ts, card = await proposed(house)

        async def broken(*about: Any) -> None:
            raise RuntimeError

        monkeypatch.setattr(house.desk.executor, "review", broken)
        await house.ben.clicks(card, "deny")
        assert await house.ben.submits(await house.ben.waits_for_view(), {"reason": "not now"}) == {}
        sorry = await house.ben.waits_for(shows("could not handle this"), thread=ts, timeout=60)
        assert sorry["is_ephemeral"]


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
