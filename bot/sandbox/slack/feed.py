"""Who is watching? Pushes what changed to the open pages; each sees only what its person may see."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from .shapes import Json
from .store import Store


class Feed:
    """Fan-out of changes to subscribers, one queue each."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._queues: dict[asyncio.Queue[Json], str] = {}

    @contextmanager
    def subscribe(self, user: str) -> Iterator[asyncio.Queue[Json]]:
        """Yield a queue of the changes this person may see."""
        queue: asyncio.Queue[Json] = asyncio.Queue()
        self._queues[queue] = user
        try:
            yield queue
        finally:
            del self._queues[queue]

    def publish(self, change: Json) -> None:
        """Hand a change to everyone who may see it: its `user` alone, or the members of its `channel`."""
        audience = None
        if "user" in change:
            audience = {change["user"]}
        elif "channel" in change:
            audience = self._store.conversations[change["channel"]].members
        for queue, user in self._queues.items():
            if audience is None or user in audience:
                queue.put_nowait(change)
