"""The whole way on real hosts, by Slack payloads alone: paste, diagnosis, refused clicks, approval, healed, and the traces."""

from __future__ import annotations

import asyncio
import stat
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.knowledge import library
from bot.model.execution import State
from bot.model.text import Lang
from bot.render.templates import say
from bot.sandbox.slack.seed import MAIL_OPS
from bot.store.store import Store
from handlers.desk import Desk
from tests.lab import Lab
from tests.lab.enrolled import admit, write_inventory
from tests.lab.filesystem import Entry, diff
from tests.lab.office import (
    ANA,
    APPROVERS,
    DORA,
    PATIENCE,
    answered,
    bot_at,
    card_of,
    card_says,
    decided,
    ended,
    proposed,
    shown,
    workspace,
)
from tests.lab.proving import HOSTS, broken, checked, made_new
from tests.support.slack_person import Person

LIBRARY = library.load()
# What running Postfix and systemd write by themselves, and the journal and the kept copies of the account for fixes.
OWN = ("/var/spool/postfix/", "/var/lib/postfix/", "/var/lib/postmedic", "/var/mail/", "/tmp/", "/var/tmp/")
MAIN_CF = "/etc/postfix/main.cf"
GROUPS = ("/etc/group", "/etc/group-", "/etc/gshadow", "/etc/gshadow-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One problem of a family: how it is broken, what confirms it, and the only files its fix may change."""

    problem: str
    case: str
    changes: tuple[str, ...] = ()
    lang: Lang = "en"


STORIES = (
    Story(problem="startup-no-local-interface", case="down"),
    Story(problem="local-mail-not-received", case="hostname-not-listed", changes=(MAIN_CF,), lang="zh"),
    Story(problem="sasl-saslauthd-unreachable", case="group", changes=GROUPS),
    Story(problem="send-port25-blocked", case="relay-ready", changes=(MAIN_CF,)),
)


@pytest.mark.parametrize("name", HOSTS)
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.problem)
async def test_from_paste_to_healed(enrolled: Lab, story: Story, name: str, tmp_path: Path) -> None:
    host, case = enrolled[name], next(one for one in LIBRARY[story.problem].lab if one.id == story.case)
    inventory = write_inventory(enrolled, tmp_path / "inventory.toml", APPROVERS)
    try:
        async with workspace() as running, bot_at(running, inventory, tmp_path) as desk:
            store = desk.store
            ana, dora = Person(running, ANA), Person(running, DORA)
            said = await broken(host, case)
            ts = await answered(ana, f"{said}\n(on {name})", say("confirmed", story.lang))
            card, plan_id = await card_of(ana, ts, store, story.problem)
            await ana.clicks(card, "approve")
            await ana.waits_for(lambda message: "another person must decide" in shown(message), thread=ts)
            await dora.clicks(card, "approve")
            await dora.waits_for(lambda message: "not an approver" in shown(message), thread=ts)
            progress = await store.plans.progress(plan_id)
            assert (progress.state, progress.plan.cause, progress.steps) == (State.PROPOSED, case.cause, ())
            before = await asyncio.to_thread(host.snapshot)

            await decided(running, card, plan_id, store, inventory)
            assert (await ended(store, plan_id)).state is State.SUCCEEDED
            await card_says(ana, ts, State.SUCCEEDED, story.lang)

            assert _files(diff(before, await asyncio.to_thread(host.snapshot, before))) <= set(story.changes)
            assert await checked(host, case) == ""
            await _audited(store, plan_id)
            await _checks_clean(ana, desk, name, plan_id)
    finally:
        made_new(enrolled, name)


@pytest.mark.parametrize("name", HOSTS)
async def test_without_an_account_for_fixes_there_is_advice_and_nothing_else(enrolled: Lab, name: str, tmp_path: Path) -> None:
    host, case = enrolled[name], next(one for one in LIBRARY["startup-no-local-interface"].lab if one.id == "down")
    inventory = write_inventory(enrolled, tmp_path / "inventory.toml", APPROVERS, ordinary=True)
    try:
        admit(enrolled, host)
        async with workspace() as running, bot_at(running, inventory, tmp_path) as desk:
            ana = Person(running, ANA)
            said = await broken(host, case)
            before = await asyncio.to_thread(host.snapshot)
            ts = await answered(ana, f"{said}\n(on {name})", say("advice-instead", "en"))
            await asyncio.sleep(2)  # a card would have come by now
            thread = await ana.reads(thread=ts)
            assert any(say("confirmed", "en") in shown(message) for message in thread)
            assert any(say("read-only-not-enforced", "en") in shown(message) for message in thread)
            assert [message for message in thread if proposed(message)] == []
            assert [event.kind async for event in desk.store.events.read() if event.kind.startswith("plan.")] == []
            assert _files(diff(before, await asyncio.to_thread(host.snapshot, before))) == set()
    finally:
        made_new(enrolled, name)


def _files(changed: Mapping[str, tuple[Entry | None, Entry | None]]) -> set[str]:
    """The files that differ in more than their time, but for those that the host's own services write."""
    found = set()
    for path, (before, after) in changed.items():
        folder = all(one is not None and stat.S_ISDIR(one.mode) for one in (before, after))
        if not folder and not path.startswith(OWN):
            found.add(path)
    return found


async def _audited(store: Store, plan_id: str) -> None:
    """Every decision and every state stands in the chain, and the chain is whole."""
    events = [event async for event in store.events.read() if event.subject == plan_id]
    plan = (await store.plans.progress(plan_id)).plan
    kinds = Counter(event.kind for event in events)
    assert [event.actor for event in events if event.kind == "plan.review-refused"] == [ANA, DORA]
    assert kinds["plan.reviewed"] == (2 if plan.risk == "high" else 1)
    for state in ("proposed", "approved", "checking", "applying", "verifying", "succeeded"):
        assert kinds[f"plan.{state}"] == 1, kinds
    assert kinds["step.started"] == kinds["step.ended"] == len(plan.steps)
    assert await store.events.verify() is None


async def _checks_clean(ana: Person, desk: Desk, name: str, plan_id: str) -> None:
    """The general check finds nothing to mend any more; what stands in the log of before stays there."""
    title = say("check-title", "en", str, host=name)
    assert await ana.command(f"/postfix check {name}") == ""
    card = await ana.waits_for(lambda message: message["text"].startswith(f"{title}: :"), timeout=PATIENCE, channel=MAIL_OPS)
    assert say("check-running", "en") in shown(card)
    assert say("check-queue-empty", "en") in shown(card)
    known = desk.engine.inventory[name]
    checkup = await desk.engine.check(known, desk.engine.reader(known))
    assert checkup.error == ""
    assert [(one.problem.id, one.confirmed) for one in checkup.diagnoses if one.confirmed] == []
    proposals = [event.subject async for event in desk.store.events.read() if event.kind == "plan.proposed"]
    assert proposals == [plan_id]
