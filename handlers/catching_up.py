"""What happened in Slack while nobody of us was connected? Reads it afterwards; a row's key lets nothing be handled twice.

Buttons pressed meanwhile are gone: Slack shows the person an error and tells nobody later. So threads with open cards are told.
Threads that began before, and direct messages, are read where postmedic has spoken within a day.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from aiohttp import ClientError
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.errors import NotFound, PostmedicError
from bot.render.replies import note
from handlers.desk import Desk
from handlers.incoming import DIRECT
from handlers.messages import paste

LOG = logging.getLogger(__name__)
LOOK_SECONDS = 5.0  # between two notes that somebody is connected
AWAY_SECONDS = 15.0  # from here on something may have been missed
TOLD_SECONDS = 60.0  # from here on people may have pressed a button in vain
OVERLAP_SECONDS = 60.0  # Slack's clock is not the database's
LONGEST_SECONDS = 86_400.0  # what is older is not answered any more
MOST_THREADS = 100  # that began before, the newest first: Slack answers about fifty such questions a minute
_CONNECTED = "connected"
_PAGE = 200


async def keep_up(desk: Desk, connected: Callable[[], Awaitable[bool]]) -> None:
    """Note while we are connected, and catch up after a time in which nobody was; serve until cancelled."""
    while True:
        try:
            if await connected():
                mark = await desk.store.marks.get(_CONNECTED)
                if mark is not None and mark.ago > AWAY_SECONDS:
                    await _catch_up(desk, mark.at, mark.ago)
                await desk.store.marks.put(_CONNECTED)  # only now: who dies before is followed by one that reads again
        except (SlackClientError, ClientError, TimeoutError, OSError, PostmedicError) as error:
            LOG.warning("what was missed could not be read yet: %s", type(error).__name__)
        await asyncio.sleep(LOOK_SECONDS)


async def _catch_up(desk: Desk, since: float, ago: float) -> None:
    oldest = since + max(0.0, ago - LONGEST_SECONDS) - OVERLAP_SECONDS
    read = 0
    spoken = await desk.store.outbox.places(ago + LONGEST_SECONDS, MOST_THREADS)
    direct = sorted({channel for channel, _ in spoken if channel.startswith(DIRECT) and desk.served.here(channel)})
    channels = [*await _channels(desk), *direct]
    before = [(channel, thread) for channel, thread in spoken if channel in channels and thread and float(thread) < oldest]
    for channel, thread in (*((channel, "") for channel in channels), *before):
        asked = _replies(desk, channel, thread, oldest) if thread else _written(desk, channel, oldest)
        try:
            async for message in asked:
                read += await _accept(desk, channel, message)
        except SlackApiError as error:
            if error.response.get("error") in ("ratelimited", "internal_error", "fatal_error", "service_unavailable"):
                raise
            LOG.warning("%s could not be read: %s", channel, error.response.get("error"))
    LOG.warning("nobody was connected for %.0f s; %d messages of that time were read afterwards", ago, read)
    if ago > TOLD_SECONDS:
        await _tell(desk, since, ago)


async def _channels(desk: Desk) -> list[str]:
    pages = _pages(desk.client.users_conversations, types="public_channel,private_channel")
    return [str(one["id"]) async for page in pages for one in page["channels"] if desk.served.here(str(one["id"]))]


async def _written(desk: Desk, channel: str, oldest: float) -> AsyncIterator[dict[str, Any]]:
    async for page in _pages(desk.client.conversations_history, channel=channel, oldest=f"{oldest:.6f}"):
        for message in page["messages"]:
            yield message
            if float(message.get("latest_reply") or 0) > oldest:
                async for reply in _replies(desk, channel, message["ts"], oldest):
                    yield reply


async def _replies(desk: Desk, channel: str, thread: str, oldest: float) -> AsyncIterator[dict[str, Any]]:
    async for page in _pages(desk.client.conversations_replies, channel=channel, ts=thread, oldest=f"{oldest:.6f}"):
        for reply in page["messages"]:
            if float(reply["ts"]) > oldest:  # Slack gives the first message of a thread in any case
                yield reply


async def _pages(call: Callable[..., Awaitable[AsyncSlackResponse]], **asked: str) -> AsyncIterator[AsyncSlackResponse]:
    """Every page of what Slack gives in pages."""
    cursor = ""
    while True:
        page = await call(**asked, limit=_PAGE, cursor=cursor)
        yield page
        cursor = str((page.get("response_metadata") or {}).get("next_cursor") or "")
        if not cursor:
            return


async def _accept(desk: Desk, channel: str, message: dict[str, Any]) -> bool:
    """Store a message as if its event had come; what was stored before, edited since or not, stays as it was."""
    if message.get("team", desk.served.team) != desk.served.team:
        return False
    event = {name: value for name, value in message.items() if name != "edited"} | {"type": "message", "channel": channel}
    if channel.startswith(DIRECT):
        event["channel_type"] = "im"
    body = {"type": "event_callback", "team_id": desk.served.team, "event": event}
    incoming = paste.read(body, desk.served)
    if incoming is None or not await desk.store.inbox.accept(incoming.key, incoming.kind, incoming.payload):
        return False
    desk.awake.set()
    return True


async def _tell(desk: Desk, since: float, ago: float) -> None:
    for plan_id in await desk.store.plans.undecided():
        try:
            progress = await desk.store.plans.progress(plan_id)
            talk = await desk.store.conversations.by_id(progress.conversation)
        except NotFound:
            continue
        said = note("was-away", talk.lang, minutes=max(1, round(ago / 60)))
        await desk.show(f"away-{int(since)}-{plan_id}", talk.channel, talk.thread, said)
