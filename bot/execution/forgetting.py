"""When is forgotten what ended long ago? At the start and every few hours, beside everything else a bot does."""

from __future__ import annotations

import asyncio
import logging

from bot.config import FOR_EVER
from bot.errors import PostmedicError
from bot.execution.clock import agreed
from bot.execution.means import Means

LOG = logging.getLogger(__name__)
EVERY_SECONDS = 6 * 3600.0
RETRY_SECONDS = 600.0  # after an error; what is not forgotten yet can wait
_DAY = 86_400.0


async def forget_what_is_old(means: Means, keep_days: int) -> None:
    """Serve until cancelled; ends at once where everything is kept for ever. Every replica may do this."""
    while keep_days != FOR_EVER:
        try:
            # By a clock that was set forward, everything would be old.
            agreed(means.clock(), database=await means.store.clock())
            forgotten = await means.store.forget(keep_days * _DAY)
        except PostmedicError as error:
            LOG.warning("what ended more than %d days ago could not be forgotten and is tried again: %s", keep_days, error)
            await asyncio.sleep(RETRY_SECONDS)
            continue
        if forgotten:
            told = ", ".join(f"{count} {name}" for name, count in forgotten.items() if count)
            LOG.info("what ended more than %d days ago was forgotten: %s", keep_days, told)
        await asyncio.sleep(EVERY_SECONDS)
