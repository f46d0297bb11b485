"""Modals stack, clear, refuse and wear out as in Slack, and only what is on screen can be chosen."""

from __future__ import annotations

from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack import Running
from bot.sandbox.slack.seed import MAIL_OPS
from tests.contract.slack.conftest import until
from tests.support.slack_person import Denied, Person

Json = dict[str, Any]
SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "x"}}
OPTION = {"text": {"type": "plain_text", "text": "one"}, "value": "1"}
CARD = {
    "type": "actions",
    "block_id": "card",
    "elements": [
        {"type": "button", "action_id": "open", "text": {"type": "plain_text", "text": "Open"}},
        {"type": "static_select", "action_id": "pick", "options": [OPTION]},
    ],
}
DEEPER = {
    "type": "actions",
    "elements": [{"type": "button", "action_id": "deeper", "text": {"type": "plain_text", "text": "Deeper"}}],
}
MODAL: Json = {
    "type": "modal",
    "callback_id": "m",
    "title": {"type": "plain_text", "text": "T"},
    "submit": {"type": "plain_text", "text": "Send"},
    "clear_on_close": True,
    "notify_on_close": True,
    "blocks": [SECTION, DEEPER],
}


class Opener:
    """An app that opens `view` on one button, pushes it on another, and answers submissions with `answer`."""

    def __init__(self, app: AsyncApp) -> None:
        self.view = MODAL
        self.answer: Json = {}
        self.errors: list[str] = []
        self.cleared: list[bool] = []
        app.action("open")(self.open)
        app.action("deeper")(self.push)
        app.action("pick")(self.pick)
        app.view("m")(self.submit)
        app.view_closed("m")(self.close)

    async def open(self, ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        await self._try(client.views_open(trigger_id=body["trigger_id"], view=self.view))

    async def push(self, ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        await self._try(client.views_push(trigger_id=body["trigger_id"], view=self.view))

    async def pick(self, ack: Any) -> None:
        await ack()

    async def submit(self, ack: Any) -> None:
        await ack(**self.answer)

    async def close(self, ack: Any, body: Json) -> None:
        await ack()
        self.cleared.append(body["is_cleared"])

    async def _try(self, call: Any) -> None:
        try:
            await call
            self.errors.append("")
        except SlackApiError as refused:
            self.errors.append(refused.response["error"])


@pytest.fixture
def opener(app: AsyncApp) -> Opener:
    return Opener(app)


@pytest.fixture
async def ana(started: Running, opener: Opener, client: AsyncWebClient) -> Person:
    await client.chat_postMessage(channel=MAIL_OPS, text="card", blocks=[CARD])
    return Person(started, "U0ANA")


async def opened(ana: Person, opener: Opener) -> Json:
    await ana.clicks(await ana.waits_for(lambda m: m["text"] == "card"), "open")
    return await ana.waits_for_view()


async def test_three_modals_stack_and_close_together(ana: Person, opener: Opener) -> None:
    top = await opened(ana, opener)
    for _ in range(2):
        below = top["id"]
        await ana.clicks(top, "deeper")
        top = await ana.waits_for_view(predicate=lambda view, below=below: view["previous_view_id"] == below)
    calls = len(opener.errors)
    await ana.clicks(top, "deeper")
    await until(lambda: len(opener.errors) > calls)
    assert opener.errors == ["", "", "", "push_limit_reached"]
    await ana.closes(top)
    assert opener.cleared == [True, True, True]
    with pytest.raises(TimeoutError, match="no such modal"):
        await ana.waits_for_view(timeout=0.1)


@pytest.mark.parametrize(
    ("view", "error"),
    [
        (MODAL | {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2900}}] * 90}, "view_too_large"),
        (MODAL | {"external_id": "same"}, "duplicate_external_id"),
    ],
)
async def test_view_that_cannot_be_stored_is_refused(ana: Person, opener: Opener, view: Json, error: str) -> None:
    opener.view = MODAL | {"external_id": "same"}
    top = await opened(ana, opener)
    opener.view = view
    await ana.clicks(top, "deeper")
    await until(lambda: len(opener.errors) > 1)
    assert opener.errors == ["", error]


@pytest.mark.parametrize(
    "answer",
    [
        {"response_action": "errors", "errors": {"no-such-input": "x"}},
        {"response_action": "errors", "errors": {}},
        {"response_action": "update", "view": {"type": "modal"}},
        {"response_action": "explode"},
    ],
)
async def test_bad_answer_to_a_submission_is_shown_as_trouble(ana: Person, opener: Opener, answer: Json) -> None:
    view = await opened(ana, opener)
    opener.answer = answer
    assert await ana.submits(view, {}) == {"": "We had some trouble connecting. Try again?"}
    assert (await ana.waits_for_view())["id"] == view["id"]


async def test_clear_closes_everything(ana: Person, opener: Opener) -> None:
    view = await opened(ana, opener)
    await ana.clicks(view, "deeper")
    top = await ana.waits_for_view(predicate=lambda shown: shown["id"] != view["id"])
    with pytest.raises(Denied, match="This view is closed"):  # only the topmost can be submitted
        await ana.submits(view, {})
    opener.answer = {"response_action": "clear"}
    assert await ana.submits(top, {}) == {}
    with pytest.raises(TimeoutError, match="no such modal"):
        await ana.waits_for_view(timeout=0.1)


async def test_only_an_offered_option_can_be_chosen(ana: Person) -> None:
    card = await ana.waits_for(lambda m: m["text"] == "card")
    assert await ana.clicks(card, "pick", choice=OPTION) == ""
    with pytest.raises(Denied, match="not in the menu"):
        await ana.clicks(card, "pick", choice=OPTION | {"value": "forged"})
