"""`postmedic diagnose`: what does a log say, and what is true on the host? Reads the log on standard input."""

from __future__ import annotations

import asyncio
import json
import sys
from argparse import Namespace

from rich.console import Console

from bot.cli.pasted import pasted, tell_cut
from bot.cli.setting_up import engine, knowledge, language, login, settings
from bot.cli.status import Status, of_diagnoses
from bot.config import Settings
from bot.engine import measured_matches
from bot.matching import Matcher
from bot.model.diagnosis import Diagnosis
from bot.model.host import Host
from bot.model.person import LOCAL
from bot.model.plan import Plan
from bot.model.text import Lang
from bot.render.plain import diagnosis_data
from bot.render.templates import say
from bot.render.terminal import print_diagnosis, print_plan
from bot.render.visible import visible


def run(arguments: Namespace) -> int:
    """Recognise standard input; with `--host`, measure the recognised problems there."""
    given = settings(arguments)
    text = pasted(None)
    if not text.strip():
        print(say("cli-no-input", language(arguments, given)), file=sys.stderr)
        return Status.USAGE
    return asyncio.run(_run(arguments, given, text, language(arguments, given)))


async def _run(arguments: Namespace, given: Settings, text: str, lang: Lang) -> int:
    if arguments.host is None:
        return _name_only(arguments, given, text, lang)
    async with engine(given, arguments.host) as (known, host):
        recognition = known.recognise(known.discretion(text))
        tell_cut(recognition, lang)
        matches = measured_matches(recognition) or recognition.near[:1]
        if not matches:
            _show(arguments, [], [], host, lang)
            print(say("cli-not-recognised", lang), file=sys.stderr)
            return Status.UNRECOGNISED
        reader = known.reader(host)
        diagnoses = [await known.diagnose(host, match, reader) for match in matches]
        plans = [plan for one in diagnoses for plan in known.plans(one, host, reader, f"{LOCAL}{login()}")]
    _show(arguments, diagnoses, plans, host, lang)
    return of_diagnoses(diagnoses)


def _name_only(arguments: Namespace, given: Settings, text: str, lang: Lang) -> int:
    library = knowledge(given)
    found = Matcher(library.values()).recognise(text)
    tell_cut(found, lang)
    if arguments.json:
        why: dict[str, object] = {"host": None, "error": say("cli-nothing-measured", lang), "measured_at": None, "causes": []}
        print(json.dumps([{"problem": match.problem} | why for match in found.sure], ensure_ascii=False, indent=2))
    for match in found.sure if not arguments.json else ():
        print(visible(f"{match.problem}  {library[match.problem].title[lang]}  ({match.count}×)"))
    print(say("cli-nothing-measured" if found.sure else "cli-not-recognised", lang), file=sys.stderr)
    return Status.UNMEASURED if found.sure else Status.UNRECOGNISED


def _show(arguments: Namespace, diagnoses: list[Diagnosis], plans: list[Plan], host: Host, lang: Lang) -> None:
    if arguments.json:
        print(json.dumps([diagnosis_data(one) for one in diagnoses], ensure_ascii=False, indent=2))
        return
    console = Console(highlight=False)
    for one in diagnoses:
        print_diagnosis(console, one, lang)
    for plan in plans:
        print_plan(console, plan, lang)
