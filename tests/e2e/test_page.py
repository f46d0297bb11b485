"""The local workspace's page shows what Slack would show and lets people do what they could do there, by mouse or keyboard."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack import Running
from bot.sandbox.slack.seed import GENERAL, MAIL_OPS
from tests.e2e.blocks import GALLERY, MODAL, Json, button, mrkdwn, option, plain
from tests.support.slack_person import Person

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# Blocks come from the bot, so their content is whatever a log line on a broken host says.
HOSTILE = "<img src=x onerror=window.hacked=1><script>window.hacked=1</script> javascript:alert(1)"


def message(page: Page, text: str) -> Locator:
    """The message of the main column that holds a text."""
    return page.get_by_test_id("messages").get_by_test_id("message").filter(has_text=text)


async def heard(box: asyncio.Queue[Json]) -> Json:
    async with asyncio.timeout(60):
        return await box.get()


def listen(app: AsyncApp, action_id: str) -> asyncio.Queue[Json]:
    """Collect what the app is told of one action."""
    box: asyncio.Queue[Json] = asyncio.Queue()

    @app.action(action_id)
    async def on_action(ack: Any, body: Json) -> None:
        await ack()
        box.put_nowait(body)

    return box


@pytest.fixture
def gallery(client: AsyncWebClient) -> Any:
    async def post() -> None:
        await client.chat_postMessage(channel=MAIL_OPS, text="gallery", blocks=GALLERY)

    return post


async def test_every_block_is_drawn(page: Page, gallery: Any) -> None:
    await gallery()
    card = message(page, "host01: Postfix does not start")
    for block in GALLERY:
        await expect(card.get_by_test_id(f"block-{block['type']}").first).to_be_visible()
    await expect(card.get_by_test_id("unknown-block")).to_have_count(0)
    await expect(card.get_by_role("heading", name="host01: Postfix does not start")).to_be_visible()
    await expect(card.locator("strong", has_text="Confirmed:")).to_be_visible()
    await expect(card.get_by_role("img", name="x", exact=True)).to_be_visible()
    await expect(card.get_by_test_id("mention")).to_have_text(["@Ana Ortega", "@mail-approvers"])
    await expect(card.get_by_test_id("preformatted").first).to_have_text("$ ip -br addr show lo\nlo DOWN <b>&amp;")
    await expect(card.get_by_role("columnheader")).to_have_text(["Probe", "ms"])
    await expect(card.locator("li")).to_have_text(["bring lo up", "start Postfix", "one", "two"])
    await expect(card.get_by_test_id("block-section").nth(1)).to_contain_text("14/11/2023")
    await expect(card.get_by_role("link", name="Postfix")).to_have_attribute("href", "https://www.postfix.org/")
    await expect(card.get_by_test_id("image-alt")).to_contain_text("The queue over a day")
    await expect(card.locator("[lang=zh-Hans]")).to_contain_text("回环接口已关闭")
    kinds = ("button", "static_select", "external_select", "users_select", "overflow")
    for kind in kinds:
        await expect(card.get_by_test_id(f"el-{kind}").first).to_be_visible()


async def test_a_block_the_page_cannot_draw_is_a_red_box(page: Page, client: AsyncWebClient) -> None:
    video = {
        "type": "video",
        "title": {"type": "plain_text", "text": "A film"},
        "video_url": "https://v.example.com/1",
        "thumbnail_url": "https://v.example.com/1.png",
        "alt_text": "film",
    }
    await client.chat_postMessage(channel=MAIL_OPS, text="film", blocks=[video])
    await expect(page.get_by_test_id("unknown-block")).to_contain_text("cannot show “video”")


async def test_a_sample_is_posted_and_its_answer_opens_the_thread(page: Page, app: AsyncApp) -> None:
    @app.event("message")
    async def answer(event: Json, say: Any) -> None:
        if "bot_id" not in event:
            await say(text="*Seen:* loopback is down", thread_ts=event["ts"])

    await page.get_by_test_id("sample-0").click()
    box = page.get_by_test_id("composer-input")
    await expect(box).to_be_focused()
    await expect(box).to_have_value(re.compile("no local interface found"))
    await box.press("Enter")
    await expect(box).to_have_value("")
    posted = message(page, "postfix on host01 is down")
    await expect(posted.get_by_test_id("preformatted")).to_contain_text("fatal: parameter inet_interfaces")
    panel = page.get_by_test_id("thread-panel")
    await expect(panel.get_by_test_id("message").filter(has_text="Seen: loopback is down")).to_be_visible()
    await expect(posted.get_by_test_id("open-thread")).to_contain_text("1 reply")


async def test_the_keyboard_alone_writes_replies_and_closes(page: Page, running: Running) -> None:
    box = page.get_by_test_id("composer-input")
    await box.focus()
    await page.keyboard.type("first line")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("second line")
    await expect(box).to_have_value("first line\nsecond line")
    await page.keyboard.press("Enter")
    posted = message(page, "first line")
    await expect(posted.locator("br")).to_have_count(1)

    await posted.focus()
    await page.keyboard.press("Tab")
    await expect(posted.get_by_test_id("reply")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("thread-composer-input")).to_be_focused()
    await page.keyboard.type("/postfix hosts")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("thread-composer-warning")).to_contain_text("does not run slash commands in threads")
    await page.get_by_test_id("thread-composer-input").fill("a reply")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("thread-messages").get_by_test_id("message")).to_have_count(2)
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("thread-panel")).to_be_hidden()
    await expect(box).to_be_focused()
    replies = await Person(running, "U0ANA").reads(thread=str(await posted.get_attribute("data-ts")))
    assert [reply["text"] for reply in replies] == ["first line\nsecond line", "a reply"]


async def test_a_slash_command_is_completed_and_answered_to_one_person(page: Page, app: AsyncApp) -> None:
    @app.command("/postfix")
    async def on_command(ack: Any, command: Json) -> None:
        await ack(f"you asked: {command['text']}")

    box = page.get_by_test_id("composer-input")
    await box.press_sequentially("/po")
    await expect(page.get_by_test_id("suggestion")).to_contain_text("Check a mail host")
    await box.press("Tab")
    await expect(box).to_have_value("/postfix ")
    await box.press_sequentially("hosts")
    await box.press("Enter")
    answer = message(page, "you asked: hosts")
    await expect(answer.get_by_test_id("ephemeral-note")).to_have_text("Only visible to Ana Ortega")

    await page.get_by_test_id("act-as-U0BEN").check(force=True)
    await expect(page.get_by_test_id("acting-name")).to_have_text("Ben Okafor")
    await expect(page.get_by_test_id("note")).to_contain_text("only Ana Ortega can see is hidden")
    await expect(answer).to_have_count(0)

    await box.fill("/nonsense")
    await box.press("Enter")
    await expect(page.get_by_test_id("composer-warning")).to_contain_text("/nonsense is not a valid command")


async def test_a_confirm_dialog_stands_before_the_click(page: Page, app: AsyncApp, gallery: Any) -> None:
    approvals = listen(app, "approve")
    await gallery()
    await page.get_by_test_id("act-as-U0BEN").check(force=True)
    approve = page.get_by_role("button", name="Approve and run")
    await approve.click()
    dialog = page.get_by_test_id("confirm-dialog")
    await expect(dialog).to_contain_text("Run on host01?")
    await expect(dialog.get_by_test_id("preformatted")).to_have_text("ip link set lo up\nsystemctl start postfix@-")
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(approve).to_be_focused()
    await page.keyboard.press("Enter")
    for _ in range(3):
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.querySelector('dialog').contains(document.activeElement)")
    await dialog.get_by_test_id("confirm-yes").click()
    body = await heard(approvals)
    assert body["user"]["id"] == "U0BEN"
    assert body["actions"][0]["value"] == "plan-1"
    assert approvals.empty()


async def test_selects_search_and_send_what_was_chosen(page: Page, app: AsyncApp, gallery: Any) -> None:
    boxes = {name: listen(app, name) for name in ("language", "host", "approver", "more")}

    @app.options("host")
    async def hosts(ack: Any, payload: Json) -> None:
        names = [f"host0{number}" for number in range(1, 5)]
        await ack(options=[option(name, name) for name in names if payload["value"] in name])

    await gallery()
    await page.get_by_role("combobox", name="Language").click()
    await page.get_by_test_id("option").filter(has_text="中文").click()
    assert (await heard(boxes["language"]))["actions"][0]["selected_option"]["value"] == "zh"

    search = page.get_by_role("combobox", name="Search hosts")
    await search.click()
    await expect(page.get_by_test_id("options-note")).to_have_text("Type a letter to search")
    await search.press_sequentially("t03")
    await expect(page.get_by_test_id("option")).to_have_text(["host03"])
    await search.press("Enter")
    body = await heard(boxes["host"])
    assert body["actions"][0]["selected_option"]["value"] == "host03"
    assert body["state"]["values"]["choices"]["language"]["selected_option"]["value"] == "zh"

    people = page.get_by_role("combobox", name="Ask somebody")
    await people.focus()
    await people.press("ArrowDown")
    await expect(page.get_by_test_id("option").filter(has_text="Ana Ortega")).to_have_attribute("aria-selected", "true")
    await people.press("ArrowDown")
    await people.press("Enter")
    assert (await heard(boxes["approver"]))["actions"][0]["selected_user"] == "U0BEN"

    await page.get_by_test_id("el-overflow").click()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    assert (await heard(boxes["more"]))["actions"][0]["selected_option"]["value"] == "wrong"


async def test_a_modal_shows_errors_at_their_fields(page: Page, app: AsyncApp, gallery: Any) -> None:
    submitted: asyncio.Queue[Json] = asyncio.Queue()

    @app.action("deny")
    async def on_deny(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    @app.view("deny")
    async def on_submit(ack: Any, view: Json) -> None:
        values = view["state"]["values"]
        if len(values["why"]["reason"]["value"]) < 10:
            await ack(response_action="errors", errors={"why": "Say a little more."})
            return
        await ack()
        submitted.put_nowait(values)

    await gallery()
    await page.get_by_role("button", name="Deny…").click()
    modal = page.get_by_test_id("modal")
    await expect(modal.get_by_test_id("modal-title")).to_have_text("Deny the fix")
    reason = modal.get_by_role("textbox", name="Reason")
    await expect(reason).to_be_focused()
    await modal.get_by_test_id("modal-submit").click()
    await expect(modal.get_by_test_id("input-error")).to_have_text(["Please complete this required field."] * 2)
    await reason.fill("too short")
    await modal.get_by_role("radio", name="Too risky").check()
    await modal.get_by_test_id("modal-submit").click()
    await expect(modal.get_by_test_id("input-error")).to_have_text("Say a little more.")
    await expect(reason).to_have_attribute("aria-invalid", "true")
    await expect(reason).to_be_focused()
    await reason.fill("the queue is still being drained")
    await modal.get_by_test_id("modal-submit").click()
    await expect(modal).to_have_count(0)
    values = await heard(submitted)
    assert values["why"]["reason"]["value"] == "the queue is still being drained"
    assert values["kind"]["kind"]["selected_option"]["value"] == "risk"
    assert values["tell"]["tell"]["selected_options"] == []


async def test_a_modal_survives_a_reload_and_closes_by_escape(page: Page, app: AsyncApp, gallery: Any) -> None:
    closed: asyncio.Queue[Json] = asyncio.Queue()

    @app.action("deny")
    async def on_deny(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=MODAL | {"notify_on_close": True})

    @app.view_closed("deny")
    async def on_close(ack: Any, body: Json) -> None:
        await ack()
        closed.put_nowait(body)

    await gallery()
    await page.get_by_role("button", name="Deny…").click()
    await expect(page.get_by_test_id("modal")).to_be_visible()
    await page.reload()
    await expect(page.get_by_test_id("modal-title")).to_have_text("Deny the fix")
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("modal")).to_have_count(0)
    assert (await heard(closed))["view"]["callback_id"] == "deny"


async def test_a_pushed_modal_lies_on_the_first_and_gives_it_back(page: Page, app: AsyncApp, gallery: Any) -> None:
    first = MODAL | {"callback_id": "first", "blocks": [MODAL["blocks"][1] | {"optional": True}]}
    second = MODAL | {"callback_id": "second", "title": plain("Are the steps right?")}

    @app.action("deny")
    async def on_deny(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=first)

    @app.view("first")
    async def on_first(ack: Any) -> None:
        await ack(response_action="push", view=second)

    @app.view("second")
    async def on_second(ack: Any) -> None:
        await ack(response_action="clear")

    await gallery()
    await page.get_by_role("button", name="Deny…").click()
    title = page.get_by_test_id("modal-title")
    await expect(title).to_have_text("Deny the fix")
    await page.keyboard.press("Enter")
    await expect(title).to_have_text("Are the steps right?")
    await page.keyboard.press("Escape")
    await expect(title).to_have_text("Deny the fix")
    await page.get_by_test_id("modal-submit").click()
    await expect(title).to_have_text("Are the steps right?")
    await page.get_by_role("textbox", name="Reason").fill("they are")
    await page.get_by_role("radio", name="Too risky").check()
    await page.get_by_test_id("modal-submit").click()
    await expect(page.get_by_test_id("modal")).to_have_count(0)


async def test_a_permalink_opens_its_thread(page: Page, running: Running, client: AsyncWebClient) -> None:
    ts = await Person(running, "U0ANA").says(MAIL_OPS, "postfix is down")
    await client.chat_postMessage(channel=MAIL_OPS, thread_ts=ts, text="seen")
    link = (await client.chat_getPermalink(channel=MAIL_OPS, message_ts=ts))["permalink"]
    await page.goto(str(link))
    await expect(page.get_by_test_id("thread-messages").get_by_test_id("message")).to_have_count(2)


async def test_each_person_sees_only_what_is_theirs(page: Page, client: AsyncWebClient) -> None:
    await client.chat_postEphemeral(channel=MAIL_OPS, user="U0BEN", text="for Ben alone")
    await client.chat_postMessage(channel=MAIL_OPS, text="for everybody")
    await expect(message(page, "for everybody")).to_be_visible()
    await expect(message(page, "for Ben alone")).to_have_count(0)
    await page.get_by_test_id("act-as-U0BEN").check(force=True)
    await expect(message(page, "for Ben alone").get_by_test_id("ephemeral-note")).to_be_visible()

    await page.get_by_test_id("act-as-U0GUS").check(force=True)
    await page.get_by_test_id(f"channel-{GENERAL}").click()
    await expect(page.get_by_test_id("not-member")).to_contain_text("Gus Marsh is not a member of #general")
    await expect(page.get_by_test_id("composer")).to_be_hidden()
    await page.reload()
    await expect(page.get_by_test_id("acting-name")).to_have_text("Gus Marsh")


async def test_hostile_text_stays_text(page: Page, running: Running, client: AsyncWebClient) -> None:
    box = page.get_by_test_id("composer-input")
    await box.fill(HOSTILE + " <@U0BEN> <javascript:alert(1)|click>")
    await box.press("Enter")
    await expect(message(page, "<script>")).to_contain_text("<img src=x onerror=window.hacked=1>")
    await expect(page.get_by_test_id("mention")).to_have_count(0)
    blocks: list[Json] = [
        {"type": "section", "text": mrkdwn(f"{HOSTILE} <javascript:alert(1)|press> <!date^x^{HOSTILE}|{HOSTILE}>")},
        {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": HOSTILE}]}]},
        {"type": "markdown", "text": f"{HOSTILE} [press](javascript:alert(1))"},
        {"type": "table", "rows": [[{"type": "raw_text", "text": HOSTILE}]]},
        {"type": "actions", "elements": [button("a", HOSTILE[:70])]},
    ]
    await client.chat_postMessage(channel=MAIL_OPS, text=HOSTILE, blocks=blocks)
    await Person(running, "U0BEN").says(MAIL_OPS, "```" + HOSTILE + "```")
    await expect(page.get_by_test_id("message")).to_have_count(3)
    assert await page.evaluate("window.hacked") is None
    assert await page.locator("#main img, #main script, #main a[href^='javascript']").count() == 0


async def test_updates_reactions_and_deletion_arrive_live(page: Page, client: AsyncWebClient) -> None:
    ts = str((await client.chat_postMessage(channel=MAIL_OPS, text="measuring"))["ts"])
    card = message(page, "measuring")
    await expect(card).to_be_visible()
    await client.reactions_add(channel=MAIL_OPS, timestamp=ts, name="eyes")
    await expect(card.get_by_test_id("reaction")).to_contain_text("1")
    await client.chat_update(channel=MAIL_OPS, ts=ts, text="*healed*")
    await expect(message(page, "healed").get_by_test_id("edited")).to_be_visible()
    await client.chat_delete(channel=MAIL_OPS, ts=ts)
    await expect(page.get_by_test_id("message")).to_have_count(0)


async def test_a_long_paste_is_a_file_that_opens(page: Page) -> None:
    lines = "\n".join(f"line {number} of the log" for number in range(400))
    await page.get_by_test_id("composer-input").fill(lines)
    await page.get_by_test_id("composer-input").press("Enter")
    content = page.get_by_test_id("file-content")
    await expect(content).to_contain_text("line 1 of the log")
    await page.get_by_test_id("file-toggle").click()
    await expect(content).to_contain_text("line 399 of the log")


async def test_the_home_tab_and_the_message_shortcut_reach_the_app(page: Page, app: AsyncApp, client: AsyncWebClient) -> None:
    shortcuts: asyncio.Queue[Json] = asyncio.Queue()

    @app.event("app_home_opened")
    async def on_home(event: Json) -> None:
        home = {"type": "home", "blocks": [{"type": "section", "text": mrkdwn("*4 hosts* in the inventory")}]}
        await client.views_publish(user_id=event["user"], view=home)

    @app.shortcut("diagnose_message")
    async def on_shortcut(ack: Any, body: Json) -> None:
        await ack()
        shortcuts.put_nowait(body)

    await page.get_by_test_id("app-home-link").click()
    await expect(page.get_by_test_id("home-view")).to_contain_text("4 hosts in the inventory")
    await page.get_by_test_id(f"channel-{MAIL_OPS}").click()
    await client.chat_postMessage(channel=MAIL_OPS, text="diagnose me")
    await message(page, "diagnose me").hover()
    await message(page, "diagnose me").get_by_test_id("message-menu").click()
    await page.get_by_test_id("shortcut-diagnose_message").click()
    assert (await heard(shortcuts))["message"]["text"] == "diagnose me"


async def test_what_the_app_fails_to_answer_is_shown_to_the_person(page: Page, app: AsyncApp, gallery: Any) -> None:
    await gallery()
    deny = page.get_by_role("button", name="Deny…")
    await deny.click()
    await expect(page.get_by_test_id("problem")).to_contain_text("did not answer this click")
    await expect(deny).not_to_have_attribute("aria-busy", "true")
    await page.get_by_test_id("act-as-U0BEN").check(force=True)
    await expect(page.get_by_test_id("problem")).to_have_count(0)


async def test_a_lost_connection_is_said_and_mended(page: Page, client: AsyncWebClient) -> None:
    await page.route("**/_control/stream*", lambda route: route.abort())
    await page.get_by_test_id("act-as-U0BEN").check(force=True)
    await expect(page.get_by_test_id("connection")).to_contain_text("Reconnecting")
    await client.chat_postMessage(channel=MAIL_OPS, text="said meanwhile")
    await page.unroute("**/_control/stream*")
    await expect(message(page, "said meanwhile")).to_be_visible()
    await expect(page.get_by_test_id("connection")).to_be_hidden()


async def test_a_narrow_window_keeps_everything_within_reach(page: Page, running: Running, client: AsyncWebClient) -> None:
    ts = await Person(running, "U0ANA").says(MAIL_OPS, "postfix is down")
    await client.chat_postMessage(channel=MAIL_OPS, thread_ts=ts, text="card", blocks=GALLERY)
    await page.set_viewport_size({"width": 400, "height": 760})
    await page.get_by_test_id("nav-toggle").click()
    await page.get_by_test_id("act-as-U0CHEN").check(force=True)
    await page.get_by_test_id(f"channel-{MAIL_OPS}").click()
    await page.get_by_test_id("open-thread").click()
    await expect(page.get_by_role("button", name="Approve and run")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await page.get_by_test_id("thread-close").click()
    await expect(page.get_by_test_id("composer-input")).to_be_visible()
