"""B11: two bot processes on one database act as one: one answers, either acts, and what a killed one left the other ends.

The same holds for a thousand clicks before two processes (tests/drills/test_clicks.py) and two dying at once (B1).
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.cli.demo import _inventory
from bot.execution.enrolment import answer
from bot.model.execution import FINAL, State
from bot.sandbox.hosts import SampleHost, SampleHosts, load_scenes
from bot.sandbox.slack import Workspace, serve
from bot.sandbox.slack.identity import Identity
from bot.sandbox.slack.seed import MAIL_OPS
from tests.e2e.test_story_fix import is_card, shows
from tests.soak.chaos import _overlaps, chaos
from tests.support.house import MANIFEST
from tests.support.processes import begun, bot_process
from tests.support.slack_person import Person
from tests.support.stores import opened

PATIENCE = 60.0


async def test_two_serve_one_workspace_and_one_replaces_the_other(database: str, tmp_path: Path) -> None:
    hosts = [SampleHost(scene, step_seconds=1.5, enrolment=answer()) for scene in load_scenes()]
    first_host, second_host = hosts[0], hosts[1]
    async with SampleHosts(hosts, tmp_path) as listening, serve(Workspace(MANIFEST)) as running, opened(database) as store:
        inventory, log = _inventory(tmp_path, listening.addresses, Identity().team_id), tmp_path / "bots.log"
        ana, ben = Person(running, "U0ANA"), Person(running, "U0BEN")
        samples = {scene.host: scene.sample for scene in load_scenes() if scene.sample}
        with bot_process(running, inventory, database, log) as one:
            with bot_process(running, inventory, database, log) as two:
                await asyncio.to_thread(begun, one)
                await asyncio.to_thread(begun, two)
                ts = await ana.says(MAIL_OPS, samples["host01"]["text"])
                card = await ana.waits_for(is_card, thread=ts, timeout=PATIENCE)
                assert await ben.clicks(card, "approve") == ""
                await ana.waits_for(shows("Healed"), thread=ts, timeout=PATIENCE)
                await asyncio.sleep(2)
                assert len(await ana.reads(thread=ts)) == 3  # the paste, one answer, one card
                assert first_host.effects == ["loopback-up", "service-restart postfix"]
                two.kill()
                await asyncio.to_thread(two.wait)
            ts = await ana.says(MAIL_OPS, samples["host02"]["text"])
            card = await ana.waits_for(is_card, thread=ts, timeout=PATIENCE)
            await ben.clicks(card, "approve")
            async with asyncio.timeout(PATIENCE):
                while len(second_host._journal) < 2:  # its last step is running
                    await asyncio.sleep(0.02)
            with bot_process(running, inventory, database, log) as three:
                one.kill()
                await asyncio.to_thread(one.wait)
                await asyncio.to_thread(begun, three)
                await ana.waits_for(shows("Healed"), thread=ts, timeout=PATIENCE)
                assert second_host.effects == ["destination-add host02.example.com", "service-reload postfix"]
                assert len(await ana.reads(thread=ts)) == 3
                assert {await store.plans.state(plan) for plan in await store.plans.listed(list(State))} <= FINAL
                events = [event async for event in store.events.read()]
                carriers = {event.actor for event in events if event.kind.startswith("step.") and event.actor != "postmedic"}
                assert len(carriers) >= 2  # who began the last step is not who ended it
                assert await store.events.verify() is None


async def test_random_kills_of_two_replicas_break_nothing(database: str, tmp_path: Path) -> None:
    outcome = await chaos(database, tmp_path, seconds=6)
    assert outcome.good, outcome
    assert outcome.kills > 0
    assert outcome.states[State.SUCCEEDED] > 0


async def test_the_judge_of_such_a_run_sees_what_would_be_wrong() -> None:
    fine = [["begin", "a", "0", "mx1"], ["end", "a", "0", "mx1"], ["begin", "b", "0", "mx1"], ["begin", "c", "0", "mx2"]]
    assert _overlaps(fine) == 0
    assert _overlaps([*fine, ["begin", "d", "0", "mx1"]]) == 1
