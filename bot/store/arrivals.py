"""How do many arrivals become durable by one commit? What comes while one is under way goes together with the next.

Slack waits three seconds for each of them, and a commit costs the same for one row as for fifty.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.store.database import Refused

MOST_AT_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One thing that came in, and whoever waits until it is stored: True when its key is new."""

    key: str
    kind: str
    payload: Mapping[str, Any]
    stored: asyncio.Future[bool] = field(compare=False)


class Arrivals:
    """Waiters for one `write`, which stores a few arrivals in one transaction and gives for each whether it was new."""

    def __init__(self, write: Callable[[Sequence[Arrival]], Awaitable[Sequence[bool]]]) -> None:
        self._write = write
        self._waiting: list[Arrival] = []
        self._writing: asyncio.Task[None] | None = None

    async def add(self, key: str, kind: str, payload: Mapping[str, Any]) -> bool:
        """Wait until it is stored; raises whatever kept it from being stored."""
        arrival = Arrival(key=key, kind=kind, payload=payload, stored=asyncio.get_running_loop().create_future())
        self._waiting.append(arrival)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._drain())
        return await arrival.stored

    async def _drain(self) -> None:
        while self._waiting:
            together, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
            await self._store(together)

    async def _store(self, together: Sequence[Arrival]) -> None:
        try:
            told = await self._write(together)
        except Exception as error:
            if len(together) > 1 and isinstance(error, Refused):  # what is refused must not keep the others out
                for one in together:
                    await self._store([one])
                return
            for one in together:
                if not one.stored.done():  # whoever waited may have been cancelled
                    one.stored.set_exception(error)
            return
        for one, new in zip(together, told, strict=True):
            if not one.stored.done():
                one.stored.set_result(new)
