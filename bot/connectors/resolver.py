"""Which addresses has the name of a host? In threads of its own with a deadline: a hanging name delays no other host."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from concurrent.futures import ThreadPoolExecutor


class Resolver:
    """Looks names up outside the event loop's default threads, which other work of the process needs."""

    def __init__(self, *, threads: int = 64, seconds: float = 3.0) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="resolver")
        self._seconds = seconds

    async def addresses(self, name: str) -> tuple[str, ...]:
        """Give at most three addresses in the system's order; raises `OSError`, of which `TimeoutError` is one."""
        try:
            return (str(ipaddress.ip_address(name)),)
        except ValueError:
            pass
        look = asyncio.get_running_loop().run_in_executor(self._threads, _look_up, name)
        found = await asyncio.wait_for(look, self._seconds)
        return tuple(dict.fromkeys(str(address[0]) for *_, address in found))[:3]

    def close(self) -> None:
        """Start no further look-up; running ones end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _look_up(name: str) -> list[tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[str | int | bytes, ...]]]:
    return list(socket.getaddrinfo(name, None, type=socket.SOCK_STREAM))
