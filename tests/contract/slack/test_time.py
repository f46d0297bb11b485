"""Triggers, response URLs, acks and retries live as long as in Slack."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
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
        await until(lambda: deliveries[-1].get("outcome") == "late ack")
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
    await until(lambda: [d.get("outcome") for d in deliveries] == ["timeout", "timeout", "acked"])


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


class Failing:
    """A request URL that passes the challenge and fails everything else its own way."""

    def __init__(self, answer: web.Response | None) -> None:
        self.answer = answer
        self.retries: list[tuple[str | None, str | None]] = []

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.json()
        if body["type"] == "url_verification":
            return web.json_response({"challenge": body["challenge"]})
        headers = request.headers
        self.retries.append((headers.get("x-slack-retry-num"), headers.get("x-slack-retry-reason")))
        if self.answer is None:
            await asyncio.sleep(1.2)
        return web.Response(status=500, headers=self.answer.headers if self.answer else {})


@pytest.mark.parametrize(
    ("answer", "retries"),
    [
        (web.Response(headers={"x-slack-no-retry": "1"}), [(None, None)]),
        (web.Response(), [(None, None), ("1", "http_error"), ("2", "http_error"), ("3", "http_error")]),
        (None, [(None, None), ("1", "http_timeout")]),
    ],
)
async def test_http_retries_say_why(running: Running, answer: web.Response | None, retries: list[Any]) -> None:
    failing = Failing(answer)
    site = web.Application()
    site.router.add_post("/slack/events", failing.handle)
    runner = web.AppRunner(site, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await running.deliver_over_http(f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events")
    await Person(running, "U0ANA").says(MAIL_OPS, "hello")
    await until(lambda: len(failing.retries) >= len(retries))
    await asyncio.sleep(0.3)
    assert failing.retries == retries
    await runner.cleanup()


async def test_request_url_that_ignores_the_challenge_is_refused(running: Running) -> None:
    with pytest.raises(ValueError, match="did not echo the challenge"):
        await running.deliver_over_http(f"{running.url}/api/auth.test")  # answers JSON, but not the challenge
