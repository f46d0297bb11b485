"""How does postmedic measure the machine it runs on? The same probes and frames over a subprocess; it never changes it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Sequence

from bot.connectors.dispatcher import render_asked
from bot.connectors.rounds import Round
from bot.model.probe import Reading, Request


class LocalReader:
    """Measures this machine with the rights of the process."""

    @property
    def host_key(self) -> str:
        """Empty: no host key stands between the process and its own machine."""
        return ""

    async def read(self, requests: Sequence[Request]) -> AsyncIterator[Reading]:
        """Yield one reading per request as each arrives; raises `HostError` when the shell ends before its probes."""
        if not requests:
            return
        round = Round("this machine", requests)
        shell = await asyncio.create_subprocess_exec(
            "/bin/sh", "-s", stdin=PIPE, stdout=PIPE, stderr=PIPE, start_new_session=True
        )
        script = render_asked(round.words, (request.probe for request in requests)).encode()
        carrying = asyncio.create_task(_carry(shell, script, round))
        try:
            async for reading in round.readings():
                yield reading
        finally:
            carrying.cancel()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGKILL)
            await shell.wait()


async def _carry(shell: asyncio.subprocess.Process, script: bytes, round: Round) -> None:
    """Give the shell its script and the round what the shell prints."""

    async def pour(stream: asyncio.StreamReader | None, *, stderr: bool) -> None:
        while stream is not None and (received := await stream.read(65536)):
            round.hear(received, stderr)

    if shell.stdin is not None:
        shell.stdin.write(script)
        shell.stdin.close()
    await asyncio.gather(pour(shell.stdout, stderr=False), pour(shell.stderr, stderr=True))
    round.close(await shell.wait())
