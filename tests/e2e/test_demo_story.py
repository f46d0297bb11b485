"""What a newcomer clicks in the demo, from the paste to the healed host, in a real browser against the real bot and its hosts.

With `POSTMEDIC_SCREENSHOTS=FOLDER` the screenshots of every stage are kept there; `make screenshots` does that.
"""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from bot.__main__ import main
from bot.cli.demo import SETTINGS, demo
from bot.sandbox.slack.seed import MAIL_OPS

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

ANA, BEN, CHEN, DORA = "U0ANA", "U0BEN", "U0CHEN", "U0DORA"
NO_HOST = "fatal: parameter inet_interfaces: no local interface found for 127.0.0.1"
WAIT = 30_000  # milliseconds; two cores may be busy with other tests

Snap = Callable[[str], Awaitable[None]]


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where the demo keeps its files."""
    with tempfile.TemporaryDirectory(prefix="postmedic-demo-") as name:
        yield Path(name)


@pytest_asyncio.fixture(loop_scope="session")
async def address(folder: Path) -> AsyncIterator[str]:
    """A fresh demo, with every host broken."""
    with pytest.MonkeyPatch.context() as environment:
        for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
            environment.delenv(name, raising=False)
        async with demo(folder) as url:
            yield url


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, address: str) -> AsyncIterator[Page]:
    """The demo's page as Ana sees it; a script error or a complaint of the workspace fails the test."""
    context = await browser.new_context(viewport={"width": 1280, "height": 900})
    opened = await context.new_page()
    opened.set_default_timeout(WAIT)
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    await opened.goto(f"{address}/#as={ANA}&channel={MAIL_OPS}")
    await opened.get_by_test_id("composer-input").wait_for()
    yield opened
    complaints = await opened.get_by_test_id("problem").all_inner_texts()
    await context.close()
    assert (errors, complaints) == ([], [])


@pytest.fixture
def snap(page: Page, tmp_path: Path) -> Snap:
    """Keep a screenshot of the page under a name."""
    folder = Path(os.environ.get("POSTMEDIC_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)

    async def take(name: str) -> None:
        await page.wait_for_timeout(150)  # scrolling follows in the next frame
        await page.screenshot(path=folder / f"{name}.png")

    return take


def thread(page: Page, text: str | re.Pattern[str]) -> Locator:
    """The message of the open thread that holds a text."""
    return page.get_by_test_id("thread-panel").get_by_test_id("message").filter(has_text=text)


def posted(page: Page, text: str) -> Locator:
    """The newest message of the channel that holds a text."""
    return page.get_by_test_id("messages").get_by_test_id("message").filter(has_text=text).last


async def act_as(page: Page, person: str) -> None:
    await page.get_by_test_id(f"act-as-{person}").check(force=True)
    await expect(page.get_by_test_id(f"act-as-{person}")).to_be_checked()


async def send(page: Page, text: str) -> None:
    box = page.get_by_test_id("composer-input")
    await box.fill(text)
    await box.press("Enter")
    await expect(box).to_have_value("")


async def confirmed_outside(folder: Path, card: str) -> None:
    """Let Ben do in a terminal what the card asks for."""
    found = re.search(r"postmedic approve\s+([0-9a-f]{16})", card)
    assert found, card
    words = ["approve", found[1], "--settings", str(folder / SETTINGS), "--as", "ben", "--key", str(folder / "ben")]
    assert await asyncio.to_thread(main, words) == 0


async def press(card: Locator, action: str) -> None:
    """Press a button that asks first, and agree."""
    await card.locator(f'[data-action-id="{action}"]').click()
    await card.page.get_by_test_id("confirm-yes").click()


async def refused(page: Page, card: Locator, why: str) -> None:
    await press(card, "approve")
    await expect(thread(page, why)).to_be_visible(timeout=WAIT)
    await expect(thread(page, why).get_by_test_id("ephemeral-note")).to_be_visible()


@pytest.mark.parametrize(
    ("sample", "host", "cause", "approvers"),
    [
        (0, "host01", "Loopback (lo) is down", [BEN]),
        (1, "host02", "host02.example.com", [BEN]),
        (2, "host03", "the user postfix is not a member", [CHEN]),
        (3, "host04", "the provider or a firewall filters outgoing port 25", [BEN, CHEN]),
    ],
)
async def test_from_the_paste_to_the_healed_host(
    page: Page, snap: Snap, folder: Path, sample: int, host: str, cause: str, approvers: list[str]
) -> None:
    await page.get_by_test_id(f"sample-{sample}").click()
    await snap(f"{host}-1-sample")
    await page.get_by_test_id("composer-input").press("Enter")

    answer = thread(page, "Confirmed")
    await expect(answer).to_contain_text(cause, timeout=WAIT)
    card = thread(page, re.compile("Proposed fix|Fix for"))
    await expect(card.locator('[data-action-id="approve"]')).to_be_in_viewport(timeout=WAIT)
    await expect(card).to_contain_text("Exactly this will run, as root")
    await snap(f"{host}-2-proposed")
    await page.set_viewport_size({"width": 1280, "height": 1400})
    await snap(f"{host}-2-whole")
    await page.set_viewport_size({"width": 1280, "height": 900})
    await answer.scroll_into_view_if_needed()
    await snap(f"{host}-3-diagnosis")

    await refused(page, card, "You asked for this fix")
    await snap(f"{host}-4-own-refused")
    await act_as(page, DORA)
    await refused(page, card, "You are not an approver")
    await snap(f"{host}-5-no-rights")

    for number, person in enumerate(approvers, 1):
        await act_as(page, person)
        await card.locator('[data-action-id="approve"]').click()
        await snap(f"{host}-6-confirm")
        await page.get_by_test_id("confirm-yes").click()
        if number < len(approvers):
            await expect(card).to_contain_text(f"{number} of {len(approvers)} approvals", timeout=WAIT)
            await snap(f"{host}-7-half")
    if len(approvers) > 1:
        await expect(card).to_contain_text("2 of 2 approvals", timeout=WAIT)
        await confirmed_outside(folder, await card.inner_text())
    await expect(card).to_contain_text("Healed", timeout=WAIT)
    await expect(card.locator('[data-action-id="approve"]')).to_have_count(0)
    await snap(f"{host}-8-healed")

    await act_as(page, ANA)
    await send(page, f"/postfix check {host}")
    health = posted(page, f"Health of {host}")
    await expect(health).to_contain_text("Postfix is running", timeout=WAIT)
    await expect(health.get_by_role("img", name="red circle")).to_have_count(0)
    await snap(f"{host}-9-check")


async def test_a_denial_asks_why_and_tells_everybody(page: Page, snap: Snap) -> None:
    await send(page, NO_HOST)
    await thread(page, "on which host shall I look?").get_by_role("combobox").click()
    await snap("host-question")
    await page.get_by_test_id("options").get_by_text("host01").click()
    card = thread(page, "Proposed fix")
    await expect(card.locator('[data-action-id="deny"]')).to_be_in_viewport(timeout=WAIT)

    await act_as(page, BEN)
    await card.locator('[data-action-id="deny"]').click()
    modal = page.get_by_test_id("modal")
    await expect(modal).to_contain_text("Everybody in the thread will see it")
    await modal.get_by_role("textbox").fill("The provider is renumbering this host tonight.")
    await snap("deny-modal")
    await modal.get_by_test_id("modal-submit").click()
    denied = thread(page, "Denied by")
    await expect(denied).to_contain_text("renumbering this host tonight", timeout=WAIT)
    await expect(denied.get_by_role("button", name="Approve and run")).to_have_count(0)
    await snap("denied")


async def test_a_mention_is_always_answered(page: Page, snap: Snap) -> None:
    await send(page, "@postmedic help")
    await expect(thread(page, "Paste an error")).to_be_visible(timeout=WAIT)
    await snap("mention-help")
    await page.get_by_test_id("thread-close").click()
    await send(page, "@postmedic check host01")
    await expect(thread(page, "Health of host01")).to_contain_text("Postfix is not running", timeout=WAIT)
    await snap("mention-check")
    await page.get_by_test_id("thread-close").click()
    await send(page, "@postmedic what a nice day")
    await expect(thread(page, "I do not recognise this")).to_be_visible(timeout=WAIT)


async def test_a_message_is_diagnosed_by_its_shortcut(page: Page, snap: Snap) -> None:
    await send(page, "Nobody on host01 gets mail from cron any more, is that us?")
    message = posted(page, "is that us?")
    await message.hover()
    await message.get_by_test_id("message-menu").click()
    await snap("shortcut-menu")
    await page.get_by_test_id("shortcut-diagnose_message").click()
    await expect(message.get_by_test_id("open-thread")).to_be_visible(timeout=WAIT)
    await message.get_by_test_id("open-thread").click()
    await expect(page.get_by_test_id("thread-panel").get_by_test_id("message")).not_to_have_count(1)
    await snap("shortcut-answer")


async def test_home_shows_what_waits_and_whoever_reads_chinese_reads_chinese(page: Page, snap: Snap) -> None:
    await send(page, f"{NO_HOST} on host01")
    await expect(thread(page, "Proposed fix").locator('[data-action-id="approve"]')).to_be_visible(timeout=WAIT)
    await page.get_by_test_id("app-home-link").click()
    home = page.get_by_test_id("home-view")
    await expect(home).to_contain_text("Waiting for a decision")
    await expect(home).to_contain_text("host01")
    await snap("home")

    await act_as(page, CHEN)
    await expect(home).to_contain_text("等待决定", timeout=WAIT)
    await snap("home-zh")
    await page.get_by_test_id(f"channel-{MAIL_OPS}").click()
    await send(page, f"{NO_HOST} on host01")
    await expect(thread(page, "已确认")).to_be_visible(timeout=WAIT)
    card = thread(page, "的修复方案")
    await expect(card.get_by_role("button", name="批准并执行")).to_be_in_viewport(timeout=WAIT)
    await snap("chinese-card")
    await press(card, "approve")
    await expect(thread(page, "须由另一人决定").get_by_test_id("ephemeral-note")).to_be_visible(timeout=WAIT)
    await snap("chinese-refused")
    await send(page, "/postfix check host01")
    await expect(posted(page, "host01 的健康状况")).to_contain_text("Postfix 没有运行", timeout=WAIT)
    await snap("chinese-check")
