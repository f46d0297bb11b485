"""What happens between asking for a round of probes and the last reading? Listens to one exec, however it is carried."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from bot.connectors.dispatcher import REFUSED
from bot.connectors.frames import FrameError, Frames, new_mark, words
from bot.errors import ConnectionDropped, HostError
from bot.model.probe import Reading, Request

_LONGEST = 120.0  # seconds for one round, however many probes hang


class Round:
    """One exec's worth of requests: the words that ask, and the readings that arrive."""

    def __init__(self, host: str, requests: Sequence[Request]) -> None:
        mark = new_mark()
        self.words = words(mark, requests)
        self.heard = False
        self._host = host
        self._frames = Frames(mark, requests)
        self._news = asyncio.Event()
        self._failure: HostError | None = None
        self._patience = min(_LONGEST, 5.0 + sum(request.probe.seconds + 1 for request in requests))

    @property
    def complete(self) -> bool:
        """Whether the end marks came, so that the connection may be used again."""
        return self._frames.ended

    def hear(self, received: bytes, stderr: bool) -> None:
        """Take received bytes; after the first that do not fit, no more are kept."""
        self.heard = True
        if self._failure is None and not self.complete:
            try:
                self._frames.feed(received, stderr=stderr)
            except FrameError as error:
                self._failure = ConnectionDropped(host=self._host, detail=f"it was given up: {error}")
        self._news.set()

    def close(self, exit: int | None) -> None:
        """Note that nothing more will come; `exit` is the exit status of the whole exec where it was told."""
        if self._failure is None and not self.complete:
            self._failure = self._why(exit)
        self._news.set()

    async def readings(self) -> AsyncIterator[Reading]:
        """Yield readings as they become complete; raises `HostError` when the rest will not come."""
        deadline = asyncio.get_running_loop().time() + self._patience
        while True:
            self._news.clear()
            try:
                for reading in self._frames.completed():
                    yield reading
            except FrameError as error:
                raise ConnectionDropped(host=self._host, detail=f"it was given up: {error}") from error
            if self.complete:
                return
            if self._failure is not None:
                raise self._failure
            try:
                await asyncio.wait_for(self._news.wait(), deadline - asyncio.get_running_loop().time())
            except TimeoutError as error:
                detail = f"its probes did not end within {self._patience:g} s"
                raise ConnectionDropped(host=self._host, detail=detail) from error

    def _why(self, exit: int | None) -> HostError:
        if exit is None:
            return ConnectionDropped(host=self._host, detail="it ended while probes were running")
        if exit == REFUSED:
            return HostError(host=self._host, detail="its dispatcher refused the words; enrol the host again")
        return HostError(host=self._host, detail=f"the account did not run the probes (exit {exit})")
