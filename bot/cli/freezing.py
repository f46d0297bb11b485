"""`postmedic freeze` and `postmedic unfreeze`: stop every change not yet sent, and lift it, without Slack."""

from __future__ import annotations

import asyncio
from argparse import Namespace

from bot.cli.setting_up import discretion, login, settings, store
from bot.cli.status import Status
from bot.config import Settings
from bot.model.person import LOCAL
from bot.render.replies import LONGEST_REASON
from bot.render.visible import one_line


def freeze(arguments: Namespace) -> int:
    """Lay a freeze on every host."""
    return asyncio.run(_freeze(settings(arguments), " ".join(arguments.reason)))


def unfreeze(arguments: Namespace) -> int:
    """Lift the freeze."""
    return asyncio.run(_unfreeze(settings(arguments)))


async def _freeze(given: Settings, reason: str) -> int:
    async with store(given) as opened:
        told = (await discretion(given))(reason)[:LONGEST_REASON]
        found = await opened.gate.freeze(f"{LOCAL}{login()}", told)
    print(
        f"frozen by {one_line(found.actor)}: {one_line(found.reason) or 'no reason given'}; lift it with `postmedic unfreeze`"
    )
    return Status.FINE


async def _unfreeze(given: Settings) -> int:
    async with store(given) as opened:
        lifted = await opened.gate.unfreeze(f"{LOCAL}{login()}")
    print("lifted: approved plans that have not expired run now" if lifted else "nothing was frozen")
    return Status.FINE
