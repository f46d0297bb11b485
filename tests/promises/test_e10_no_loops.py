"""E10: bots, the bot itself, edits and unfurls cannot start a loop: no reply to a reply."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.slack.payloads import event_callback
from bot.sandbox.slack.seed import BOT_USER, MAIL_OPS
from handlers import catching_up
from tests.e2e.test_story_fix import is_card
from tests.support.house import LOG_LINE, at_home, bot_at, workspace
from tests.support.slack_person import Person


async def test_machines_edits_and_the_bot_itself_are_never_answered(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        base = {"type": "message", "channel": MAIL_OPS, "user": "U0ANA", "text": f"<@{BOT_USER}> {LOG_LINE}", "team": "T0"}
        for number, more in enumerate(
            [
                {"bot_id": "B0OTHER"},
                {"subtype": "message_changed", "hidden": True},
                {"subtype": "channel_join"},
                {"subtype": "bot_message", "bot_id": "B0OTHER"},
                {"edited": {"user": "U0ANA", "ts": "1.2"}},
                {"user": BOT_USER},
                {"user": "USLACKBOT"},
                {"user": "U0EVE", "user_team": "T0ELSE"},
            ]
        ):
            event = base | {"ts": f"1700000000.00000{number}", "channel_type": "channel"} | more
            house.running.workspace.dispatcher.event(event_callback(house.running.workspace, event))
        await house.quiet()
        assert house.calls("chat.postMessage") == []
        assert house.fleet.measured == []


async def test_its_own_words_edits_and_unfurls_of_them_are_not_answered(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        ts = await house.ana.says(MAIL_OPS, LOG_LINE)
        card = await house.ana.waits_for(is_card, thread=ts)
        await house.quiet()
        before = len(house.calls("chat.postMessage"))
        ws = house.running.workspace
        mine = ws.store.conversations[MAIL_OPS].messages
        echoes: list[dict[str, Any]] = []
        for message in [one for one in mine.values() if one.get("bot_id")]:
            echo = {"type": "message", "channel": MAIL_OPS, "channel_type": "channel", **message}
            echoes += [
                echo | {"text": f"<@{BOT_USER}> {LOG_LINE}"},
                echo | {"type": "app_mention", "text": f"<@{BOT_USER}> {LOG_LINE}"},
                {key: value for key, value in echo.items() if key != "bot_id"},
            ]
        question = mine[ts]
        unfurled = question | {"attachments": [{"text": LOG_LINE, "from_url": "https://www.postfix.org/"}]}
        changes = (question | {"text": f"{LOG_LINE} again", "edited": {"user": "U0ANA", "ts": "1.2"}}, unfurled)
        echoes += [
            {"type": "message", "subtype": "message_changed", "hidden": True, "channel": MAIL_OPS, "ts": f"17.{number}",
             "channel_type": "channel", "message": changed, "previous_message": question}
            for number, changed in enumerate(changes)
        ]  # fmt: skip
        echoes += [
            {"type": "message", "subtype": kind, "channel": MAIL_OPS, "channel_type": "channel", "ts": f"18.{number}",
             "user": "U0ANA", "text": f"<@{BOT_USER}> {LOG_LINE}"}
            for number, kind in enumerate(("message_deleted", "message_replied", "channel_topic", "me_message", "bot_add",
                                           "reminder_add", "huddle_thread", "ekm_access_denied", "tombstone"))
        ]  # fmt: skip
        for event in echoes:
            ws.dispatcher.event(event_callback(ws, event))
        await house.quiet()
        assert len(house.calls("chat.postMessage")) == before == 2
        assert house.fleet.measured == ["host01"]
        assert card["ts"] in mine


async def test_two_bots_in_one_channel_do_not_talk_to_each_other(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        ws = house.running.workspace
        ts = await house.ana.says(MAIL_OPS, "good morning")
        for number in range(20):  # an alerting app that repeats the log and mentions postmedic, with a user of its own
            event = {
                "type": ("message", "app_mention")[number % 2], "channel": MAIL_OPS, "channel_type": "channel",
                "user": "U0ALERTS", "bot_id": "B0ALERTS", "bot_profile": {"id": "B0ALERTS"}, "app_id": "A0ALERTS",
                "ts": f"1650000000.{number:06}", "thread_ts": ts, "text": f"<@{BOT_USER}> {LOG_LINE}",
            }  # fmt: skip
            ws.dispatcher.event(event_callback(ws, event))
        await house.quiet()
        assert house.calls("chat.postMessage") == []
        assert house.fleet.measured == []


async def test_what_machines_wrote_while_nobody_listened_is_not_answered_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catching_up, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(catching_up, "AWAY_SECONDS", 1.0)
    async with workspace() as running:
        ana = Person(running, "U0ANA")
        async with bot_at(running, tmp_path) as house:
            await house.store.marks.put("connected")
        marks: list[dict[str, Any]] = [
            {"bot_id": "B0ALERTS", "app_id": "A0ALERTS"}, {"subtype": "bot_message", "bot_id": "B0OTHER"}, {"user": BOT_USER},
            {"user": "USLACKBOT"}, {"subtype": "channel_topic"}, {"subtype": "me_message"},
        ]  # fmt: skip
        machines = [await ana.says(MAIL_OPS, f"<@{BOT_USER}> {LOG_LINE}") for _ in marks]
        person = await ana.says(MAIL_OPS, LOG_LINE.replace("host01", "host02"))
        written = running.workspace.store.conversations[MAIL_OPS].messages
        for ts, mark in zip(machines, marks, strict=True):
            written[ts] |= mark
        await asyncio.sleep(3)  # until Slack has given up to send the events again
        async with bot_at(running, tmp_path) as house:
            await ana.waits_for(is_card, thread=person)
            await house.quiet()
            assert [len(await ana.reads(thread=ts)) for ts in machines] == [1] * len(machines)
            assert house.fleet.measured == ["host02"]
