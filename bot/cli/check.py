"""`postmedic check HOST|local`: how well is a mail host, without a paste?"""

from __future__ import annotations

import asyncio
import json
from argparse import Namespace

from rich.console import Console

from bot.cli.setting_up import engine, language, settings
from bot.cli.status import of_checkup
from bot.config import Settings
from bot.model.text import Lang
from bot.render.checkup_card import findings
from bot.render.plain import checkup_data
from bot.render.signs import BAD, OPEN
from bot.render.templates import plain_value
from bot.render.terminal import print_checkup, print_diagnosis, print_plan


def run(arguments: Namespace) -> int:
    """Check one host and print what was found, worst first."""
    given = settings(arguments)
    return asyncio.run(_run(arguments, given, language(arguments, given)))


async def _run(arguments: Namespace, given: Settings, lang: Lang) -> int:
    async with engine(given, arguments.host) as (known, host):
        reader = known.reader(host)
        checkup = await known.check(host, reader)
        plans = [plan for one in checkup.diagnoses for plan in known.plans(one, host, reader, "local:cli")]
        titles = {name: problem.title for name, problem in known.library.items()}
    told = findings(checkup, titles, lang, plain_value) if not checkup.error else ()
    if arguments.json:
        print(json.dumps(checkup_data(checkup, told), ensure_ascii=False, indent=2))
    else:
        console = Console(highlight=False)
        print_checkup(console, checkup, told, lang)
        for one in checkup.diagnoses:
            print_diagnosis(console, one, lang)
        for plan in plans:
            print_plan(console, plan, lang)
    signs = [sign for sign, _ in told]
    return of_checkup(checkup, signs.count(BAD), signs.count(OPEN))
