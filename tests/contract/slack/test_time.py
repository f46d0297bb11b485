"""Triggers, response URLs, acks and retries live as long as in Slack, and sockets come and go as they do there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.sandbox.slack import Running
from bot.sandbox.slack.seed import MAIL_OPS
from tests.contract.slack.conftest import Hands, over_http, over_socket, until
from tests.support.slack_person import Person

Json = dict[str, Any]
BUTTON = {
    "type": "actions",
    "elements": [{"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}],
}
MODAL = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "T"},
    "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x"}}],
}


@pytest.fixture
async def clicked(started: Running, app: AsyncApp) -> Json:
    """The body of a click Ana made a moment ago."""
    bodies: list[Json] = []

    @app.action("go")
    async def on_click(ack: Any, body: Json) -> None:
        await ack()
        bodies.append(body)

    ana = Person(started, "U0ANA")
    await app.client.chat_postMessage(channel=MAIL_OPS, text="card", blocks=[BUTTON])
    await ana.clicks(await ana.waits_for(lambda m: m["text"] == "card"), "go")
    return bodies[0]


async def refused(call: Any) -> str:
    with pytest.raises(SlackApiError) as error:
        await call
    return str(error.value.response["error"])


async def test_trigger_opens_one_modal(clicked: Json, client: AsyncWebClient) -> None:
    await client.views_open(trigger_id=clicked["trigger_id"], view=MODAL)
    assert await refused(client.views_open(trigger_id=clicked["trigger_id"], view=MODAL)) == "exchanged_trigger_id"


async def test_trigger_expires_after_three_seconds(clicked: Json, client: AsyncWebClient, clock: Hands) -> None:
    clock.ahead = 3.1
    assert await refused(client.views_open(trigger_id=clicked["trigger_id"], view=MODAL)) == "expired_trigger_id"


async def test_a_refused_view_does_not_use_the_trigger_up(clicked: Json, client: AsyncWebClient) -> None:
    assert await refused(client.views_open(trigger_id=clicked["trigger_id"], view={"type": "modal"})) == "invalid_arguments"
    assert (await client.views_open(trigger_id=clicked["trigger_id"], view=MODAL))["view"]["id"]


async def test_push_needs_a_trigger_from_a_modal(clicked: Json, client: AsyncWebClient) -> None:
    assert await refused(client.views_push(trigger_id=clicked["trigger_id"], view=MODAL)) == "invalid_trigger_id"


async def test_stale_hash_is_refused(clicked: Json, client: AsyncWebClient) -> None:
    view = (await client.views_open(trigger_id=clicked["trigger_id"], view=MODAL))["view"]
    await client.views_update(view_id=view["id"], hash=view["hash"], view=MODAL)
    assert await refused(client.views_update(view_id=view["id"], hash=view["hash"], view=MODAL)) == "hash_conflict"


async def test_response_url_answers_five_times(clicked: Json) -> None:
    answers = [await AsyncWebhookClient(clicked["response_url"]).send(text=str(count)) for count in range(6)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 200, 404]
    assert "used_url" in answers[-1].body


async def test_response_url_expires_after_half_an_hour(clicked: Json, clock: Hands) -> None:
    clock.ahead = 1801
    answer = await AsyncWebhookClient(clicked["response_url"]).send(text="late")
    assert (answer.status_code, "expired_url" in answer.body) == (404, True)


async def test_forgotten_ack_is_shown_to_the_person(started: Running, app: AsyncApp) -> None:
    @app.command("/postfix")
    async def forgetful(ack: Any) -> None:
        pass

    ana = Person(started, "U0ANA")
    shown = await ana.command("/postfix hosts")
    assert shown == '/postfix failed with the error "operation_timeout"'
    assert await ana.problems() == [shown]
    assert await Person(started, "U0BEN").problems() == []


async def test_late_ack_changes_nothing(running: Running, app: AsyncApp) -> None:
    @app.command("/postfix")
    async def slow(ack: Any) -> None:
        await asyncio.sleep(1.3)
        await ack("too late")

    async with over_socket(running, app):
        ana = Person(running, "U0ANA")
        assert "operation_timeout" in await ana.command("/postfix hosts")
        deliveries = running.workspace.journal.deliveries
        await until(lambda: deliveries[-1]["outcome"] == "late ack")
        assert await ana.reads() == []


async def test_nobody_there_is_a_dispatch_failure(running: Running) -> None:
    assert "dispatch_failed" in await Person(running, "U0ANA").command("/postfix hosts")


async def test_dropped_ack_brings_the_same_event_again(started: Running, app: AsyncApp) -> None:
    bodies: list[Json] = []
    retries: list[str] = []

    @app.event("message")
    async def on_message(body: Json, request: Any) -> None:
        bodies.append(body)
        retries.append((request.headers.get("x-slack-retry-num") or ["-"])[0])

    started.workspace.faults.arm({"kind": "drop-ack", "count": 2})
    await Person(started, "U0ANA").says(MAIL_OPS, "hello")
    await until(lambda: len(bodies) == 3)
    assert len({body["event_id"] for body in bodies}) == 1
    assert retries[1:] == ["1", "2"]
    deliveries = started.workspace.journal.deliveries
    await until(lambda: [d["outcome"] for d in deliveries] == ["timeout", "timeout", "acked"])


async def test_duplicate_event(started: Running, app: AsyncApp) -> None:
    ids: list[str] = []

    @app.event("message")
    async def on_message(body: Json) -> None:
        ids.append(body["event_id"])

    started.workspace.faults.arm({"kind": "duplicate"})
    await Person(started, "U0ANA").says(MAIL_OPS, "hello")
    await until(lambda: len(ids) == 2)
    assert ids[0] == ids[1]


async def test_event_without_a_listener_is_retried_three_times_then_given_up(running: Running) -> None:
    await Person(running, "U0ANA").says(MAIL_OPS, "anyone?")
    deliveries = running.workspace.journal.deliveries
    await until(lambda: [d.get("outcome") for d in deliveries] == ["connection_failed"] * 4)
    assert [d["attempt"] for d in deliveries] == [0, 1, 2, 3]


async def test_event_sent_while_away_comes_as_a_retry(running: Running, app: AsyncApp) -> None:
    heard: list[str] = []

    @app.event("message")
    async def on_message(event: Json) -> None:
        heard.append(event["text"])

    await Person(running, "U0ANA").says(MAIL_OPS, "while you were out")
    async with over_socket(running, app):
        await until(lambda: heard == ["while you were out"])


async def test_http_signature_is_checked_by_bolt(running: Running, app: AsyncApp, clock: Hands) -> None:
    async with over_http(running, app):
        clock.ahead = -400  # more than five minutes old on arrival: Bolt answers 401
        assert "http_service_error" in await Person(running, "U0ANA").command("/postfix hosts")


async def test_request_url_that_ignores_the_challenge_is_refused(running: Running) -> None:
    with pytest.raises(ValueError, match="did not echo the challenge"):
        await running.deliver_over_http(f"{running.url}/api/auth.test")  # answers JSON, but not the challenge


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
    await until(lambda: sum(c["method"] == "apps.connections.open" for c in connects) > opened, timeout=6)
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


async def test_first_frame_is_hello_and_a_link_opens_once(running: Running, client: AsyncWebClient) -> None:
    url = (await client.apps_connections_open(app_token=running.app_token))["url"]
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(url) as socket:
            hello = await socket.receive_json()
            assert (hello["type"], hello["num_connections"]) == ("hello", 1)
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await session.ws_connect(url)
