"""How does a payload reach the app? One way for both transports: retries for events, one answer for everything else."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Literal, Protocol

from .faults import Faults
from .journal import Journal
from .shapes import Clock, Json

Kind = Literal["events_api", "interactive", "slash_commands"]


class Undelivered(Exception):
    """The app did not take a payload; `reason` is Slack's word for why, `shown` what a person is told."""

    def __init__(self, reason: str, *, no_retry: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.no_retry = no_retry

    @property
    def shown(self) -> str:
        """The error code Slack shows a person whose command or click failed."""
        return {"timeout": "operation_timeout", "http_error": "http_service_error"}.get(self.reason, "dispatch_failed")


class Transport(Protocol):
    """Socket Mode or HTTP."""

    name: str
    retries: tuple[float, ...]

    async def send(self, kind: Kind, payload: Json, attempt: int, reason: str) -> Json | None:
        """Deliver once and return the body of the ack; raises Undelivered."""


class Dispatcher:
    """Hands payloads to the app over the transport in use."""

    def __init__(self, transport: Transport, faults: Faults, journal: Journal, clock: Clock) -> None:
        self.transport = transport
        self._faults = faults
        self._journal = journal
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()

    def event(self, payload: Json) -> None:
        """Deliver an event in the background, again and again as Slack would."""
        task = asyncio.create_task(self._deliver(payload))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def ask(self, kind: Kind, payload: Json) -> Json:
        """Deliver a command or an interaction once and return the ack's body; raises Undelivered."""
        return await self._send(kind, payload, 0, "") or {}

    async def close(self) -> None:
        """Stop retrying."""
        for task in tuple(self._tasks):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _deliver(self, payload: Json) -> None:
        reason = ""
        for attempt, pause in enumerate((0.0, *self.transport.retries)):
            if pause:
                await asyncio.sleep(pause)
            try:
                await self._send("events_api", payload, attempt, reason)
            except Undelivered as failure:
                reason = failure.reason
                if failure.no_retry:
                    return
            else:
                break
        if self._faults.strike("duplicate"):
            with contextlib.suppress(Undelivered):
                await self._send("events_api", payload, 1, "timeout")

    async def _send(self, kind: Kind, payload: Json, attempt: int, reason: str) -> Json | None:
        record: Json = {
            "at": self._clock(),
            "kind": kind,
            "transport": self.transport.name,
            "attempt": attempt,
            "reason": reason,
            "payload": payload,
        }
        self._journal.deliveries.append(record)
        started = time.monotonic()
        try:
            answer = await self.transport.send(kind, payload, attempt, reason)
            if self._faults.strike("drop-ack"):
                raise Undelivered("timeout")
        except Undelivered as failure:
            record["outcome"] = failure.reason
            raise
        record |= {"outcome": "acked", "seconds": time.monotonic() - started, "answer": answer}
        return answer
