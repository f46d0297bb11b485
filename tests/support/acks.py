"""How soon is Slack answered while the store is slow and every host hangs? Shared by a promise test and a benchmark."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.sandbox.slack import Timing, Workspace
from bot.sandbox.slack.payloads import event_callback
from bot.sandbox.slack.seed import MAIL_OPS
from bot.store.database import Database
from tests.support.house import LOG_LINE, Fleet, bot_at, workspace

SLACKS = Timing(ack=3.0, socket_retries=(60.0,))  # Slack's own rule, and no second attempt that would hide a late first one


async def acknowledged(folder: Path, *, rate: int, seconds: float, far: float = 0, disk: float = 0) -> list[float | None]:
    """Send messages, every tenth a paste; give the seconds until each was acknowledged, None where it was not in time.

    The database is `far` seconds away for everybody who writes; each of its commits takes `disk` seconds, in which others wait.
    """
    writing = Database.writing

    @asynccontextmanager
    async def slow(self: Database, **how: Any) -> AsyncIterator[AsyncConnection]:
        await asyncio.sleep(far)
        async with writing(self, **how) as connection:
            yield connection
            await asyncio.sleep(disk)

    fleet = Fleet()
    fleet.slow.clear()  # no host ever answers
    async with workspace(timing=SLACKS) as running, bot_at(running, folder, fleet):
        ws = running.workspace
        with mock.patch.object(Database, "writing", slow):
            loop = asyncio.get_running_loop()
            begin = loop.time()
            for number in range(int(rate * seconds)):
                text = f"{LOG_LINE} {number}" if number % 10 == 0 else "just talk"
                said = {
                    "type": "message", "channel": MAIL_OPS, "user": "U0ANA", "text": text,
                    "ts": f"1700000000.{number:06}", "channel_type": "channel",
                }  # fmt: skip
                ws.dispatcher.event(event_callback(ws, said))
                await asyncio.sleep(max(0.0, begin + number / rate - loop.time()))
            async with asyncio.timeout(30):
                while len(heard := _heard(ws)) < int(rate * seconds):
                    await asyncio.sleep(0.05)
        fleet.slow.set()
    return [one["seconds"] if one["outcome"] == "acked" else None for one in heard]


def _heard(ws: Workspace) -> list[dict[str, Any]]:
    """The deliveries of people's words that have ended; those of the bot's own words are not counted."""
    ended = [one for one in ws.journal.deliveries if "outcome" in one]
    return [one for one in ended if one.get("payload", {}).get("event", {}).get("user") == "U0ANA"]
