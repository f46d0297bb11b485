"""From a paste to a healed host: what people see in Slack, over both transports."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.slack import payloads
from bot.sandbox.slack.seed import MAIL_OPS
from tests.support.house import LOG_LINE, House, at_home

Json = dict[str, Any]


def is_card(message: Json) -> bool:
    return message["text"].startswith("Proposed fix for")


def shows(text: str) -> Any:
    return lambda message: text in str(message.get("blocks", "")) + message["text"]


async def proposed(house: House, text: str = f"it is down\n```{LOG_LINE}```") -> tuple[str, Json]:
    """Ana pastes; give her message's ts and the card of the plan that follows."""
    ts = await house.ana.says(MAIL_OPS, text)
    await house.ana.waits_for(shows("Confirmed"), thread=ts)
    return ts, await house.ana.waits_for(is_card, thread=ts)


@pytest.mark.parametrize("transport", ["socket", "http"])
async def test_paste_diagnosis_approval_healed(tmp_path: Path, transport: str) -> None:
    async with at_home(tmp_path, transport=transport) as house:
        ts, card = await proposed(house)
        assert await house.ben.clicks(card, "approve") == ""
        healed = await house.ana.waits_for(shows("Healed"), thread=ts)
        assert healed["ts"] == card["ts"]
        assert [(name, wire) for name, _, wire in house.fleet.ran] == [("host01", "loopback-up")]
        thread = await house.ana.reads(thread=ts)
        assert len(thread) == 3  # the paste, one answer, one card


def state_of(house: House, card: Json) -> str:
    return str(next(b for b in card["blocks"] if b["type"] == "section")["text"]["text"])


async def forge(house: House, who: str, card: Json, **changes: Any) -> None:
    """Send a click that no page would make: the real payload of an approval with something else in it."""
    ws = house.running.workspace
    conversation = ws.store.conversations[changes.pop("channel", card["channel"])]
    payload = payloads.in_message(ws, "block_actions", who, conversation, card)
    action = {"type": "button", "action_id": "approve", "block_id": "x", "value": ""} | changes.pop("action", {})
    payload = payloads.with_action(ws, payload, action, {"values": {}}) | changes
    await ws.dispatcher.ask("interactive", payload)


@pytest.mark.parametrize(
    ("who", "answer"),
    [
        ("U0ANA", "another person must decide"),  # named as an approver, but she asked
        ("U0DORA", "not an approver"),
        ("U0GUS", "Guests"),  # named as an approver, but a guest
    ],
)
async def test_who_may_not_approve_is_told_alone_and_nothing_runs(tmp_path: Path, who: str, answer: str) -> None:
    async with at_home(tmp_path) as house:
        ts, card = await proposed(house)
        await house.person(who).clicks(card, "approve")
        told = await house.person(who).waits_for(shows(answer), thread=ts)
        assert told["ephemeral"] is True
        assert all(answer not in str(m) for m in await house.person("U0CHEN").reads(thread=ts))
        await house.quiet()
        assert house.fleet.ran == []


async def test_when_slack_cannot_say_who_it_is_the_decision_does_not_count(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        ts, card = await proposed(house)
        await house.fault("5xx", count=20, method="users.info")
        await house.ben.clicks(card, "approve")
        await house.ben.waits_for(shows("could not say who you are"), thread=ts)
        assert house.fleet.ran == []


async def test_two_people_click_at_once_and_it_runs_once(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        ts, card = await proposed(house)
        chen = house.person("U0CHEN")
        await asyncio.gather(house.ben.clicks(card, "approve"), chen.clicks(card, "approve"))
        await house.ana.waits_for(shows("Healed"), thread=ts)
        await house.quiet()
        assert len(house.fleet.ran) == 1
        seen = [*await house.ben.reads(thread=ts), *await chen.reads(thread=ts)]
        told = [m for m in seen if m.get("ephemeral")]
        assert len(told) == 1
        assert re.search(r"already decided by <@U0CHEN>|已由 <@U0BEN> 决定", told[0]["text"])


async def test_a_denial_needs_a_reason_that_everybody_sees(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        ts, card = await proposed(house)
        await house.ben.clicks(card, "deny")
        modal = await house.ben.waits_for_view()
        assert card["blocks"][-1]["elements"][0]["value"] == modal["private_metadata"]
        assert "Say why" in (await house.ben.submits(modal, {"reason": "  "}))["reason"]
        assert await house.ben.submits(modal, {"reason": "not now <!channel>"}) == {}
        denied = await house.ana.waits_for(shows("*Denied*"), thread=ts)
        assert "not now &lt;!channel&gt;" in state_of(house, denied)
        assert denied["ts"] == card["ts"]
        await forge(house, "U0CHEN", card, action={"value": plan_of(card)})
        await house.person("U0CHEN").waits_for(shows("已由 <@U0BEN> 决定"), thread=ts)
        assert house.fleet.ran == []


async def test_an_expired_plan_runs_nothing(tmp_path: Path) -> None:
    async with at_home(tmp_path, minutes=0.02) as house:
        ts, card = await proposed(house)
        await house.ana.waits_for(shows("*Expired.*"), thread=ts)
        await forge(house, "U0BEN", card, action={"value": plan_of(card)})
        await house.ben.waits_for(shows("has expired"), thread=ts)
        assert house.fleet.ran == []


def plan_of(card: Json) -> str:
    return str(next(b for b in card["blocks"] if b["type"] == "actions")["elements"][0]["value"])


async def test_a_plan_in_doubt_is_ended_by_a_person_after_fresh_facts(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        house.fleet.drops = True
        ts, card = await proposed(house)
        await house.ben.clicks(card, "approve")
        doubt = await house.ana.waits_for(shows("*In doubt.*"), thread=ts)
        await house.person("U0DORA").clicks(doubt, "resolve_succeeded")
        await house.person("U0DORA").waits_for(shows("not an approver"), thread=ts)
        await house.ben.clicks(doubt, "resolve_failed")
        ended = await house.ana.waits_for(shows("*Failed.*"), thread=ts)
        assert ended["ts"] == card["ts"]
        assert "A person decided" in state_of(house, ended)
        # Who it was is the account: what somebody calls themselves is theirs to choose.
        assert "<@U0BEN>" in state_of(house, ended)
        assert (await house.desk.people.actor("U0BEN")).name not in state_of(house, ended)
