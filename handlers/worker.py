"""Who handles what was stored? Takes rows under a lease, tries again after errors, and says so when it gives up."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from weakref import WeakValueDictionary

from bot.errors import PostmedicError
from bot.render.replies import note
from bot.store.inbox import Received
from bot.store.leases import holding
from handlers.commands import subject
from handlers.deciding import plan_in
from handlers.desk import Desk

LOG = logging.getLogger(__name__)
AT_ONCE = 100  # rows handled at the same time; most only wait for a host
URGENT = 100  # and as many of those that must not wait behind them, looked for among as many of the newest
POLL_SECONDS = 1.0  # between two looks when nothing wakes it
RETRY_SECONDS = 5.0
SPENT_SECONDS = 5.0  # between two looks for rows that killed every process which tried them

Handle = Callable[[Desk, Received], Awaitable[None]]


class Worker:
    """Drains the inbox; several, in several processes, may share one store."""

    def __init__(self, desk: Desk, handles: Mapping[str, Handle], owner: str, urgent: Callable[[Received], bool]) -> None:
        self._desk = desk
        self._inbox = desk.store.inbox
        self._handles = handles
        self._owner = owner
        self._urgent = urgent
        self._look = 0.0  # from when on those may be looked for again
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def run(self) -> None:
        """Serve until cancelled; then `settle`."""
        loop, look = asyncio.get_running_loop(), 0.0
        while True:
            self._desk.awake.clear()
            try:
                if loop.time() >= look:
                    look = loop.time() + SPENT_SECONDS
                    for received in await self._inbox.spent():
                        await self._apologise(received, received.reason)
                for received in await self._taken(AT_ONCE - len(self._tasks)):
                    task = asyncio.create_task(self._one(received))
                    self._tasks.add(task)
                    task.add_done_callback(self._ended)
            except PostmedicError as error:
                LOG.warning("the inbox could not be looked at: %s", error)
            try:
                async with asyncio.timeout(POLL_SECONDS):
                    await self._desk.awake.wait()
            except TimeoutError:
                pass

    async def _taken(self, room: int) -> Sequence[Received]:
        if room > 0:
            return await self._inbox.take(self._owner, room)
        if (now := asyncio.get_running_loop().time()) < self._look:  # a crowd wakes us with each of its rows
            return ()
        self._look = now + POLL_SECONDS
        keys = [one.key for one in await self._inbox.newest(URGENT) if self._urgent(one)]
        return await self._inbox.take(self._owner, URGENT + room, keys) if keys and URGENT + room > 0 else ()

    async def settle(self, seconds: float) -> None:
        """Let running work end for a while; what is cut off is taken up again when its lease is over."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _one(self, received: Received) -> None:
        async with holding(self._inbox.renew, received.key, owner=self._owner, lease_seconds=self._desk.store.lease_seconds):
            # Clicks about one plan or one question take turns, in the order in which they came.
            about = str(received.payload.get("plan") or received.payload.get("conversation") or received.key)
            turn = self._turns.setdefault(about, asyncio.Lock())
            async with turn:
                await self._handled(received)

    async def _handled(self, received: Received) -> None:
        try:
            await self._handles[received.kind](self._desk, received)
            await self._inbox.done(received.key, self._owner)
        except Exception as error:
            # The text of a foreign error may hold what was pasted; its kind and place may not.
            ours = isinstance(error, PostmedicError)
            reason = self._desk.served.discretion(str(error)) if ours else type(error).__name__
            place = "" if ours else "\n" + "".join(traceback.format_tb(error.__traceback__))
            LOG.warning("%s was not handled at attempt %d: %s%s", received.key, received.attempts, reason, place)
            if await self._inbox.failed(received.key, self._owner, reason, wait_seconds=RETRY_SECONDS):
                await self._apologise(received, error if isinstance(error, PostmedicError) else reason)

    async def _apologise(self, received: Received, why: str | PostmedicError) -> None:
        """Tell the person that nothing more will come; of what a modal said, where its plan is shown. At Home nobody waits."""
        got = received.payload
        lang = await self._desk.people.lang(got["user"])
        told = self._desk.served.discretion(why.said(lang)) if isinstance(why, PostmedicError) else why
        sorry = note("could-not-handle", lang, detail=told)
        if got.get("response_url"):
            await self._desk.respond(got["response_url"], sorry)
        elif got.get("channel"):
            await self._desk.show(subject(received.key), got["channel"], got["thread"], sorry)
        elif found := await plan_in(self._desk, got.get("plan", "")):
            await self._desk.whisper(found[1], got["user"], sorry, found[2])

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._desk.awake.set()
        if not task.cancelled() and (error := task.exception()):
            LOG.error("a row was left where it is until its lease is over: %s", error)
