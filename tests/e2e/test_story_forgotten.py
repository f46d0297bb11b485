"""A thread whose rows were forgotten: its buttons are answered in plain words, and a question there begins anew."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from bot.cli.demo import demo
from bot.errors import NotFound
from bot.sandbox.slack.seed import MAIL_OPS, PEOPLE
from tests.e2e.test_story_fix import forge, is_card, proposed, shows
from tests.e2e.test_story_paste import NEAR
from tests.support.house import LOG_LINE, UNPLACED, House, at_home
from tests.support.stores import altered, opened

CHINESE = next(one.id for one in PEOPLE if one.locale == "zh-CN")


async def forgotten(house: House) -> None:
    """Let time pass until nothing of what was said is kept."""
    await house.quiet()
    await house.store.plans.expire(time.time() + 3600)
    await house.quiet()
    assert (await house.store.forget(-1))["conversations"] == 1


@pytest.mark.parametrize("action", ["approve", "deny", "break_glass", "resolve_succeeded"])
async def test_a_button_of_a_forgotten_plan_says_so_in_the_persons_language(tmp_path: Path, action: str) -> None:
    async with at_home(tmp_path) as house:
        ts, card = await proposed(house)
        button = next(one for block in card["blocks"] if block["type"] == "actions" for one in block["elements"])
        await forgotten(house)
        with pytest.raises(NotFound):
            await house.store.plans.state(button["value"])
        for person, said in (
            (house.ben, "There is no such plan. The message may be older than what is kept"),
            (house.person(CHINESE), "没有这个方案。该消息可能早于保留内容"),
        ):
            # As from a page that nobody has renewed since.
            await forge(house, person.id, card, action={"action_id": action, "value": button["value"]})
            told = await person.waits_for(shows(said), thread=ts)
            assert told["ephemeral"] is True
        await house.quiet()
        assert house.fleet.ran == []
        assert await house.ben.problems() == []


async def test_a_choice_of_a_forgotten_question_is_no_longer_open(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        near = f"@postmedic on host01\n{NEAR}"
        for text, asks, action in ((UNPLACED, "on which host", "pick_host"), (near, "Is it one of these", "choose_problem_0")):
            ts = await house.ana.says(MAIL_OPS, text)
            question = await house.ana.waits_for(shows(asks), thread=ts)
            choice = (await house.ana.searches(question, action, ""))[0] if action == "pick_host" else None
            await forgotten(house)
            await house.ana.clicks(question, action, choice)
            await house.ana.waits_for(shows("no longer open"), thread=ts)
        assert house.fleet.measured == []


async def test_a_question_in_a_forgotten_thread_begins_anew(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        ts, card = await proposed(house)
        await forgotten(house)
        again = await house.ana.says(MAIL_OPS, f"again\n```{LOG_LINE}```", thread=ts)
        new = await house.ana.waits_for(lambda message: is_card(message) and message["ts"] != card["ts"], thread=ts)
        assert float(new["ts"]) > float(again)
        await house.ben.clicks(new, "approve")
        await house.ana.waits_for(shows("Healed"), thread=ts)
        assert [name for name, _, _ in house.fleet.ran] == ["host01"]
        events = [event async for event in house.store.events.read()]
        assert len({event.subject for event in events if event.kind == "plan.proposed"}) == 2
        assert await house.store.events.verify() is None


async def test_a_bot_that_serves_forgets_by_itself(tmp_path: Path) -> None:
    async with opened(str(tmp_path / "postmedic.db")) as store:
        for key, days in (("old", 91), ("young", 89)):
            await store.unmatched.keep(key, key, "q")
            await altered(store, f"UPDATE unmatched SET last_at = last_at - {days * 86_400} WHERE key = '{key}'")
        async with demo(tmp_path), asyncio.timeout(60):
            while [one.text for one in await store.unmatched.listed()] != ["young"]:
                await asyncio.sleep(0.05)
        told = [event.details async for event in store.events.read() if event.kind == "rows.forgotten"]
        assert [details["unmatched"] for details in told] == ["1"]
