"""What has Slack told us? Everything that has an effect is a row before Slack hears that it arrived.

A global middleware, because Bolt acknowledges events before their listeners run. It never acts on anything itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.errors import StoreUnavailable
from bot.render.replies import REASON, note
from handlers import degraded
from handlers.desk import Desk
from handlers.incoming import Incoming, Json, Served

LOG = logging.getLogger(__name__)


class Thing(Protocol):
    """One thing a person does: `read` gives what is kept of its payload, or None for every other payload."""

    def read(self, body: Json, served: Served) -> Incoming | None: ...


class Inbox:
    """The middleware: reads, stores, and only then lets the acknowledgement go."""

    def __init__(self, desk: Desk, things: Sequence[Thing]) -> None:
        self._desk = desk
        self._things = things
        self._answered: deque[str] = deque(maxlen=1000)  # without a record
        self._answering: set[asyncio.Task[None]] = set()

    async def __call__(self, req: AsyncBoltRequest, next: Callable[[], Awaitable[BoltResponse]]) -> BoltResponse:
        """Store what arrived; a redelivery is acknowledged and nothing else, what cannot be stored is not accepted."""
        body: Json = req.body
        incoming = next_of(self._things, body, self._desk.served)
        if incoming is None:
            return await next()
        try:
            new = await self._desk.store.inbox.accept(incoming.key, incoming.kind, incoming.payload)
        except StoreUnavailable as error:
            LOG.error("%s could not be stored: %s", incoming.kind, error)
            return await self._sorry(body, incoming)
        if not new:
            return BoltResponse(status=200, body="")
        self._desk.awake.set()
        return await next()

    async def _sorry(self, body: Json, incoming: Incoming) -> BoltResponse:
        """Answer as far as reading goes. Events are left unacknowledged, so that Slack sends them again and the whole answer
        follows; the rest is never repeated, so people are told."""
        if incoming.kind in degraded.KINDS and incoming.key not in self._answered:
            self._answered.append(incoming.key)
            task = asyncio.create_task(degraded.answer_without_record(self._desk, incoming))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)
        if "event" in body:
            return BoltResponse(status=503, body="")
        if incoming.kind in degraded.KINDS:
            return BoltResponse(status=200, body="")
        message = note("database-away", self._desk.lang)
        if body.get("type") == "view_submission":
            return BoltResponse(status=200, body={"response_action": "errors", "errors": {REASON: message.text}})
        await self._desk.respond(str(body.get("response_url") or ""), message)
        return BoltResponse(status=200, body="")


def next_of(things: Sequence[Thing], body: Json, served: Served) -> Incoming | None:
    """What the first thing that knows the payload keeps of it."""
    return next((found for thing in things if (found := thing.read(body, served)) is not None), None)
