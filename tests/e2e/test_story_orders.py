"""What people order in words, by slash command or by mention, and what the Home tab shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.sandbox.slack.seed import GENERAL, MAIL_OPS
from tests.e2e.test_story_fix import is_card, proposed, shows
from tests.support.house import LOG_LINE, SECOND_CHANNEL, UNPLACED, at_home


@pytest.mark.parametrize("transport", ["socket", "http"])
async def test_a_check_answers_in_the_channel_and_its_thread_is_about_the_host(tmp_path: Path, transport: str) -> None:
    async with at_home(tmp_path, transport=transport) as house:
        assert await house.ana.command("/postfix check HOST01") == ""
        checked = await house.ben.waits_for(shows("Health of host01"))
        assert "thread_ts" not in checked
        await house.ana.waits_for(shows("could not be measured"))
        await house.quiet()
        assert set(house.fleet.measured) == {"host01"}
        await house.ana.says(MAIL_OPS, UNPLACED, thread=checked["ts"])
        await house.ana.waits_for(is_card, thread=checked["ts"])
        assert set(house.fleet.measured) == {"host01"}


async def test_a_check_proposes_its_fixes_in_the_thread_of_its_own_message(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        house.fleet.logs = [LOG_LINE]
        await house.ana.command("/postfix check host01")
        checked = await house.ana.waits_for(shows("log lines show"))
        card = await house.ana.waits_for(is_card, thread=checked["ts"])
        await house.ben.clicks(card, "approve")
        await house.ana.waits_for(shows("Healed"), thread=checked["ts"])


async def test_a_check_in_a_direct_message_is_answered_there(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        dm = (await house.slack.client.conversations_open(users="U0ANA"))["channel"]["id"]
        await house.ana.command("/postfix check host01", channel=dm)
        await house.ana.waits_for(shows("Health of host01"), channel=dm)


async def test_a_decision_does_not_wait_behind_hosts_that_hang(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        ts, card = await proposed(house)
        house.fleet.slow.clear()
        for number in range(30):
            await house.ana.says(MAIL_OPS, f"{LOG_LINE} {number}")
        await house.ben.clicks(card, "deny")
        await house.ben.submits(await house.ben.waits_for_view(), {"reason": "later"})
        await house.ana.waits_for(shows("*Denied*"), thread=ts)  # the hosts would hang for ever
        house.fleet.slow.set()


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("", "/postfix check host01"),
        ("check", "/postfix check host01"),
        ("check nosuch01", "not in the inventory"),
        ("check host03", "not discussed in this channel"),
        ("check <!channel>", "not in the inventory"),
        ("hosts", "host02"),
        ("help", "Paste an error"),
        ("reboot everything now please", "I do not know"),
    ],
)
async def test_short_answers_are_for_the_person_alone(tmp_path: Path, words: str, answer: str) -> None:
    async with at_home(tmp_path) as house:
        assert await house.ana.command(f"/postfix {words}") == ""
        told = await house.ana.waits_for(shows(answer))
        assert told["ephemeral"] is True
        assert "<!channel>" not in str(told)
        assert await house.ben.reads() == []
        assert house.fleet.measured == []


async def test_a_check_where_the_bot_is_no_member_asks_for_an_invitation(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        await house.ana.command("/postfix check host01", channel=GENERAL)
        await house.ana.waits_for(shows("Invite me"), channel=GENERAL)
        assert house.fleet.measured == []


async def test_hosts_of_other_channels_are_not_listed(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        await house.ana.command("/postfix hosts")
        assert "host03" not in str(await house.ana.waits_for(shows("host02")))
        await house.ana.command("/postfix hosts", channel=SECOND_CHANNEL.id)
        await house.ana.waits_for(shows("host03"), channel=SECOND_CHANNEL.id)


async def test_a_mention_orders_in_a_thread_where_commands_do_not_work(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        ts = await house.ana.says(MAIL_OPS, LOG_LINE)
        await house.ana.waits_for(is_card, thread=ts)
        await house.ana.says(MAIL_OPS, "@postmedic check host02", thread=ts)
        await house.ana.waits_for(shows("Health of host02"), thread=ts)
        await house.ana.says(MAIL_OPS, "@postmedic check nosuch01", thread=ts)
        await house.ana.waits_for(shows("not in the inventory"), thread=ts)
        await house.person("U0CHEN").says(MAIL_OPS, "@postmedic 帮助", thread=ts)
        await house.ana.waits_for(shows("粘贴 Postfix 主机的错误"), thread=ts)


async def test_home_shows_hosts_and_what_waits_with_a_link_to_it(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        await house.ben.opens_home()
        home = await house.ben.waits_for_home()
        assert "Nothing that may be shown to you here waits" in str(home["blocks"])
        _, card = await proposed(house)
        await house.quiet()
        await house.person("U0DORA").opens_home()
        home = await house.person("U0DORA").waits_for_home()
        assert "host01" in str(home["blocks"])
        assert "host03" not in str(home["blocks"])
        assert card["ts"].replace(".", "") in str(home["blocks"])
        await house.person("U0GUS").opens_home()
        home = await house.person("U0GUS").waits_for_home()
        assert "host01" not in str(home["blocks"]).replace("check host01", "").replace("history host01", "")
