"""E1: forged or replayed requests are refused, and their bodies are not logged."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.sandbox.slack.deliver_http import HttpDelivery, sign
from bot.sandbox.slack.payloads import event_callback
from bot.sandbox.slack.seed import MAIL_OPS
from tests.e2e.test_story_fix import is_card
from tests.support.house import LOG_LINE, House, at_home

BODY_MARK = "the-words-of-a-forged-body"


def event(house: House, ts: str = "1700000000.000001", text: str = f"{BODY_MARK}\n{LOG_LINE}") -> str:
    said = {"type": "message", "channel": MAIL_OPS, "user": "U0ANA", "text": text, "ts": ts, "channel_type": "channel"}
    return json.dumps(event_callback(house.running.workspace, said))


async def post(house: House, body: str | bytes, headers: dict[str, str], kind: str = "application/json") -> int:
    """Send a request as anybody on the internet could, and give the status."""
    transport = house.running.workspace.dispatcher.transport
    assert isinstance(transport, HttpDelivery)
    content = body.encode() if isinstance(body, str) else body
    async with (
        aiohttp.ClientSession() as session,
        session.post(transport._url, data=content, headers={"Content-Type": kind} | headers) as response,
    ):
        said = await response.text()
        assert BODY_MARK not in said
        return response.status


def signed(house: House, body: str, at: float | str | None = None, secret: str = "") -> dict[str, str]:
    stamp = str(int(time.time() if at is None else at)) if not isinstance(at, str) else at
    signature = sign(secret or house.running.signing_secret, stamp, body)
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature}


async def test_a_request_that_is_not_slacks_or_not_of_now_has_no_effect(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with at_home(tmp_path, transport="http") as house:
        # Whatever level somebody turns on, the body of a refused request stays out of the log.
        for name in ("slack_bolt.RequestVerification", "slack_bolt.AsyncApp", "postmedic.bolt", ""):
            caplog.set_level(logging.DEBUG, logger=name)
        body = event(house)
        right = signed(house, body)
        stamp, signature = right["X-Slack-Request-Timestamp"], right["X-Slack-Signature"]
        forged: list[tuple[str | bytes, dict[str, str]]] = [
            (body, {}),
            (body, {"X-Slack-Signature": signature}),
            (body, {"X-Slack-Request-Timestamp": stamp}),
            (body, signed(house, body, secret="another secret")),
            (body, right | {"X-Slack-Signature": signature[:-1] + ("0" if signature[-1] != "0" else "1")}),
            (body, right | {"X-Slack-Signature": signature.upper()}),
            (body, right | {"X-Slack-Signature": ""}),
            (body, right | {"X-Slack-Signature": "v0=\u00e9"}),
            (body, signed(house, body, time.time() - 302)),
            (body, signed(house, body, time.time() + 303)),
            (body, signed(house, body, "")),
            (body, signed(house, body, "now")),
            (body, signed(house, body, "1e9")),
            (body, signed(house, body, "nan")),
            (body, signed(house, body, "9" * 5000)),
            (body.replace("U0ANA", "U0BEN"), right),
            (body + " ", right),
            (body[:-2] + "\u0000}", right),
            (body.encode() + b"\xff", right),
        ]
        for sent, headers in forged:
            assert await post(house, sent, headers) in (400, 401, 500), headers
        form = "application/x-www-form-urlencoded"
        for sent in (f"command=%2Fpostfix&text=check+host01&team_id=T0POSTMEDIC&more={BODY_MARK}", f"payload={BODY_MARK}"):
            assert await post(house, sent, signed(house, sent, secret="wrong"), form) in (400, 401, 500)
        await house.quiet()
        assert house.fleet.measured == []
        assert house.calls("chat.postMessage") == []
        assert BODY_MARK not in "".join(str(record.msg) + str(record.args) for record in caplog.records) + caplog.text
        assert "no local interface" not in caplog.text
        assert await post(house, body, right) == 200  # the very same request, unchanged, is Slack's
        async with asyncio.timeout(60):
            while not house.fleet.measured:
                await asyncio.sleep(0.02)


async def test_the_same_signed_request_twice_has_one_effect(tmp_path: Path) -> None:
    async with at_home(tmp_path, transport="http") as house:
        ts = await house.ana.says(MAIL_OPS, LOG_LINE)
        await house.ana.waits_for(is_card, thread=ts)
        [sent] = [d["payload"] for d in house.running.workspace.journal.deliveries if d["payload"]["event"].get("ts") == ts]
        body = json.dumps(sent)
        headers = signed(house, body)
        for _ in range(5):
            assert await post(house, body, headers) == 200
        await house.quiet()
        assert house.fleet.measured == ["host01"]
        assert len(house.calls("chat.postMessage")) == 2


async def test_at_the_edge_of_the_five_minutes(tmp_path: Path) -> None:
    async with at_home(tmp_path, transport="http") as house:
        body: Any = event(house, text="just talk")
        assert await post(house, body, signed(house, body, time.time() - 290)) == 200
        assert await post(house, body, signed(house, body, time.time() - 301)) == 401
        assert await post(house, body, signed(house, body, time.time() + 302)) == 401
