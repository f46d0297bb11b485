"""A wire that can be cut or go silent: forwards one loopback port to another."""

from __future__ import annotations

import asyncio
import contextlib


class Wire:
    """Forwards connections to `port` until it is cut (reset) or frozen (silent, but open)."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._writers: list[asyncio.StreamWriter] = []
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.port = 0
        self.connections = 0

    async def __aenter__(self) -> Wire:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()

    def cut(self) -> None:
        """Break every connection that stands; new ones are carried."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    def lead_to(self, port: int) -> None:
        """Carry new connections to another port, as somebody in the middle would."""
        self._to = port

    def freeze(self) -> None:
        """Carry nothing any more, and do not tell."""
        self._flowing.clear()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
        self._writers += [writer, far_writer]
        for source, target in ((reader, far_writer), (far_reader, writer)):
            task = asyncio.create_task(self._carry(source, target))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while received := await source.read(65536):
                await self._flowing.wait()
                target.write(received)
                await target.drain()
            target.close()
