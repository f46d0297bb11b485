"""Socket Mode connections come and go as in Slack: hello, one socket per payload, acks from any, refresh, abort."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack import Running
from bot.sandbox.slack.seed import MAIL_OPS
from tests.contract.slack.conftest import over_socket, until
from tests.support.slack_person import Person

Json = dict[str, Any]


@pytest.fixture(params=["aiohttp", "websockets"])
async def echo(request: pytest.FixtureRequest, running: Running, app: AsyncApp) -> AsyncIterator[list[str]]:
    """An app over each Socket Mode client, and the texts it hears."""
    heard: list[str] = []

    @app.event("message")
    async def on_message(event: Json) -> None:
        heard.append(event["text"])

    if request.param == "aiohttp":
        async with over_socket(running, app):
            yield heard
        return
    pytest.importorskip("websockets")
    from slack_bolt.adapter.socket_mode.websockets import AsyncSocketModeHandler

    handler = AsyncSocketModeHandler(app, running.app_token, ping_interval=1)
    await handler.connect_async()
    await until(lambda: running.workspace.sockets.count == 1)
    yield heard
    await handler.close_async()


@pytest.mark.parametrize("fault", ["disconnect", "abort"])
async def test_app_reconnects(running: Running, echo: list[str], fault: str) -> None:
    ana = Person(running, "U0ANA")
    await ana.says(MAIL_OPS, "one")
    await until(lambda: echo == ["one"])
    opened = sum(call["method"] == "apps.connections.open" for call in running.workspace.journal.calls)
    await ana._post("fault", {"kind": fault})
    connects = running.workspace.journal.calls
    await until(lambda: sum(c["method"] == "apps.connections.open" for c in connects) > opened, timeout=20)
    await until(lambda: running.workspace.sockets.count == 1)
    await ana.says(MAIL_OPS, "two")
    await until(lambda: echo == ["one", "two"])


async def raw_socket(running: Running, client: AsyncWebClient) -> tuple[SocketModeClient, list[Any]]:
    requests: list[Any] = []
    socket = SocketModeClient(running.app_token, web_client=client)

    async def keep(_: SocketModeClient, request: Any) -> None:
        requests.append(request)

    socket.socket_mode_request_listeners.append(keep)
    await socket.connect()
    return socket, requests


async def test_each_payload_goes_to_one_socket_and_any_may_ack(running: Running, client: AsyncWebClient) -> None:
    one, first = await raw_socket(running, client)
    two, second = await raw_socket(running, client)
    await until(lambda: running.workspace.sockets.count == 2)
    pending = asyncio.create_task(Person(running, "U0ANA").command("/postfix hosts"))
    await until(lambda: first or second)
    assert len(first) + len(second) == 1
    envelope = (first or second)[0]
    other = two if first else one
    await other.send_socket_mode_response(SocketModeResponse(envelope.envelope_id, {"text": "from the other"}))
    assert await pending == ""
    assert [m["text"] for m in await Person(running, "U0ANA").reads()] == ["from the other"]
    await one.close()
    await two.close()


async def test_payloads_are_spread_over_the_sockets(running: Running, client: AsyncWebClient) -> None:
    one, first = await raw_socket(running, client)
    two, second = await raw_socket(running, client)
    await until(lambda: running.workspace.sockets.count == 2)
    for count in range(20):
        await Person(running, "U0ANA").says(MAIL_OPS, str(count))
    await until(lambda: len(first) + len(second) >= 20)
    assert first
    assert second
    await one.close()
    await two.close()


async def test_after_a_refresh_a_socket_may_ack_but_gets_nothing_new(running: Running, client: AsyncWebClient) -> None:
    url = (await client.apps_connections_open(app_token=running.app_token))["url"]
    ana = Person(running, "U0ANA")
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        assert (await socket.receive_json())["type"] == "hello"
        pending = asyncio.create_task(ana.command("/postfix hosts"))
        envelope = await socket.receive_json()
        await ana._post("fault", {"kind": "disconnect"})
        assert (await socket.receive_json())["reason"] == "refresh_requested"
        await socket.send_json({"envelope_id": envelope["envelope_id"]})
        assert await pending == ""
        assert "dispatch_failed" in await ana.command("/postfix hosts")


async def test_first_frame_is_hello_and_a_link_opens_once(running: Running, client: AsyncWebClient) -> None:
    url = (await client.apps_connections_open(app_token=running.app_token))["url"]
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(url) as socket:
            hello = await socket.receive_json()
            assert (hello["type"], hello["num_connections"]) == ("hello", 1)
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await session.ws_connect(url)
