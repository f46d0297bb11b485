"""The page's door: what it is told at the start, what it is told live, and what it is refused."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack import Running
from bot.sandbox.slack.seed import BOT_USER, GENERAL, MAIL_OPS
from tests.support.slack_person import Denied, Person

Json = dict[str, Any]


class Page:
    """An open page: the changes its live stream has brought so far."""

    def __init__(self, running: Running, user: str) -> None:
        self._url = f"{running.url}/_control/stream"
        self._user = user
        self.changes: list[Json] = []
        self._ready = asyncio.Event()

    async def __aenter__(self) -> Page:
        self._task = asyncio.create_task(self._listen())
        await self._ready.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _listen(self) -> None:
        async with aiohttp.ClientSession() as session, session.get(self._url, params={"as": self._user}) as stream:
            async for line in stream.content:
                self._ready.set()
                if line.startswith(b"data: "):
                    self.changes.append(json.loads(line[6:]))

    async def saw(self, *kinds: str) -> list[Json]:
        """Wait for exactly these kinds of change."""
        async with asyncio.timeout(60):
            while len(self.changes) < len(kinds):
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        assert [change["type"] for change in self.changes] == list(kinds)
        return self.changes


async def get(running: Running, path: str) -> Json:
    async with aiohttp.ClientSession() as session, session.get(f"{running.url}/_control/{path}") as response:
        answer: Json = await response.json()
        return answer


async def test_state_names_everybody_and_everything(running: Running) -> None:
    state = await get(running, "state")
    assert {user["id"]: user["role"] for user in state["users"]} == {
        "U0ANA": "asks",
        "U0BEN": "approves",
        "U0CHEN": "approves",
        "U0DORA": "no rights",
        "U0GUS": "guest",
        BOT_USER: "bot",
    }
    channels = {channel["id"]: channel for channel in state["channels"]}
    assert BOT_USER in channels[MAIL_OPS]["members"]
    assert BOT_USER not in channels[GENERAL]["members"]
    assert (channels["D0ANA"]["kind"], channels["D0ANA"]["user"]) == ("im", "U0ANA")
    assert state["commands"][0]["usage_hint"] == "check host01 · history host01 · hosts · freeze why · help"
    assert state["shortcuts"] == [{"name": "Diagnose this message", "callback_id": "diagnose_message", "type": "message"}]


async def test_stream_shows_each_person_only_what_they_may_see(running: Running, client: AsyncWebClient) -> None:
    async with Page(running, "U0ANA") as anas, Page(running, "U0GUS") as guss:
        root = (await client.chat_postMessage(channel=MAIL_OPS, text="root"))["ts"]
        await client.chat_postMessage(channel=MAIL_OPS, text="reply", thread_ts=root)
        await client.chat_postEphemeral(channel=MAIL_OPS, user="U0ANA", text="psst")
        await Person(running, "U0ANA").says(GENERAL, "Gus is not in here")
        await client.chat_delete(channel=MAIL_OPS, ts=root)
        changes = await anas.saw("message", "message_changed", "message", "ephemeral", "message", "message_deleted")
        assert changes[1]["message"]["reply_count"] == 1
        assert changes[3]["message"]["ephemeral"] is True
        await guss.saw("message", "message_changed", "message", "message_deleted")


async def test_problems_reach_the_person_they_concern(running: Running) -> None:
    async with Page(running, "U0ANA") as anas, Page(running, "U0BEN") as bens:
        await Person(running, "U0ANA").command("/postfix hosts")
        changes = await anas.saw("problem")
        assert changes[0]["text"] == '/postfix failed with the error "dispatch_failed"'
        await bens.saw()


async def test_snippet_can_be_read_by_those_who_see_it(running: Running) -> None:
    await Person(running, "U0ANA").says(GENERAL, "", snippet="whole text")
    file = (await Person(running, "U0BEN").reads(GENERAL))[0]["files"][0]
    assert await get(running, f"file?as=U0BEN&id={file['id']}") == {"content": "whole text"}
    assert (await get(running, f"file?as=U0GUS&id={file['id']}"))["error"] == "file_not_found"


@pytest.mark.parametrize(
    ("path", "body", "error"),
    [
        ("message", {"channel": MAIL_OPS, "text": " "}, "no_text"),
        ("message", {"channel": MAIL_OPS, "text": "x", "thread_ts": "1.1"}, "thread_not_found"),
        ("message", {"text": "x"}, "missing_field"),
        ("message", {"as": "U0NONE", "channel": MAIL_OPS, "text": "x"}, "user_not_found"),
        ("submit", {"view_id": "V0"}, "view_not_found"),
        ("close", {"view_id": "V0"}, "view_not_found"),
        ("action", {"container": {"view_id": "V0"}, "block_id": "b", "action": {}}, "view_not_found"),
        (
            "action",
            {"container": {"channel": MAIL_OPS, "message_ts": "1.1"}, "block_id": "b", "action": {}},
            "message_not_found",
        ),
    ],
)
async def test_refused(running: Running, path: str, body: Json, error: str) -> None:
    with pytest.raises(Denied, match=error):
        await Person(running, "U0ANA")._post(path, body)


async def test_page_is_served_fresh_and_nothing_outside_it(running: Running) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{running.url}/") as page:
            assert (page.content_type, page.headers["Cache-Control"]) == ("text/html", "no-store")
        for path in ("/ui/missing.js", "/ui/..%2fserver.py", "/ui/server.py"):
            async with session.get(running.url + path) as other:
                assert other.status == 404
