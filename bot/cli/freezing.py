"""`postmedic freeze` and `postmedic unfreeze`: stop every change not yet sent, and lift it, without Slack."""

from __future__ import annotations

import asyncio
from argparse import Namespace

from bot.cli.findings import say
from bot.cli.setting_up import discretion, language, login, settings, store
from bot.cli.status import Status
from bot.config import Settings
from bot.model.person import LOCAL
from bot.model.text import Lang
from bot.render.replies import LONGEST_REASON


def freeze(arguments: Namespace) -> int:
    """Lay a freeze on every host."""
    given = settings(arguments)
    return asyncio.run(_freeze(given, " ".join(arguments.reason), language(arguments, given)))


def unfreeze(arguments: Namespace) -> int:
    """Lift the freeze."""
    given = settings(arguments)
    return asyncio.run(_unfreeze(given, language(arguments, given)))


async def _freeze(given: Settings, reason: str, lang: Lang) -> int:
    async with store(given) as opened:
        told = (await discretion(given))(reason)[:LONGEST_REASON]
        found = await opened.gate.freeze(f"{LOCAL}{login()}", told)
    print(say("cli-frozen", lang, who=found.actor, why=found.reason or say("frozen-no-reason", lang)))
    return Status.FINE


async def _unfreeze(given: Settings, lang: Lang) -> int:
    async with store(given) as opened:
        lifted = await opened.gate.unfreeze(f"{LOCAL}{login()}")
    print(say("cli-unfrozen" if lifted else "cli-not-frozen", lang))
    return Status.FINE
