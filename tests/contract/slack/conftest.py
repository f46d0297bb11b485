"""A local workspace per test, a real slack_bolt app connected to it over either transport, and people to drive it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack import Running, Timing, Workspace, serve

MANIFEST = Path(__file__).parents[3] / "deploy/slack/manifest.json"
FAST = Timing(ack=1.0, http_retries=(0.0, 0.1, 0.2), socket_retries=(0.05, 0.1, 0.2))


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """slack_sdk sends even loopback calls to a proxy named in the environment."""
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)


class Hands:
    """A clock tests move by hand; it runs on from the real time."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
async def running(clock: Hands) -> AsyncIterator[Running]:
    async with serve(Workspace(MANIFEST, clock=clock, timing=FAST)) as started:
        yield started
        assert started.workspace.journal.unknown_methods == []


@pytest.fixture
def client(running: Running) -> AsyncWebClient:
    return AsyncWebClient(running.bot_token, base_url=running.api_url)


@pytest.fixture
def app(running: Running, client: AsyncWebClient) -> AsyncApp:
    return AsyncApp(client=client, signing_secret=running.signing_secret)


@asynccontextmanager
async def over_socket(running: Running, app: AsyncApp) -> AsyncIterator[None]:
    """Connect an app with the real Socket Mode client."""
    handler = AsyncSocketModeHandler(app, running.app_token, ping_interval=1)
    await handler.connect_async()
    await until(lambda: running.workspace.sockets.count == 1)
    try:
        yield
    finally:
        await handler.close_async()


@asynccontextmanager
async def over_http(running: Running, app: AsyncApp) -> AsyncIterator[None]:
    """Serve an app's request URL and have the workspace deliver there."""
    runner = web.AppRunner(app.server(port=0, host="127.0.0.1").web_app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        await running.deliver_over_http(f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events")
        yield
    finally:
        await runner.cleanup()


TRANSPORTS = {"socket": over_socket, "http": over_http}


@pytest.fixture(params=TRANSPORTS)
async def started(request: pytest.FixtureRequest, running: Running, app: AsyncApp) -> AsyncIterator[Running]:
    """The app, connected over each transport in turn; listeners can still be added to it."""
    async with TRANSPORTS[request.param](running, app):
        yield running


async def until(condition: Callable[[], object], timeout: float = 20.0) -> None:
    """Wait until something holds; raises TimeoutError."""
    async with asyncio.timeout(timeout):
        while not condition():
            await asyncio.sleep(0.01)
