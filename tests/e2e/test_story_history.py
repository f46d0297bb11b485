"""Who changed what on a host: `/postfix history`, or the same words in a mention, only where the host may be discussed."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.render.history import MOST_SHOWN
from bot.sandbox.slack.seed import MAIL_OPS
from tests.e2e.test_story_fix import proposed, shows
from tests.support.house import SECOND_CHANNEL, at_home
from tests.support.plans import FINGERPRINT, plan


async def test_the_history_says_who_asked_who_approved_what_ran_and_how_it_ended(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        ts, card = await proposed(house)
        await house.ana.clicks(card, "approve")  # her own request
        await house.ben.clicks(card, "approve")
        await house.ana.waits_for(shows("Healed"), thread=ts)
        await house.quiet()
        await house.store.forget(-1)  # the rows are gone, the record is not
        assert await house.ana.command("/postfix history MX1.example.com") == ""
        told = await house.ana.waits_for(shows("Changes on"))
        assert told["ephemeral"] is True
        said = str(told["blocks"])
        for part in (
            "*`raise-loopback`* for `startup-no-local-interface`",
            "Asked for by <@U0ANA>",
            f"{MAIL_OPS} {ts}",
            "<@U0ANA> tried to decide and was refused",
            "own-request",
            "<@U0BEN> said `approve`",
            "1. `loopback-up` — Exit status 0.",
            "*Healed.*",
            FINGERPRINT,
            "audit:",
        ):
            assert part in said, part
        for where, words in ((MAIL_OPS, "历史 host01"), (MAIL_OPS, "记录 host01")):
            asked = await house.ana.says(where, f"@postmedic {words}")
            await house.ana.waits_for(shows("Changes on"), thread=asked)


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("history", "/postfix history host01"),
        ("history nowhere", "not in the inventory"),
        ("history host03", "not discussed in this channel"),
        ("history -oProxyCommand=x", "not in the inventory"),
        ("history host02", "No change was ever proposed"),
    ],
)
async def test_only_hosts_that_may_be_discussed_here_have_a_history_here(tmp_path: Path, words: str, answer: str) -> None:
    async with at_home(tmp_path) as house:
        await house.store.plans.propose(plan(host="host03"), "")
        await house.ana.command(f"/postfix {words}")
        told = str(await house.ana.waits_for(shows(answer)))
        assert "raise-loopback" not in told
        await house.ana.command("/postfix history host03", channel=SECOND_CHANNEL.id)
        await house.ana.waits_for(shows("raise-loopback"), channel=SECOND_CHANNEL.id)


async def test_a_long_history_is_bounded_and_newest_first(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        for number in range(80):
            await house.store.plans.propose(plan(f"plan-{number}", fix=f"fix-{number}", host="host01"), "")
        await house.ana.command("/postfix history host01")
        said = str((await house.ana.waits_for(shows("Changes on")))["blocks"])
        shown = [number for number in range(80) if f"`fix-{number}`" in said]
        assert shown == list(range(80 - MOST_SHOWN, 80))
        assert said.index("`fix-79`") < said.index("`fix-78`")
        assert "There are older ones" in said
