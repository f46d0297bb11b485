"""Does Slack show what is stored? Sends each message in order, at most once a second per channel, edits instead of repeating.

A card is drawn from the stored plan at the moment it is sent, so the last one always shows the true state.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import ClientError
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import PostmedicError
from bot.model.event import Anchor
from bot.store.course import SHOWN
from bot.store.outbox import Outgoing, Show
from bot.store.store import Store
from handlers.pace import Pace

LOG = logging.getLogger(__name__)
POLL_SECONDS = 0.2  # between two looks for something to send
LONGEST_WAIT = 60.0
METADATA = "postmedic_message"
_PAGE = 200
_PAGE_OF_THREAD = 1000  # a thread is read from its beginning
_MOST_KEPT = 1000
# Slack's answers that may be another one later; everything else it says about a message is final.
_PASSING = frozenset({
    "ratelimited", "rate_limited", "message_limit_exceeded", "internal_error", "fatal_error", "service_unavailable",
    "request_timeout", "team_added_to_org", "invalid_auth", "not_authed", "token_revoked", "account_inactive",
    "org_login_required", "ekm_access_denied", "accesslimited",
})  # fmt: skip
_UNSHOWABLE = frozenset({"invalid_blocks", "msg_blocks_too_long", "invalid_blocks_format"})

Draw = Callable[[Outgoing], Awaitable[dict[str, Any] | None]]
"""Gives `text` and `blocks` of a message, or None where there is nothing (any more) to show."""


class Sender:
    """Sends for one process; several may share one store. `client` must not repeat requests by itself."""

    def __init__(
        self, store: Store, client: AsyncWebClient, draw: Draw, owner: str, *, bot_user: str, pause: float = 1.0
    ) -> None:
        self._outbox = store.outbox
        self._client = client
        self._draw = draw
        self._owner = owner
        self._bot_user = bot_user
        self._pace = Pace(pause)
        self._tasks: set[asyncio.Task[None]] = set()
        self._unposted: dict[tuple[str, str], int] = {}  # at which attempt Slack certainly did not post it
        self._shown: dict[str, tuple[int, dict[str, Any]]] = {}  # the last version of a message sent by this process

    async def run(self) -> None:
        """Serve until cancelled; then `settle`. Cards that were given up are tried once more: their channel may be back."""
        begun = False
        while True:
            try:
                if not begun:
                    await self._outbox.again(SHOWN)
                    begun = True
                for outgoing in await self._outbox.take(self._owner):
                    task = asyncio.create_task(self._one(outgoing))
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)
            except PostmedicError as error:
                LOG.warning("the outbox could not be looked at: %s", error)
            await asyncio.sleep(POLL_SECONDS)

    async def settle(self, seconds: float) -> None:
        """Let running calls end for a while; what is cut off is looked for before it is sent again."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _one(self, outgoing: Outgoing) -> None:
        key = (outgoing.show.kind, outgoing.show.subject)
        try:
            await self._send(outgoing)
        except SlackApiError as error:
            await self._refused(outgoing, error)
        except (SlackClientError, ClientError, TimeoutError, OSError) as error:
            LOG.warning("Slack could not be reached for %s %s: %s", *key, type(error).__name__)
            await self._later(outgoing, _backoff(outgoing.attempts))
        except PostmedicError as error:
            LOG.warning("%s %s waits: %s", *key, error)  # its lease ends by itself
        except Exception as error:  # one message that cannot be drawn must not keep its channel waiting for ever
            place = "".join(traceback.format_tb(error.__traceback__))  # its text may hold what was pasted
            LOG.error("%s %s cannot be shown: %s\n%s", *key, type(error).__name__, place)
            await self._outbox.refused(outgoing, "it cannot be drawn")

    async def _send(self, outgoing: Outgoing) -> None:
        show, ts = outgoing.show, outgoing.ts
        unposted = self._certainly_unposted(outgoing)
        if not ts and outgoing.attempts > 1 and not unposted:
            ts = await self._found(outgoing)
        await self._pace.wait(f"edit {ts}" if ts else f"post {show.channel}")
        content = await self._draw(outgoing)
        if content is None or self._shows(outgoing, content):
            await self._outbox.sent(outgoing, ts)
            return
        if not await self._outbox.renew(outgoing):  # this process was silent too long, and another one sends it
            return
        sent = await self._call(outgoing, ts, content)
        if len(self._shown) > _MOST_KEPT:
            self._shown.clear()
        self._shown[sent] = (outgoing.version, content)
        await self._outbox.sent(outgoing, sent)

    def _shows(self, outgoing: Outgoing, content: dict[str, Any]) -> bool:
        """Whether Slack shows this already: this process sent the version before, and no other one has tried since."""
        return outgoing.attempts == 1 and self._shown.get(outgoing.ts) == (outgoing.sent, content)

    async def _call(self, outgoing: Outgoing, ts: str, content: dict[str, Any]) -> str:
        try:
            return await self._said(outgoing, ts, content)
        except SlackApiError as error:
            if _error(error) not in _UNSHOWABLE:
                raise
            LOG.error("Slack refuses the blocks of %s %s: %s", outgoing.show.kind, outgoing.show.subject, _error(error))
            return await self._said(outgoing, ts, {"text": content["text"]})  # words alone are better than nothing

    async def _said(self, outgoing: Outgoing, ts: str, content: dict[str, Any]) -> str:
        show = outgoing.show
        metadata = _metadata(outgoing)
        if ts:
            await self._client.chat_update(channel=show.channel, ts=ts, metadata=metadata, **content)
            return ts
        try:
            answer = await self._client.chat_postMessage(
                channel=show.channel,
                thread_ts=show.thread or None,
                metadata=metadata,
                unfurl_links=False,
                unfurl_media=False,
                **content,
            )
        except SlackApiError as error:
            if _limited(error):
                self._unposted[show.kind, show.subject] = outgoing.attempts
            raise
        return str(answer["ts"])

    async def _found(self, outgoing: Outgoing) -> str:
        """The message that an earlier attempt posted, or the empty text: its metadata names what it is about."""
        show, cursor = outgoing.show, None
        while True:
            if show.thread:
                page = await self._client.conversations_replies(
                    channel=show.channel, ts=show.thread, include_all_metadata=True, limit=_PAGE_OF_THREAD, cursor=cursor
                )
            else:
                page = await self._client.conversations_history(channel=show.channel, include_all_metadata=True, limit=_PAGE)
            for message in page["messages"]:
                # Any app may write such metadata, so the message must be our own.
                if message.get("user") == self._bot_user and _about(message.get("metadata")) == _name(outgoing):
                    return str(message["ts"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor") if show.thread else None
            if not cursor:
                return ""

    async def _refused(self, outgoing: Outgoing, error: SlackApiError) -> None:
        said, status = _error(error), getattr(error.response, "status_code", 200)
        if _limited(error):
            await self._later(outgoing, _retry_after(error))
        elif said == "message_not_found" and outgoing.ts and outgoing.show.kind == SHOWN:
            LOG.warning("%s was deleted in Slack and is posted again: people decide there", _name(outgoing))
            await self._outbox.gone(outgoing)
        elif status >= 500 or not said or said in _PASSING:
            LOG.warning("Slack did not take %s: %s", _name(outgoing), said or status)
            await self._later(outgoing, _backoff(outgoing.attempts))
        else:
            LOG.error("Slack will never take %s: %s", _name(outgoing), said)
            await self._outbox.refused(outgoing, said)

    async def _later(self, outgoing: Outgoing, seconds: float) -> None:
        try:
            await self._outbox.retry_at(outgoing, seconds)
        except PostmedicError as error:
            LOG.warning("%s waits: %s", _name(outgoing), error)

    def _certainly_unposted(self, outgoing: Outgoing) -> bool:
        """Whether the attempt before this one was ours, and Slack said no to it; that is known once."""
        return self._unposted.pop((outgoing.show.kind, outgoing.show.subject), None) == outgoing.attempts - 1


def _name(outgoing: Outgoing) -> str:
    return f"{outgoing.show.kind}:{outgoing.show.subject}"


def head_of(show: Show) -> Anchor | None:
    """The audit event that this version of a card was written with; other messages have none."""
    sequence, digest = show.payload.get("sequence"), show.payload.get("digest")
    return Anchor(sequence=sequence, digest=digest) if show.kind == SHOWN and sequence and digest else None


def _metadata(outgoing: Outgoing) -> dict[str, Any]:
    head = head_of(outgoing.show)
    return {
        "event_type": METADATA,
        "event_payload": {"id": _name(outgoing)} | ({"audit": head.token} if head else {}),
    }


def _about(metadata: object) -> str:
    """What a message with this metadata is about; its head of the audit chain changes with every version."""
    if not isinstance(metadata, dict) or metadata.get("event_type") != METADATA:
        return ""
    return str((metadata.get("event_payload") or {}).get("id") or "")


def _error(error: SlackApiError) -> str:
    response = error.response
    return str(response.get("error") or "") if hasattr(response, "get") else ""


def _limited(error: SlackApiError) -> bool:
    """Whether Slack has done nothing, as it was asked too often."""
    return getattr(error.response, "status_code", 200) == 429 or _error(error) in ("ratelimited", "rate_limited")


def _retry_after(error: SlackApiError) -> float:
    headers = {name.lower(): value for name, value in dict(getattr(error.response, "headers", {}) or {}).items()}
    try:
        return max(1.0, float(headers.get("retry-after", 1)))
    except ValueError:
        return LONGEST_WAIT


def _backoff(attempts: int) -> float:
    return min(2.0 ** min(attempts, 10) / 2, LONGEST_WAIT)
