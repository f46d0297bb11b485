"""A headless Chromium at the local workspace's page, with a small real Bolt app behind it."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack import Running, Timing, Workspace, serve

MANIFEST = Path(__file__).parents[2] / "deploy/slack/manifest.json"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """slack_sdk sends even loopback calls to a proxy named in the environment."""
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium; without one the test is skipped, or fails where a browser is required."""
    found = os.environ.get("POSTMEDIC_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if found:
        return found
    reason = "no Chromium here: apt-get install chromium, or name one in POSTMEDIC_CHROMIUM"
    if os.environ.get("POSTMEDIC_REQUIRE_BROWSER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """One browser for all tests; each test gets its own context."""
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield launched
        await launched.close()


@pytest_asyncio.fixture(loop_scope="session")
async def running() -> AsyncIterator[Running]:
    """A fresh local workspace."""
    async with serve(Workspace(MANIFEST, timing=Timing(ack=1.0))) as started:
        yield started


@pytest.fixture
def client(running: Running) -> AsyncWebClient:
    """The Web API with the bot's token."""
    return AsyncWebClient(running.bot_token, base_url=running.api_url)


@pytest_asyncio.fixture(loop_scope="session")
async def app(running: Running, client: AsyncWebClient) -> AsyncIterator[AsyncApp]:
    """A Bolt app over Socket Mode; listeners can be added in the test."""
    bolt = AsyncApp(client=client, signing_secret=running.signing_secret)
    handler = AsyncSocketModeHandler(bolt, running.app_token, ping_interval=1)
    await handler.connect_async()
    yield bolt
    await handler.close_async()


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, running: Running) -> AsyncIterator[Page]:
    """The workspace's page; a script error on it fails the test."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    opened = await context.new_page()
    opened.set_default_timeout(5000)
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    await opened.goto(running.url)
    await opened.get_by_test_id("composer-input").wait_for()
    yield opened
    await context.close()
    assert errors == []
