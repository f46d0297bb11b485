"""`postmedic knowledge unmatched`: what people asked about and no entry explains, for authors to begin with."""

from __future__ import annotations

import asyncio
import json
import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from bot.cli.setting_up import language, settings
from bot.cli.status import Status
from bot.config import shown, there
from bot.model.text import Lang
from bot.render.templates import plain_value, say
from bot.render.visible import visible
from bot.store.store import Store
from bot.store.unmatched import Asked

_MOST_LINES = 12  # of one text that are printed; --json gives them all


def run(arguments: Namespace) -> int:
    """List the texts, the most asked about first. It changes nothing, and makes no database."""
    given = settings(arguments)
    lang = language(arguments, given)
    if not there(given.database):
        print(say("unmatched-no-database", lang, plain_value, file=given.database), file=sys.stderr)
        return Status.UNMEASURED
    found = asyncio.run(_listed(given.database))
    if found is None:
        print(say("unmatched-old-database", lang, plain_value, file=shown(given.database)), file=sys.stderr)
        return Status.UNMEASURED
    if arguments.json:
        print(json.dumps([asdict(one) for one in found], ensure_ascii=True, indent=2))
        return Status.FINE
    print("\n\n".join(_told(found, lang)) or say("unmatched-none", lang, plain_value))
    return Status.FINE


async def _listed(where: str) -> tuple[Asked, ...] | None:
    """The texts; None where the tables are older than this program, which only a start of the bot may change."""
    if await Store.behind(where):
        return None
    store = await Store.open(where)
    try:
        return await store.unmatched.listed()
    finally:
        await store.close()


def _told(found: Sequence[Asked], lang: Lang) -> list[str]:
    return [f"{_head(one, lang)}\n{_indented(one.text)}" for one in found]


def _head(one: Asked, lang: Lang) -> str:
    last = datetime.fromtimestamp(one.last_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return say("unmatched-asked", lang, plain_value, count=one.count, last=last)


def _indented(text: str) -> str:
    lines = visible(text).splitlines()
    more = [f"… +{len(lines) - _MOST_LINES}"] if len(lines) > _MOST_LINES else []
    return "\n".join(f"    {line}" for line in [*lines[:_MOST_LINES], *more])
