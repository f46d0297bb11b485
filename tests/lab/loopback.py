"""How does a test outside the lab's network reach a host's sshd: bytes copied between two sockets.

Started inside the lab's network with listening sockets that were opened on the machine's loopback; a socket keeps the
network it was made in. Never listens on anything it was not handed. Usage: loopback.py FD=ADDRESS:PORT ...
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.write_eof()


async def _serve(listener: socket.socket, address: str, port: int) -> None:
    async def accept(near: asyncio.StreamReader, to_near: asyncio.StreamWriter) -> None:
        try:
            far, to_far = await asyncio.open_connection(address, port)
        except OSError:
            to_near.transport.abort()
            return
        await asyncio.gather(_copy(near, to_far), _copy(far, to_near))
        to_far.close()
        to_near.close()

    server = await asyncio.start_server(accept, sock=listener)
    await server.serve_forever()


async def _main(targets: list[str]) -> None:
    async with asyncio.TaskGroup() as group:
        for target in targets:
            descriptor, _, place = target.partition("=")
            address, _, port = place.rpartition(":")
            group.create_task(_serve(socket.socket(fileno=int(descriptor)), address, int(port)))


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1:]))
