"""Everything a person can do reaches a real Bolt app, over Socket Mode and over HTTP, and its answers reach the person."""

from __future__ import annotations

from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack import Running
from bot.sandbox.slack.seed import BOT_USER, GENERAL, MAIL_OPS
from tests.contract.slack.conftest import until
from tests.support.slack_person import Denied, Person

Json = dict[str, Any]
BUTTON: Json = {
    "type": "actions",
    "block_id": "choices",
    "elements": [
        {"type": "button", "action_id": "approve", "text": {"type": "plain_text", "text": "Approve"}, "value": "plan-1"},
        {
            "type": "external_select",
            "action_id": "host",
            "min_query_length": 0,
            "placeholder": {"type": "plain_text", "text": "Host"},
        },
    ],
}
MODAL: Json = {
    "type": "modal",
    "callback_id": "deny",
    "title": {"type": "plain_text", "text": "Deny"},
    "submit": {"type": "plain_text", "text": "Send"},
    "notify_on_close": True,
    "blocks": [
        {
            "type": "input",
            "block_id": "why",
            "label": {"type": "plain_text", "text": "Reason"},
            "element": {"type": "plain_text_input", "action_id": "reason"},
        }
    ],
}


async def test_paste_is_answered_in_its_thread(started: Running, app: AsyncApp) -> None:
    heard: list[Json] = []

    @app.event("message")
    async def on_message(event: Json, say: Any) -> None:
        heard.append(event)
        await say(text="seen", thread_ts=event["ts"])

    ana = Person(started, "U0ANA")
    ts = await ana.says(MAIL_OPS, "to=<bob@example.com>, relay=mx1.example.com[192.0.2.1]:25")
    answer = await ana.waits_for(lambda m: m["text"] == "seen", thread=ts)
    assert answer["thread_ts"] == ts
    assert answer["bot_id"]
    assert heard[0]["channel_type"] == "channel"
    assert heard[0]["text"] == (
        "to=&lt;<mailto:bob@example.com|bob@example.com>&gt;, relay=<http://mx1.example.com|mx1.example.com>[192.0.2.1]:25"
    )
    root = next(m for m in await ana.reads() if m["ts"] == ts)
    assert (root["reply_count"], root["reply_users"]) == (1, [BOT_USER])


async def test_own_message_comes_back_with_bot_id(started: Running, app: AsyncApp, client: AsyncWebClient) -> None:
    posted = await client.chat_postMessage(channel=MAIL_OPS, text="hello")
    events = started.workspace.journal.deliveries
    await until(lambda: any(d.get("outcome") == "acked" for d in events))
    event = events[0]["payload"]["event"]
    assert (event["ts"], event["bot_id"], event["user"]) == (posted["ts"], posted["message"]["bot_id"], BOT_USER)


async def test_mention_arrives_as_message_and_as_mention(started: Running, app: AsyncApp) -> None:
    kinds: list[str] = []

    @app.event("app_mention")
    async def on_mention(event: Json) -> None:
        kinds.append(event["type"])

    @app.event("message")
    async def on_message(event: Json) -> None:
        kinds.append(event["type"])

    ts = await Person(started, "U0ANA").says(MAIL_OPS, "@postmedic check host01")
    await until(lambda: sorted(kinds) == ["app_mention", "message"])
    event_ids = {d["payload"]["event_id"] for d in started.workspace.journal.deliveries}
    assert len(event_ids) == 2
    assert started.workspace.store.conversations[MAIL_OPS].messages[ts]["text"] == f"<@{BOT_USER}> check host01"


async def test_long_paste_becomes_a_snippet_the_bot_can_read(started: Running, app: AsyncApp) -> None:
    files: list[Json] = []

    @app.event({"type": "message", "subtype": "file_share"})
    async def on_file(event: Json) -> None:
        files.extend(event["files"])

    paste = "postfix/smtpd[1]: fatal: no SASL authentication mechanisms\n" * 100
    await Person(started, "U0ANA").says(MAIL_OPS, paste)
    await until(lambda: files)
    assert (files[0]["mode"], files[0]["lines"]) == ("snippet", 101)
    answer = await app.client.files_info(file=files[0]["id"])
    assert answer["content"] == paste


async def test_slash_command_answers_by_ack_and_by_response_url(started: Running, app: AsyncApp) -> None:
    @app.command("/postfix")
    async def on_command(ack: Any, respond: Any, command: Json) -> None:
        await ack(f"checking {command['text']}")
        await respond("found it", response_type="in_channel")

    ana, ben = Person(started, "U0ANA"), Person(started, "U0BEN")
    assert await ana.command("/postfix check host01") == ""
    ephemeral = await ana.waits_for(lambda m: m["text"] == "checking check host01")
    assert ephemeral["ephemeral"] is True
    await ben.waits_for(lambda m: m["text"] == "found it")
    assert all(m["text"] != "checking check host01" for m in await ben.reads())
    with pytest.raises(Denied, match="/other is not a valid command"):
        await ana.command("/other x")


async def test_click_carries_who_clicked_and_the_value_on_screen(started: Running, app: AsyncApp) -> None:
    bodies: list[Json] = []

    @app.action("approve")
    async def on_click(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        bodies.append(body)
        await client.chat_update(channel=body["channel"]["id"], ts=body["message"]["ts"], text="approved")

    ben = Person(started, "U0BEN")
    posted = await app.client.chat_postMessage(channel=MAIL_OPS, text="plan", blocks=[BUTTON])
    card = await ben.waits_for(lambda m: m["ts"] == posted["ts"])
    assert await ben.clicks(card, "approve", choice="forged") == ""
    done = await ben.waits_for(lambda m: m["text"] == "approved")
    assert "blocks" not in done
    assert bodies[0]["user"]["id"] == "U0BEN"
    assert bodies[0]["actions"][0]["value"] == "plan-1"
    assert bodies[0]["container"] == {
        "type": "message",
        "message_ts": posted["ts"],
        "channel_id": MAIL_OPS,
        "is_ephemeral": False,
    }
    with pytest.raises(Denied, match="no longer there"):
        await ben.clicks(card, "approve")


async def test_respond_replaces_and_deletes_an_ephemeral(started: Running, app: AsyncApp) -> None:
    @app.action("approve")
    async def on_click(ack: Any, respond: Any, action: Json, body: Json) -> None:
        await ack()
        if body["message"]["text"] == "only you":
            await respond(replace_original=True, text="once more", blocks=[BUTTON | {"block_id": "again"}])
        else:
            await respond(delete_original=True)

    ana = Person(started, "U0ANA")
    await app.client.chat_postEphemeral(channel=MAIL_OPS, user="U0ANA", text="only you", blocks=[BUTTON])
    await ana.clicks(await ana.waits_for(lambda m: m["text"] == "only you"), "approve")
    second = await ana.waits_for(lambda m: m["text"] == "once more")
    assert [m["text"] for m in await ana.reads()] == ["once more"]
    await ana.clicks(second, "approve")
    assert await ana.reads() == []


async def test_menu_options_come_from_the_app(started: Running, app: AsyncApp) -> None:
    option = {"text": {"type": "plain_text", "text": "host01"}, "value": "host01"}
    chosen: list[str] = []

    @app.options("host")
    async def on_options(ack: Any, payload: Json) -> None:
        many = 101 if payload["value"] == "many" else 1
        await ack(options=[option] * many)

    @app.action("host")
    async def on_choice(ack: Any, action: Json) -> None:
        await ack()
        chosen.append(action["selected_option"]["value"])

    ana = Person(started, "U0ANA")
    await app.client.chat_postMessage(channel=MAIL_OPS, text="which?", blocks=[BUTTON])
    card = await ana.waits_for(lambda m: m["text"] == "which?")
    assert await ana.searches(card, "host", "ho") == [option]
    assert await ana.searches(card, "host", "many") == []
    assert "no more than 100 items allowed" in (await ana.problems())[-1]
    await ana.clicks(card, "host", choice=option)
    assert chosen == ["host01"]


async def test_modal_is_opened_refused_updated_pushed_and_closed(started: Running, app: AsyncApp) -> None:
    closed: list[bool] = []
    given: list[str] = []

    @app.action("approve")
    async def on_click(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    @app.view("deny")
    async def on_submit(ack: Any, view: Json) -> None:
        given.append(view["state"]["values"]["why"]["reason"]["value"])
        match given[-1]:
            case "no":
                await ack(response_action="errors", errors={"why": "Say more"})
            case "push":
                await ack(response_action="push", view=MODAL)
            case "update":
                await ack(response_action="update", view=MODAL | {"title": {"type": "plain_text", "text": "Again"}})
            case _:
                await ack()

    @app.view_closed("deny")
    async def on_close(ack: Any, body: Json) -> None:
        await ack()
        closed.append(body["is_cleared"])

    ben = Person(started, "U0BEN")
    await app.client.chat_postMessage(channel=MAIL_OPS, text="plan", blocks=[BUTTON])
    await ben.clicks(await ben.waits_for(lambda m: m["text"] == "plan"), "approve")
    view = await ben.waits_for_view()
    assert await ben.submits(view, {"reason": ""}) == {"why": "Please complete this required field."}
    assert given == []
    assert await ben.submits(view, {"reason": "no"}) == {"why": "Say more"}
    assert await ben.submits(view, {"reason": "update"}) == {}
    again = await ben.waits_for_view(predicate=lambda v: v["title"]["text"] == "Again")
    assert again["id"] == view["id"]
    assert await ben.submits(again, {"reason": "push"}) == {}
    pushed = await ben.waits_for_view(predicate=lambda v: v["id"] != view["id"])
    assert pushed["previous_view_id"] == view["id"]
    await ben.closes(pushed)
    assert closed == [False]
    assert await ben.submits(again, {"reason": "because"}) == {}
    with pytest.raises(Denied, match="This view is closed"):
        await ben.submits(again, {"reason": "twice"})


async def test_message_shortcut_carries_the_message(started: Running, app: AsyncApp) -> None:
    got: list[Json] = []

    @app.shortcut("diagnose_message")
    async def on_shortcut(ack: Any, body: Json, respond: Any) -> None:
        await ack()
        got.append(body)
        await respond("not here")

    ana = Person(started, "U0ANA")
    await ana.says(GENERAL, "fatal: no SASL authentication mechanisms")
    message = (await ana.reads(GENERAL))[0]
    assert await ana.shortcut(message) == ""
    assert got[0]["message"]["text"] == "fatal: no SASL authentication mechanisms"
    assert (await ana.waits_for(lambda m: m["text"] == "not here", channel=GENERAL))["ephemeral"] is True
    with pytest.raises(Denied, match="no such shortcut"):
        await ana.shortcut(message, "undeclared")


async def test_home_tab_is_published_when_opened(started: Running, app: AsyncApp) -> None:
    @app.event("app_home_opened")
    async def on_home(event: Json, client: AsyncWebClient) -> None:
        blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": f"Hello <@{event['user']}>"}}]
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

    ana = Person(started, "U0ANA")
    assert await ana.opens_home() is None
    assert (await ana.waits_for_home())["blocks"][0]["text"]["text"] == "Hello <@U0ANA>"


async def test_nothing_is_heard_from_a_channel_without_the_bot(started: Running, app: AsyncApp) -> None:
    ana = Person(started, "U0ANA")
    await ana.says(GENERAL, "@postmedic help")
    assert list(started.workspace.journal.deliveries) == []
    assert await ana.problems() == ["You mentioned @postmedic, but they're not in this channel. Invite them first."]
    with pytest.raises(Denied, match="not_in_channel"):
        await Person(started, "U0GUS").says(GENERAL, "hello")


async def test_direct_message_is_heard_without_a_mention(started: Running, app: AsyncApp) -> None:
    heard: list[Json] = []

    @app.event("message")
    async def on_message(event: Json) -> None:
        heard.append(event)

    channel = (await app.client.conversations_open(users="U0ANA"))["channel"]["id"]
    await Person(started, "U0ANA").says(channel, "@postmedic help")
    await until(lambda: heard)
    assert heard[0]["channel_type"] == "im"
    assert [d["payload"]["event"]["type"] for d in started.workspace.journal.deliveries] == ["message"]
