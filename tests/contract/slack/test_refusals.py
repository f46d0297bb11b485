"""The Web API refuses what Slack refuses, with Slack's codes, as the real AsyncWebClient sees them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler, AsyncServerErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack import Channel, Running, Workspace, serve
from bot.sandbox.slack import Person as Member
from bot.sandbox.slack.methods import METHODS
from bot.sandbox.slack.scopes import EVENT_SCOPE, METHOD_SCOPE, Manifest
from bot.sandbox.slack.seed import APPROVERS, BOT_USER, CHANNELS, GENERAL, MAIL_OPS, PEOPLE
from tests.contract.slack.conftest import FAST, MANIFEST, Hands
from tests.support.slack_person import Denied, Person

pytestmark = pytest.mark.filterwarnings("ignore:The top-level `text` argument:UserWarning")
Json = dict[str, Any]
Call = Callable[[AsyncWebClient], Awaitable[Any]]
SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "x"}}
MODAL = {"type": "modal", "title": {"type": "plain_text", "text": "T"}, "blocks": [SECTION]}


async def error_of(call: Awaitable[Any]) -> Json:
    with pytest.raises(SlackApiError) as refused:
        await call
    answer: Json = refused.value.response.data
    return answer


@pytest.mark.parametrize(
    ("error", "call"),
    [
        ("channel_not_found", lambda c: c.chat_postMessage(channel="C0NONE", text="x")),
        ("channel_not_found", lambda c: c.conversations_info(channel="G0SECRET")),
        ("not_in_channel", lambda c: c.chat_postMessage(channel=GENERAL, text="x")),
        ("not_in_channel", lambda c: c.conversations_history(channel=GENERAL)),
        ("no_text", lambda c: c.chat_postMessage(channel=MAIL_OPS, text="")),
        ("thread_not_found", lambda c: c.chat_postMessage(channel=MAIL_OPS, text="x", thread_ts="1.000001")),
        ("thread_not_found", lambda c: c.conversations_replies(channel=MAIL_OPS, ts="1.000001")),
        ("message_not_found", lambda c: c.chat_update(channel=MAIL_OPS, ts="1.000001", text="x")),
        ("message_not_found", lambda c: c.chat_getPermalink(channel=MAIL_OPS, message_ts="1.000001")),
        ("message_not_found", lambda c: c.reactions_add(channel=MAIL_OPS, timestamp="1.000001", name="eyes")),
        ("user_not_in_channel", lambda c: c.chat_postEphemeral(channel=MAIL_OPS, user="U0NONE", text="x")),
        ("user_not_found", lambda c: c.users_info(user="U0NONE")),
        ("no_such_subteam", lambda c: c.usergroups_users_list(usergroup="S0NONE")),
        ("file_not_found", lambda c: c.files_info(file="F0NONE")),
        ("invalid_trigger_id", lambda c: c.views_open(trigger_id="1.2.x", view=MODAL)),
        ("invalid_arguments", lambda c: c.views_open(trigger_id="1.2.x", view={**MODAL, "colour": "red"})),
        ("not_found", lambda c: c.views_update(view_id="V0NONE", view=MODAL)),
        ("missing_scope", lambda c: c.team_info()),
        ("missing_scope", lambda c: c.conversations_info(channel="D0ANA")),
        ("not_allowed_token_type", lambda c: c.api_call("apps.connections.open")),
        ("invalid_blocks_format", lambda c: c.chat_postMessage(channel=MAIL_OPS, text="x", blocks="[{")),
        ("markdown_text_conflict", lambda c: c.chat_postMessage(channel=MAIL_OPS, text="x", markdown_text="y")),
    ],
)
async def test_refused(client: AsyncWebClient, running: Running, error: str, call: Call) -> None:
    assert (await error_of(call(client)))["error"] == error
    assert running.workspace.journal.calls[-1]["answer"]["error"] == error


@pytest.mark.parametrize(("token", "error"), [(None, "not_authed"), ("xoxb-1-2-3", "invalid_auth")])
async def test_token_refused(running: Running, token: str | None, error: str) -> None:
    assert (await error_of(AsyncWebClient(token, base_url=running.api_url).auth_test()))["error"] == error


async def test_app_token_opens_connections_and_nothing_else(running: Running, client: AsyncWebClient) -> None:
    opened = await client.apps_connections_open(app_token=running.app_token)
    assert opened["url"].startswith("ws://127.0.0.1:")
    app_client = AsyncWebClient(running.app_token, base_url=running.api_url)
    assert (await error_of(app_client.auth_test()))["error"] == "not_allowed_token_type"


async def test_unknown_method_is_written_down(running: Running, client: AsyncWebClient) -> None:
    assert (await error_of(client.api_call("pins.add")))["error"] == "unknown_method"
    assert running.workspace.journal.unknown_methods == ["pins.add"]
    running.workspace.journal.unknown_methods.clear()


async def test_missing_scope_follows_the_manifest(tmp_path: Path, clock: Hands) -> None:
    manifest = json.loads(MANIFEST.read_text())
    manifest["oauth_config"]["scopes"]["bot"] = ["chat:write", "channels:history"]
    manifest["settings"]["event_subscriptions"]["bot_events"] = ["app_mention"]
    cut = tmp_path / "manifest.json"
    cut.write_text(json.dumps(manifest))
    async with serve(Workspace(cut, clock=clock, timing=FAST)) as running:
        client = AsyncWebClient(running.bot_token, base_url=running.api_url)
        refused = await error_of(client.users_info(user="U0ANA"))
        assert (refused["error"], refused["needed"]) == ("missing_scope", "users:read")
        assert refused["provided"] == "channels:history,chat:write"
        assert (await client.auth_test()).headers["X-OAuth-Scopes"] == "channels:history,chat:write"
        ana = Person(running, "U0ANA")
        await ana.says(MAIL_OPS, "", snippet="log")
        url = (await ana.reads())[0]["files"][0]["url_private_download"]
        headers = {"Authorization": f"Bearer {running.bot_token}"}
        async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as response:
            assert response.content_type == "text/html"  # files:read is missing too
        await ana.says(MAIL_OPS, "@postmedic hello")  # subscribed without its scope, and message.channels not at all
        assert not running.workspace.journal.deliveries
        with pytest.raises(Denied, match="not a valid command"):
            await ana.command("/postfix hosts")


def test_every_method_and_event_of_the_manifest_has_its_scope_here() -> None:
    manifest = Manifest.read(MANIFEST)
    assert METHODS.keys() == METHOD_SCOPE.keys()
    assert manifest.events <= EVENT_SCOPE.keys()
    assert all(manifest.delivers(event) for event in manifest.events)


def test_a_file_that_is_no_manifest_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}")
    with pytest.raises(ValueError, match="display_information"):
        Manifest.read(tmp_path / "x.json")


async def test_bad_blocks_carry_slacks_error_body(client: AsyncWebClient) -> None:
    long = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}
    refused = await error_of(client.chat_postMessage(channel=MAIL_OPS, text="x", blocks=[long]))
    expected = "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    assert (refused["error"], refused["errors"]) == ("invalid_blocks", [expected])
    assert refused["response_metadata"]["messages"] == [f"[ERROR] {expected}"]


async def test_validate_needs_no_token(running: Running) -> None:
    anyone = AsyncWebClient(base_url=running.api_url)
    assert (await anyone.blocks_validate(blocks=[SECTION]))["ok"]
    assert (await anyone.blocks_validate(message={"blocks": [SECTION]}))["ok"]
    refused = await error_of(anyone.blocks_validate(view={**MODAL, "title": {"type": "plain_text", "text": "T" * 25}}))
    assert refused["errors"][0]["pointer"] == "/view/title/text"


async def test_update_rules(client: AsyncWebClient, running: Running) -> None:
    posted = await client.chat_postMessage(channel=MAIL_OPS, text="x", blocks=[SECTION])
    where = {"channel": MAIL_OPS, "ts": posted["ts"]}
    assert posted["message"]["blocks"][0]["block_id"]
    assert (await error_of(client.chat_update(**where, text="y" * 4001)))["error"] == "msg_too_long"
    updated = await client.chat_update(**where, text="text alone removes the blocks")
    assert "blocks" not in updated["message"]
    ts = await Person(running, "U0ANA").says(MAIL_OPS, "mine")
    assert (await error_of(client.chat_update(channel=MAIL_OPS, ts=ts, text="y")))["error"] == "cant_update_message"
    assert (await error_of(client.chat_delete(channel=MAIL_OPS, ts=ts)))["error"] == "cant_delete_message"
    hidden = await client.chat_postEphemeral(channel=MAIL_OPS, user="U0ANA", text="psst")
    gone = await error_of(client.chat_update(channel=MAIL_OPS, ts=hidden["message_ts"], text="y"))
    assert gone["error"] == "message_not_found"
    texts = [m["text"] for m in (await client.conversations_history(channel=MAIL_OPS))["messages"]]
    assert texts == ["mine", "text alone removes the blocks"]


async def test_metadata_comes_back_only_when_asked_for(client: AsyncWebClient) -> None:
    metadata = {"event_type": "plan", "event_payload": {"id": "p1"}}
    posted = await client.chat_postMessage(channel=MAIL_OPS, text="x", metadata=metadata)
    assert posted["message"]["metadata"] == metadata
    assert "metadata" not in (await client.conversations_history(channel=MAIL_OPS))["messages"][0]
    asked = await client.conversations_history(channel=MAIL_OPS, include_all_metadata=True)
    assert asked["messages"][0]["metadata"] == metadata
    bad = client.chat_postMessage(channel=MAIL_OPS, text="x", metadata={"id": "p1"})
    assert (await error_of(bad))["error"] == "invalid_metadata_schema"


async def test_much_text_in_many_blocks_is_refused(client: AsyncWebClient) -> None:
    many = [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2800}}] * 4
    assert (await error_of(client.chat_postMessage(channel=MAIL_OPS, text="x", blocks=many)))["error"] == "msg_blocks_too_long"
    assert (await client.chat_postMessage(channel=MAIL_OPS, text="x", blocks=many[:3]))["ok"]


async def test_long_text_is_cut_and_blocks_without_text_say_so(client: AsyncWebClient) -> None:
    assert len((await client.chat_postMessage(channel=MAIL_OPS, text="x" * 40_001))["message"]["text"]) == 40_000
    bare = await client.chat_postMessage(channel=MAIL_OPS, blocks=[SECTION])
    assert bare["message"]["text"] == "This content can't be displayed."


async def test_a_reply_cannot_be_replied_to(client: AsyncWebClient) -> None:
    root = (await client.chat_postMessage(channel=MAIL_OPS, text="root"))["ts"]
    reply = (await client.chat_postMessage(channel=MAIL_OPS, text="reply", thread_ts=root))["ts"]
    again = client.chat_postMessage(channel=MAIL_OPS, text="again", thread_ts=reply)
    assert (await error_of(again))["error"] == "cannot_reply_to_message"
    link = (await client.chat_getPermalink(channel=MAIL_OPS, message_ts=reply))["permalink"]
    assert link.endswith(f"/p{reply.replace('.', '')}?thread_ts={root}&cid={MAIL_OPS}")


async def test_replies_come_in_pages(client: AsyncWebClient) -> None:
    root = (await client.chat_postMessage(channel=MAIL_OPS, text="0"))["ts"]
    for count in range(1, 5):
        await client.chat_postMessage(channel=MAIL_OPS, text=str(count), thread_ts=root)
    first = await client.conversations_replies(channel=MAIL_OPS, ts=root, limit=3)
    rest = await client.conversations_replies(
        channel=MAIL_OPS, ts=root, limit=3, cursor=first["response_metadata"]["next_cursor"]
    )
    assert [m["text"] for m in [*first["messages"], *rest["messages"]]] == ["0", "1", "2", "3", "4"]
    assert (first["has_more"], rest["has_more"]) == (True, False)
    assert first["messages"][0]["reply_count"] == 4


async def test_reactions_are_counted_once(client: AsyncWebClient, running: Running) -> None:
    ts = await Person(running, "U0ANA").says(MAIL_OPS, "look")
    where = {"channel": MAIL_OPS, "timestamp": ts, "name": "eyes"}
    await client.reactions_add(**where)
    assert (await error_of(client.reactions_add(**where)))["error"] == "already_reacted"
    message = (await client.conversations_replies(channel=MAIL_OPS, ts=ts))["messages"][0]
    assert message["reactions"] == [{"name": "eyes", "users": [BOT_USER], "count": 1}]
    await client.reactions_remove(**where)
    assert (await error_of(client.reactions_remove(**where)))["error"] == "no_reaction"


async def test_people_are_described(clock: Hands) -> None:
    odd = (
        Member(id="U0GONE", name="gone", real_name="Gone", role="left", deleted=True),
        Member(id="U0FAR", name="far", real_name="Far", role="partner", stranger=True, team_id="T0OTHER"),
    )
    secret = Channel(id="G0SECRET", name="secret", members=("U0ANA",), private=True)
    workspace = Workspace(MANIFEST, people=(*PEOPLE, *odd), channels=(*CHANNELS, secret), clock=clock)
    async with serve(workspace) as running:
        client = AsyncWebClient(running.bot_token, base_url=running.api_url)
        chen = (await client.users_info(user="U0CHEN", include_locale=True))["user"]
        assert (chen["locale"], chen["is_bot"], chen["is_restricted"]) == ("zh-CN", False, False)
        assert "locale" not in (await client.users_info(user="U0CHEN"))["user"]
        assert (await client.users_info(user="U0GUS"))["user"]["is_restricted"] is True
        assert (await client.users_info(user="U0GONE"))["user"]["deleted"] is True
        far = (await client.users_info(user="U0FAR"))["user"]
        assert (far["is_stranger"], far["team_id"]) == (True, "T0OTHER")
        assert (await client.users_info(user=BOT_USER))["user"]["is_bot"] is True
        assert (await client.usergroups_users_list(usergroup=APPROVERS))["users"] == ["U0BEN", "U0CHEN"]
        assert (await error_of(client.conversations_info(channel="G0SECRET")))["error"] == "channel_not_found"
        assert (await client.conversations_info(channel=GENERAL))["channel"]["is_member"] is False


async def test_snippet_needs_the_bot_token(running: Running) -> None:
    await Person(running, "U0ANA").says(MAIL_OPS, "see file", snippet="Nov 22 fatal: bad\n")
    message = next(iter(running.workspace.store.conversations[MAIL_OPS].messages.values()))
    assert (message["subtype"], message["text"]) == ("file_share", "see file")
    url = message["files"][0]["url_private_download"]
    async with aiohttp.ClientSession() as session:
        async with session.get(url, headers={"Authorization": f"Bearer {running.bot_token}"}) as response:
            assert await response.text() == "Nov 22 fatal: bad\n"
        async with session.get(url) as response:  # Slack answers 200 with its sign-in page
            assert (response.status, response.content_type) == (200, "text/html")


async def test_armed_faults_strike_as_often_as_asked(running: Running, client: AsyncWebClient) -> None:
    faults = running.workspace.faults
    faults.arm({"kind": "429", "seconds": 1, "method": "chat.postMessage"})
    await client.auth_test()
    with pytest.raises(SlackApiError) as limited:
        await client.chat_postMessage(channel=MAIL_OPS, text="x")
    assert (limited.value.response.status_code, limited.value.response.headers["Retry-After"]) == (429, "1")
    await client.chat_postMessage(channel=MAIL_OPS, text="x")
    faults.arm({"kind": "plan_upgrade_required"})
    assert (await error_of(client.usergroups_list()))["error"] == "plan_upgrade_required"
    faults.arm({"kind": "token_revoked"})
    assert (await error_of(client.auth_test()))["error"] == "token_revoked"
    assert (await error_of(client.auth_test()))["error"] == "token_revoked"
    faults.arm({"kind": "none"})
    await client.auth_test()
    with pytest.raises(Denied, match="no fault 'rain'"):
        await Person(running, "U0ANA")._post("fault", {"kind": "rain"})


async def test_the_sdks_retry_handlers_ride_out_429_and_503(running: Running) -> None:
    patient = AsyncWebClient(
        running.bot_token,
        base_url=running.api_url,
        retry_handlers=[AsyncRateLimitErrorRetryHandler(max_retry_count=1), AsyncServerErrorRetryHandler(max_retry_count=1)],
    )
    running.workspace.faults.arm({"kind": "429", "seconds": 1})
    assert (await patient.auth_test())["ok"]
    running.workspace.faults.arm({"kind": "5xx"})
    assert (await patient.auth_test())["ok"]
    assert [call["status"] for call in running.workspace.journal.calls] == [429, 200, 503, 200]
