"""How are several problems judged without asking the host the same thing twice? Readings are kept for one question."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from bot.connectors.base import Reader
from bot.model.probe import Reading, Request


class OnceReader:
    """Passes each request on once and answers repeats from what came back; made anew for each question."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.readings: dict[str, Reading] = {}

    @property
    def host_key(self) -> str:
        return self._reader.host_key

    async def read(self, requests: Sequence[Request]) -> AsyncIterator[Reading]:
        """Yield what is already known at once, then the rest as it arrives. Raises what the reader raises."""
        for request in requests:
            if request.key in self.readings:
                yield self.readings[request.key]
        new = tuple(request for request in requests if request.key not in self.readings)
        if new:
            async for reading in self._reader.read(new):
                self.readings[reading.key] = reading
                yield reading
