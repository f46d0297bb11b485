"""`postmedic serve`: connect to Slack and serve until SIGINT or SIGTERM."""

from __future__ import annotations

import asyncio
import logging
import signal
from argparse import Namespace

from bot.app import serving
from bot.cli.log import write_log
from bot.cli.setting_up import settings
from bot.cli.status import Status
from bot.config import Settings


def run(arguments: Namespace) -> int:
    """Serve; ends in order when it is told to stop."""
    write_log(logging.INFO)
    asyncio.run(_serve(settings(arguments)))
    return Status.FINE


async def _serve(given: Settings) -> None:
    async with serving(given) as (slack, desk):
        print(f"serving workspace {slack.team} with {len(desk.engine.inventory)} hosts; stop with Ctrl-C", flush=True)
        await stopped()


async def stopped() -> None:
    """Wait for SIGINT or SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
