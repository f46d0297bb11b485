"""What happens to what people write: who is answered, where, about which host, and what is never answered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.slack.seed import GENERAL, MAIL_OPS
from bot.store.conversations import Conversation
from handlers.diagnosing import proceed
from tests.e2e.test_story_fix import is_card, shows
from tests.support.house import LOG_LINE, UNPLACED, House, at_home

Json = dict[str, Any]
NEAR = "exim[812]: fatal: no SASL authentication mechanisms"  # the words are known, but the program is another one


async def answers(house: House, thread: str, channel: str = MAIL_OPS) -> list[Json]:
    """What the bot said in a thread, ephemerals aside, once everything is quiet."""
    await house.quiet()
    return [m for m in await house.ana.reads(channel, thread) if m.get("bot_id") and not m.get("ephemeral")]


async def test_silence_where_nobody_asked_and_nothing_is_sure(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        first = await house.ana.says(MAIL_OPS, "good morning, who is on call today?")
        second = await house.ana.says(MAIL_OPS, NEAR)
        assert await answers(house, first) == []
        assert await answers(house, second) == []
        assert await house.store.conversations.in_thread(MAIL_OPS, second) is None


async def test_a_mention_is_always_answered(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        for text, expected in [
            ("@postmedic good morning", "do not recognise"),
            ("@postmedic", "no text to look at"),
            ("@postmedic help", "Paste an error"),
            ("@postmedic hosts", "host02"),
        ]:
            ts = await house.ana.says(MAIL_OPS, text)
            await house.ana.waits_for(shows(expected), thread=ts)
            assert len(await answers(house, ts)) == 1


async def test_near_problems_are_offered_and_the_chosen_one_is_measured(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        ts = await house.ana.says(MAIL_OPS, f"@postmedic on host01\n{NEAR}")
        question = await house.ana.waits_for(shows("Is it one of these"), thread=ts)
        await house.ben.clicks(question, "choose_problem_0")
        await house.ben.waits_for(shows("Only the person who asked"), thread=ts)
        await house.ana.clicks(question, "choose_problem_0")
        answer = await house.ana.waits_for(shows("was ruled out"), thread=ts)
        assert answer["ts"] == question["ts"]


async def test_the_button_of_a_problem_means_that_problem_when_another_one_has_left_the_knowledge(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        ts = await house.ana.says(MAIL_OPS, "good morning")
        asked = Conversation(
            id="q", channel=MAIL_OPS, thread=ts, requester=house.ana.id, lang="en", paste=NEAR, host="host01",
            recognition={"near": ["it-was-there-yesterday", "sasl-no-mechanisms"]},
        )  # fmt: skip
        await proceed(house.desk, await house.store.conversations.open(asked))
        question = await house.ana.waits_for(shows("Is it one of these"), thread=ts, timeout=60)
        [button] = [one for block in question["blocks"] if block["type"] == "actions" for one in block["elements"]]
        assert button["text"]["text"] == "No SASL mechanisms"
        await house.ana.clicks(question, button["action_id"])
        await house.ana.waits_for(shows("was ruled out"), thread=ts, timeout=60)


async def test_a_direct_message_is_always_answered(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        opened = await house.slack.client.conversations_open(users="U0ANA")
        dm = opened["channel"]["id"]
        ts = await house.ana.says(dm, "hello?")
        await house.ana.waits_for(shows("do not recognise"), channel=dm, thread=ts)
        ts = await house.ana.says(dm, LOG_LINE)
        await house.ana.waits_for(is_card, channel=dm, thread=ts)


async def test_the_shortcut_diagnoses_any_message(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        ts = await house.ana.says(MAIL_OPS, NEAR + " on host01")
        message = next(m for m in await house.ben.reads() if m["ts"] == ts)
        assert await house.ben.shortcut(message) == ""
        await house.ben.waits_for(shows("Is it one of these"), thread=ts)


async def test_the_shortcut_where_the_bot_is_no_member_asks_for_an_invitation(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        ts = await house.ana.says(GENERAL, LOG_LINE)
        message = next(m for m in await house.ana.reads(GENERAL) if m["ts"] == ts)
        assert await house.ana.shortcut(message) == ""
        await house.ana.waits_for(shows("Invite me"), channel=GENERAL)


async def test_a_snippet_is_read_and_a_longer_one_is_cut_and_says_so(tmp_path: Path) -> None:
    noise = "Nov 20 10:11:12 host01 postfix/qmgr[9]: 4ABC: removed\n"
    async with at_home(tmp_path) as house:
        ts = await house.ana.says(MAIL_OPS, LOG_LINE + "\n" + noise * 100)
        await house.ana.waits_for(is_card, thread=ts)
        ts = await house.ana.says(MAIL_OPS, LOG_LINE + "\n" + noise * 1400)  # more than 64 KiB
        await house.ana.waits_for(is_card, thread=ts)
        assert any("end was left out" in str(m["blocks"]) for m in await answers(house, ts))


async def test_a_binary_file_is_named_when_asked_and_ignored_when_not(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        ts = await house.ana.says(MAIL_OPS, "@postmedic", snippet="PK\0\1\2")
        await house.ana.waits_for(shows("is not readable text"), thread=ts)
        ts = await house.ana.says(MAIL_OPS, "", snippet="PK\0\1\2")
        assert await answers(house, ts) == []


@pytest.mark.parametrize(
    ("text", "host"),
    [
        (f"on host02:\n{UNPLACED}", "host02"),
        (LOG_LINE, "host01"),
        (LOG_LINE.replace("host01", "mx1"), "host01"),  # the short form of an alias
    ],
)
async def test_the_host_is_taken_from_the_words_or_the_log(tmp_path: Path, text: str, host: str) -> None:
    async with at_home(tmp_path) as house:
        ts = await house.ana.says(MAIL_OPS, text)
        await house.ana.waits_for(is_card, thread=ts)
        assert house.fleet.measured == [host]


async def test_a_further_paste_in_a_thread_is_about_the_same_host(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        ts = await house.ana.says(MAIL_OPS, LOG_LINE)
        await house.ana.waits_for(is_card, thread=ts)
        await house.ana.says(MAIL_OPS, UNPLACED, thread=ts)
        await house.quiet()
        assert house.fleet.measured == ["host01", "host01"]
        await house.ana.says(MAIL_OPS, LOG_LINE.replace("host01", "elsewhere"), thread=ts)
        await house.ana.waits_for(shows("not in the inventory"), thread=ts)
        assert house.fleet.measured == ["host01", "host01"]


async def test_no_host_is_asked_for_in_a_menu_and_only_the_asker_chooses(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        ts = await house.ana.says(MAIL_OPS, UNPLACED)
        question = await house.ana.waits_for(shows("on which host"), thread=ts)
        offered = await house.ana.searches(question, "pick_host", "MX1")
        assert [one["value"] for one in offered] == ["host01"]
        everything = await house.ana.searches(question, "pick_host", "")
        assert [one["value"] for one in everything] == ["advice01", "host01", "host02"]  # host03 is for another channel
        await house.ben.clicks(question, "pick_host", offered[0])
        await house.ben.waits_for(shows("Only the person who asked"), thread=ts)
        assert house.fleet.measured == []
        await house.ana.clicks(question, "pick_host", offered[0])
        answer = await house.ana.waits_for(shows("Confirmed"), thread=ts)
        assert answer["ts"] == question["ts"]


async def test_only_hosts_of_the_inventory_and_of_the_channel_can_be_chosen(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        ts = await house.ana.says(MAIL_OPS, UNPLACED)
        question = await house.ana.waits_for(shows("on which host"), thread=ts)
        for forged in ("evil.example.com", "host03", "x" * 10_000, "host01;id"):
            option = {"text": {"type": "plain_text", "text": "x"}, "value": forged}
            await house.ana.clicks(question, "pick_host", option)
        await house.quiet()
        assert house.fleet.measured == []


async def test_several_named_hosts_are_a_question(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        ts = await house.ana.says(MAIL_OPS, LOG_LINE + "\n" + LOG_LINE.replace("host01", "host02"))
        question = await house.ana.waits_for(shows("Several hosts"), thread=ts)
        assert "host01" in str(question["blocks"])
        assert house.fleet.measured == []


async def test_a_host_without_an_account_for_fixes_gets_advice(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        house.fleet.down.add("advice01")
        ts = await house.ana.says(MAIL_OPS, LOG_LINE.replace("host01", "advice01"))
        await house.ana.waits_for(shows("this is advice"), thread=ts)
        assert len(await answers(house, ts)) == 1


async def test_chinese_people_and_chinese_words_are_answered_in_chinese(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        ts = await house.person("U0CHEN").says(MAIL_OPS, LOG_LINE)
        await house.ana.waits_for(shows("已确认"), thread=ts)
        ts = await house.ana.says(MAIL_OPS, f"邮件服务器起不来了，请看一下\n{LOG_LINE}")
        await house.ana.waits_for(shows("已确认"), thread=ts)


async def test_progress_is_shown_by_edits_of_one_message(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        house.fleet.slow.clear()
        ts = await house.ana.says(MAIL_OPS, LOG_LINE)
        waiting = await house.ana.waits_for(shows("Connecting to"), thread=ts)
        house.fleet.slow.set()
        done = await house.ana.waits_for(shows("Confirmed"), thread=ts)
        assert done["ts"] == waiting["ts"]
        assert done["blocks"] != waiting["blocks"]
