"""E2: a redelivery is processed once, whatever its headers say."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.slack import payloads
from bot.sandbox.slack.seed import MAIL_OPS
from bot.sandbox.slack.sockets import Sockets
from tests.e2e.test_story_fix import is_card, plan_of, proposed, shows
from tests.e2e.test_story_paste import answers
from tests.support.house import LOG_LINE, House, at_home


async def envelope(house: House, kind: str, payload: dict[str, Any], id: str, attempt: int) -> None:
    """Put one envelope on a socket, as Slack does, without waiting for its acknowledgement."""
    sockets = house.running.workspace.sockets
    assert isinstance(sockets, Sockets)
    more = {"retry_attempt": attempt, "retry_reason": "timeout" if attempt else ""} if kind == "events_api" else {}
    sent = {"envelope_id": id, "payload": payload, "type": kind, "accepts_response_payload": kind != "events_api"} | more
    await next(iter(sockets._open)).send_json(sent)


@pytest.mark.parametrize("transport", ["socket", "http"])
async def test_a_mention_is_two_events_and_one_answer(tmp_path: Path, transport: str) -> None:
    async with at_home(tmp_path, transport=transport) as house:
        ts = await house.ana.says(MAIL_OPS, f"@postmedic look\n{LOG_LINE}")
        await house.ana.waits_for(is_card, thread=ts)
        assert len(await answers(house, ts)) == 2  # the answer and the card
        assert house.fleet.measured == ["host01"]


async def test_a_redelivered_event_is_answered_once(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        await house.fault("duplicate")
        ts = await house.ana.says(MAIL_OPS, LOG_LINE)
        await house.ana.waits_for(is_card, thread=ts)
        assert len(await answers(house, ts)) == 2
        attempts = [d["attempt"] for d in house.running.workspace.journal.deliveries if d["payload"]["event"].get("ts") == ts]
        assert attempts == [0, 1]


@pytest.mark.parametrize("same_envelope", [True, False])
async def test_an_event_in_any_number_of_envelopes_is_answered_once(tmp_path: Path, same_envelope: bool) -> None:
    async with at_home(tmp_path) as house:
        ts = await house.ana.says(MAIL_OPS, LOG_LINE)
        [payload] = [d["payload"] for d in house.running.workspace.journal.deliveries if d["payload"]["event"].get("ts") == ts]
        id = secrets.token_hex(16)
        for attempt in (0, 0, 1, 2, 3, 0):  # redeliveries that call themselves the first were seen in the field
            await envelope(house, "events_api", payload, id if same_envelope else secrets.token_hex(16), attempt)
        await house.ana.waits_for(is_card, thread=ts)
        assert len(await answers(house, ts)) == 2
        assert house.fleet.measured == ["host01"]


async def test_a_click_a_command_and_a_denial_that_come_again_count_once(tmp_path: Path) -> None:
    async with at_home(tmp_path, risk="high") as house:
        ts, card = await proposed(house)
        ws = house.running.workspace
        conversation = ws.store.conversations[MAIL_OPS]
        click = payloads.in_message(ws, "block_actions", "U0BEN", conversation, card)
        action = {"type": "button", "action_id": "approve", "block_id": "x", "value": plan_of(card)}
        click = payloads.with_action(ws, click, action, {"values": {}})
        order = payloads.slash_command(ws, "U0ANA", conversation, "/postfix", "check host02")
        for _ in range(4):
            await envelope(house, "interactive", click, secrets.token_hex(16), 0)
            await envelope(house, "slash_commands", order, secrets.token_hex(16), 0)
        await house.ana.waits_for(shows("1 of 2 approvals"), thread=ts)
        await house.ana.waits_for(shows("Health of host02"))
        await house.quiet()
        assert [one for one in await house.ben.reads(thread=ts) if one.get("ephemeral")] == []  # no "already counted"
        assert len([one for one in await house.ana.reads() if "Health of host02" in str(one)]) == 1
        assert house.fleet.ran == []
