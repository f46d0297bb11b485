"""Knowledge that changes while the bot serves, and questions that no entry answers: what people see, and what is kept."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from bot.authoring.shelf import Shelf
from bot.engine import compiled
from bot.knowledge.library import load
from bot.model.execution import State
from bot.model.progress import Why
from bot.sandbox.slack.seed import MAIL_OPS
from tests.e2e.test_story_fix import proposed, shows
from tests.support.house import ENTRY, LOG_LINE, House, at_home
from tests.support.own_entry import LINE, place

ASKED = "@postmedic postfix sings strangely 7 times"


def exchange(house: House, folder: Path, old: str, new: str) -> None:
    """What the watcher does once changed entries were found sound."""
    assert old in ENTRY
    text = ENTRY.replace("RISK", "low").replace(old, new)
    (folder / "knowledge/startup/no-local-interface/problem.yaml").write_text(text, encoding="utf-8")
    house.desk.engine.known = compiled(load([folder / "knowledge"]))


async def ended(house: House) -> tuple[State, Why]:
    async with asyncio.timeout(60):
        while not (found := await house.store.plans.listed([State.STALE])):
            await asyncio.sleep(0.02)
    progress = await house.store.plans.progress(found[0])
    return progress.state, progress.why


async def test_a_plan_of_an_entry_that_has_changed_does_not_run(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        _, card = await proposed(house)
        exchange(house, tmp_path, "Nothing else is touched.", "The other interfaces are raised too.")
        assert await house.ben.clicks(card, "approve") == ""
        assert await ended(house) == (State.STALE, Why.ENTRY_CHANGED)
        assert house.fleet.ran == []


async def test_an_answer_comes_from_what_is_known_now(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        exchange(house, tmp_path, "No local interface found", "A newer title")
        ts = await house.ana.says(MAIL_OPS, f"it is down\n```{LOG_LINE}```")
        await house.ana.waits_for(shows("A newer title"), thread=ts)


async def test_a_folder_that_is_not_used_is_told_at_home_to_members_alone(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        engine = house.desk.engine
        engine.known = replace(engine.known, refused="ours/local/x/problem.yaml:3: the key 'colour' is not known here")
        await house.ana.opens_home()
        assert "the key 'colour' is not known here" in str(await house.ana.waits_for_home())
        await house.person("U0GUS").opens_home()
        assert "colour" not in str(await house.person("U0GUS").waits_for_home())


async def test_entries_placed_while_it_serves_are_recognised(tmp_path: Path) -> None:
    (tmp_path / "ours").mkdir()
    shelf = Shelf([tmp_path / "ours"])
    async with at_home(tmp_path) as house:
        engine = house.desk.engine
        engine.known = await shelf.read()
        watching = asyncio.create_task(shelf.watch(lambda known: setattr(engine, "known", known), every=0.05))
        place(tmp_path / "ours")
        async with asyncio.timeout(30):
            while "local-frob-gone" not in engine.library:
                await asyncio.sleep(0.05)
        ts = await house.ana.says(MAIL_OPS, f"on host01\n{LINE}")
        await house.ana.waits_for(shows("The frobnicator answers too often"), thread=ts)
        watching.cancel()


async def test_what_somebody_asked_and_nobody_knows_is_kept_masked_and_once(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        await house.ana.says(MAIL_OPS, f"{ASKED}\nrelay password = hunter2")
        await house.quiet()
        await house.ben.says(MAIL_OPS, f"{ASKED.replace('7', '12')}\nrelay password = other3")
        await house.ana.says(MAIL_OPS, "postfix sings strangely and nobody asked")
        await house.ana.says(MAIL_OPS, f"@postmedic why? {LOG_LINE}")
        await house.quiet()
        (one,) = await house.store.unmatched.listed()
        assert one.count == 2
        assert "postfix sings strangely 7 times" in one.text
        assert "hunter2" not in one.text
        assert "U0ANA" not in one.text
