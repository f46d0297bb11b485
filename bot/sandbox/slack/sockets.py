"""Socket Mode, the server's side: hands out links, sends each payload over any one socket, takes acks from all of them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
from typing import Any

from aiohttp import WSMsgType, web

from .delivery import Kind, Undelivered
from .identity import Identity
from .journal import Journal
from .shapes import Json, Refusal, Timing

MOST_SOCKETS = 10


class Sockets:
    """Every open Socket Mode connection of the app."""

    name = "socket"

    def __init__(self, identity: Identity, timing: Timing, journal: Journal) -> None:
        self.retries = timing.socket_retries
        self._identity = identity
        self._timing = timing
        self._journal = journal
        self._tickets: set[str] = set()
        self._open: dict[web.WebSocketResponse, web.Request] = {}
        self._draining: set[web.WebSocketResponse] = set()
        self._waiting: dict[str, asyncio.Future[Json | None]] = {}

    @property
    def count(self) -> int:
        """How many sockets can be given payloads."""
        return len(self._usable())

    def link(self) -> str:
        """Hand out the path of a WebSocket; it opens once."""
        if self.count >= MOST_SOCKETS:
            raise Refusal("too_many_websockets")
        ticket = secrets.token_hex(16)
        self._tickets.add(ticket)
        return f"/link/?ticket={ticket}&app_id={self._identity.app_id}"

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Serve one socket until it closes."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=403, text="This link was used already or was never handed out.")
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._open[socket] = request
        try:
            with contextlib.suppress(ConnectionError):  # whoever was there went away in the middle of a word
                await socket.send_json(self._hello())
                async for frame in socket:
                    if frame.type is WSMsgType.TEXT:
                        self._take(frame.data)
        finally:
            self._open.pop(socket, None)
            self._draining.discard(socket)
        return socket

    async def send(self, kind: Kind, payload: Json, attempt: int, reason: str) -> Json | None:
        """Send over one socket and wait for the ack, whichever socket it comes from; raises Undelivered."""
        usable = self._usable()
        if not usable:
            raise Undelivered("connection_failed")
        envelope: Json = {
            "envelope_id": secrets.token_hex(16),
            "payload": payload,
            "type": kind,
            "accepts_response_payload": kind != "events_api",
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": attempt, "retry_reason": reason}
        waiting: asyncio.Future[Json | None] = asyncio.get_running_loop().create_future()
        self._waiting[envelope["envelope_id"]] = waiting
        try:
            async with asyncio.timeout(self._timing.ack):
                await secrets.choice(usable).send_json(envelope)
                return await waiting
        except TimeoutError as late:
            raise Undelivered("timeout") from late
        except ConnectionError as gone:
            raise Undelivered("connection_failed") from gone
        finally:
            del self._waiting[envelope["envelope_id"]]

    async def refresh(self, reason: str = "refresh_requested") -> None:
        """Ask the app to reconnect: no more payloads over the present sockets, acks still taken from them."""
        for socket in self._usable():
            self._draining.add(socket)
            await socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "local"}})

    def abort(self) -> None:
        """Tear every connection down without a closing frame."""
        for request in tuple(self._open.values()):
            if request.transport is not None:
                request.transport.abort()

    async def close(self) -> None:
        """Close every socket."""
        for socket in tuple(self._open):
            await socket.close()

    def _usable(self) -> list[web.WebSocketResponse]:
        return [socket for socket in self._open if socket not in self._draining and not socket.closed]

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self._open),
            "connection_info": {"app_id": self._identity.app_id},
            "debug_info": {"host": "local", "approximate_connection_time": self._timing.approximate_connection},
        }

    def _take(self, text: str) -> None:
        try:
            frame: Any = json.loads(text)
        except ValueError:
            return  # the websocket libraries' own keep-alive text, not an ack
        envelope_id = frame.get("envelope_id") if isinstance(frame, dict) else None
        if envelope_id is None:
            return
        waiting = self._waiting.get(envelope_id)
        if waiting is None or waiting.done():
            self._journal.deliveries.append({"kind": "ack", "envelope_id": envelope_id, "outcome": "late ack"})
            return
        waiting.set_result(frame.get("payload"))
