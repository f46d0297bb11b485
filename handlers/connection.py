"""Is this the right Slack, and does it let us in? Looks before it connects, because the client would retry for ever."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import ClientError
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.web.async_client import AsyncWebClient

from bot.config import Settings
from bot.engine import Engine
from bot.errors import ConfigError
from bot.execution.executor import Executor
from bot.store.store import Store
from handlers.actor import People
from handlers.alarm import Alarm
from handlers.catching_up import keep_up
from handlers.client import Client
from handlers.desk import Desk
from handlers.incoming import Served
from handlers.serving import kept_up, register, serving

LOG = logging.getLogger(__name__)
SENDING_SECONDS = 10  # below the lease of 15 seconds
LINK_SECONDS = 30.0  # for which a link that does not open is tried
_PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
_HINTS = {
    "invalid_auth": "Slack does not know the token",
    "not_allowed_token_type": "this is another kind of token",
    "token_revoked": "the token was revoked; install the app again",
    "account_inactive": "the app was removed from the workspace; install it again",
    "missing_scope": "the token lacks a scope; compare with deploy/slack/manifest.json and install the app again",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Slack:
    """One workspace that let us in; `people` answers who somebody is, `team` is the workspace's id."""

    settings: Settings
    client: AsyncWebClient  # repeats requests after refusals for a while
    sending: AsyncWebClient  # repeats nothing: a message must not be posted twice
    people: People
    team: str
    bot_id: str
    bot_user: str
    clock: Callable[[], float]

    @property
    def alarm(self) -> Alarm:
        """The way to tell everybody that somebody breaks the glass."""
        return Alarm(client=self.sending, channels=self.settings.alarm_channels, lang=self.settings.lang)

    async def inside(self, channel: str) -> bool | None:
        """Whether the bot is in a channel, which one that it cannot see is not; None where Slack gives no answer."""
        try:
            return bool((await self.client.conversations_info(channel=channel))["channel"].get("is_member"))
        except SlackApiError as error:
            return False if error.response.get("error") == "channel_not_found" else None
        except (SlackClientError, ClientError, TimeoutError, OSError):
            return None

    def desk(self, engine: Engine, store: Store, executor: Executor) -> Desk:
        """The parts a handler works with."""
        return Desk(
            served=Served(
                team=self.team,
                bot_user=self.bot_user,
                channels=frozenset(self.settings.channels),
                discretion=engine.discretion,
            ),
            lang=self.settings.lang,
            alarmed=bool(self.settings.alarm_channels),
            engine=engine,
            store=store,
            executor=executor,
            people=self.people,
            client=self.client,
            clock=self.clock,
        )

    def app(self, desk: Desk, signing_secret: str = "") -> AsyncApp:
        """A Bolt app that hears everything for the desk; the secret is needed for HTTP only."""
        logger = logging.getLogger("postmedic.bolt")
        logger.setLevel(logging.ERROR)  # below that Bolt logs whole payloads, which may be pastes

        async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
            # Every team passes: each reader looks at the team itself, and what is not ours is only acknowledged.
            return AuthorizeResult(
                enterprise_id=enterprise_id,
                team_id=team_id,
                bot_id=self.bot_id,
                bot_user_id=self.bot_user,
                bot_token=self.client.token,
            )

        app = AsyncApp(name="postmedic", client=self.client, logger=logger, authorize=authorize, signing_secret=signing_secret)
        logging.getLogger("slack_bolt.RequestVerification").addFilter(_without_body)
        register(app, desk)
        return app

    @asynccontextmanager
    async def serve(
        self, engine: Engine, store: Store, executor: Executor, *, ping_seconds: float = 10.0, pause: float = 1.0
    ) -> AsyncIterator[Desk]:
        """Serve over Socket Mode while the block runs, and end in order: first hear nothing more, then finish."""
        desk = self.desk(engine, store, executor)
        handler = AsyncSocketModeHandler(self.app(desk), self.settings.slack_app_token, ping_interval=ping_seconds)
        connected = _connected(handler.client)
        async with serving(desk, self.sending, pause=pause):
            keeping_up = asyncio.create_task(kept_up(lambda: keep_up(desk, connected)))
            try:
                await handler.connect_async()  # type: ignore[no-untyped-call]
                yield desk
            finally:
                keeping_up.cancel()
                await asyncio.gather(keeping_up, return_exceptions=True)
                await handler.close_async()  # type: ignore[no-untyped-call]


async def connect(settings: Settings, clock: Callable[[], float] = time.time) -> Slack:
    """Look whether both tokens let us in. Raises `ConfigError` that names the setting and what to do."""
    if urlsplit(settings.slack_api_url).hostname in ("127.0.0.1", "::1", "localhost"):
        for name in _PROXIES:  # the client ignores NO_PROXY and would ask the proxy for this very machine
            os.environ.pop(name, None)
    for name in ("slack_bot_token", "slack_app_token"):
        if not getattr(settings, name):
            raise ConfigError(where=name, detail="it is empty; deploy/slack/README.md says where to find it")
    # Silent for longer than this, a message would be sent again while it may still arrive: its lease would be over.
    sending = Client(settings.slack_bot_token, base_url=settings.slack_api_url, retry_handlers=[], timeout=SENDING_SECONDS)
    client = Client(settings.slack_bot_token, base_url=settings.slack_api_url, retry_handlers=_patient())
    try:
        me = await client.auth_test()
    except (SlackClientError, ClientError, TimeoutError, OSError) as error:
        raise _refused("slack_bot_token", settings, error) from error
    try:
        await client.apps_connections_open(app_token=settings.slack_app_token)
    except (SlackClientError, ClientError, TimeoutError, OSError) as error:
        raise _refused("slack_app_token", settings, error) from error
    return Slack(
        settings=settings,
        client=client,
        sending=sending,
        people=People(client, clock, settings.lang),
        team=str(me["team_id"]),
        bot_id=str(me["bot_id"]),
        bot_user=str(me["user_id"]),
        clock=clock,
    )


def _connected(client: SocketModeClient) -> Callable[[], Awaitable[bool]]:
    """Whether Slack can reach us; when it could not for a while, the client is told to ask for another link.

    A link opens once and not for long, but the client tries the one it has for ever.
    """
    tried = asyncio.get_running_loop().time()

    async def connected() -> bool:
        nonlocal tried
        now, there = asyncio.get_running_loop().time(), await client.is_connected()
        if there:
            tried = now
        elif now - tried >= LINK_SECONDS:
            tried, client.wss_uri = now, None
        return there

    return connected


def _without_body(record: logging.LogRecord) -> bool:
    """Let Bolt say that a request was forged or too old, but never what was in it, whatever level somebody sets."""
    record.msg, record.args = "a request was refused: its signature or its time is wrong", ()
    return True


def _patient() -> list[AsyncRetryHandler]:
    return [
        AsyncConnectionErrorRetryHandler(max_retry_count=2),
        AsyncServerErrorRetryHandler(max_retry_count=2),
        AsyncRateLimitErrorRetryHandler(max_retry_count=2),
    ]


def _refused(setting: str, settings: Settings, error: Exception) -> ConfigError:
    if isinstance(error, SlackApiError):
        said = str(error.response.get("error") or "")
        return ConfigError(where=setting, detail=_HINTS.get(said, f"Slack refused it: {said}"))
    return ConfigError(where="slack_api_url", detail=f"{settings.slack_api_url} gave no answer ({type(error).__name__})")
