"""`postmedic doctor [HOST]`: what is wrong with settings, Slack or hosts, and the command that mends it. It changes nothing."""

from __future__ import annotations

import asyncio
import json
import re
from argparse import Namespace
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, replace

from rich.console import Console
from rich.markup import escape

from bot import inventory
from bot.authoring.shelf import Shelf
from bot.cli.approval_findings import look_at_approval
from bot.cli.database_findings import look_at_database, look_at_witness
from bot.cli.findings import Finding, Verdict, say
from bot.cli.host_findings import look_at_hosts
from bot.cli.setting_up import language, settings
from bot.cli.slack_findings import look_at_slack
from bot.cli.status import Status
from bot.config import Settings, there
from bot.errors import ConfigError, InventoryError, PostmedicError
from bot.inventory import Inventory
from bot.model.host import Host
from bot.model.text import Lang
from bot.render.redact import redact
from bot.render.visible import visible

_SIGNS = {
    Verdict.FINE: "[green]✓[/]",
    Verdict.NOTED: "[blue]i[/]",
    Verdict.UNMEASURED: "[yellow]?[/]",
    Verdict.FOUND: "[bold red]●[/]",
}
_ABOUT = {
    "settings": "doctor-about-settings",
    "inventory": "doctor-about-inventory",
    "knowledge": "doctor-about-knowledge",
    "database": "doctor-about-database",
    "record": "doctor-about-record",
    "high risk": "doctor-about-high-risk",
    "break-glass": "doctor-about-break-glass",
    "freeze": "doctor-about-freeze",
}
_COMMAND = re.compile(r"`([a-z-]+ [^`]+)`")


def run(arguments: Namespace) -> int:
    """Look at everything, or only at one host's way; prints every finding with what mends it."""
    try:
        given = settings(arguments)
    except ConfigError as error:
        lang: Lang = arguments.lang or "en"
        found = [_error("settings", error, lang)]
    else:
        lang = language(arguments, given)
        found = asyncio.run(_collect(given, arguments.host, lang))
    if arguments.json:
        print(json.dumps([asdict(one) for one in found], ensure_ascii=False, indent=2))
    else:
        _print(found, lang)
    verdicts = {one.verdict for one in found}
    if Verdict.FOUND in verdicts:
        return Status.FOUND
    return Status.UNMEASURED if Verdict.UNMEASURED in verdicts else Status.FINE


async def _collect(given: Settings, host: str | None, lang: Lang) -> list[Finding]:
    return [replace(finding, says=visible(redact(finding.says)[0])) async for finding in _look(given, host, lang)]


async def _look(given: Settings, host: str | None, lang: Lang) -> AsyncIterator[Finding]:
    yield Finding(about="settings", verdict=Verdict.FINE, says=say("doctor-settings-fine", lang))
    known, chosen = Inventory({}), list[Host]()
    try:
        known = inventory.load(given.inventory)
        chosen = [known.find(host)] if host else list(known.values())
        says = say("doctor-inventory-fine", lang, file=given.inventory, count=len(known))
        yield Finding(about="inventory", verdict=Verdict.FINE, says=says)
    except InventoryError as error:
        yield _error("inventory", error, lang, say("doctor-inventory-how", lang, file=given.inventory))
    if host is None:
        yield await _knowledge(given, lang)
        for finding in await look_at_database(given.database, lang):
            yield finding
        for finding in look_at_witness(given.audit_syslog, lang):
            yield finding
        if there(given.database):  # opening makes the file, and looking must change nothing
            for finding in await look_at_approval(given, known, lang):
                yield finding
        for finding in await look_at_slack(given, lang):
            yield finding
    for finding in await look_at_hosts(chosen, given.inventory, lang):
        yield finding


async def _knowledge(given: Settings, lang: Lang) -> Finding:
    try:
        shelf = Shelf(given.knowledge_paths, pinned=given.knowledge_digest, signers=given.knowledge_signers)
        known = await shelf.read()
    except PostmedicError as error:
        return _error("knowledge", error, lang)
    if known.refused:
        says = say("doctor-knowledge-unused", lang, why=known.refused)
        return Finding(about="knowledge", verdict=Verdict.FOUND, says=says, mend="postmedic knowledge check")
    return Finding(about="knowledge", verdict=Verdict.FINE, says=say("doctor-knowledge-fine", lang, count=len(known.library)))


def _error(about: str, error: PostmedicError, lang: Lang, mend: str = "") -> Finding:
    command = _COMMAND.search(str(error))
    return Finding(about=about, verdict=Verdict.FOUND, says=visible(error.said(lang)), mend=command[1] if command else mend)


def _print(found: Sequence[Finding], lang: Lang) -> None:
    console = Console(highlight=False)
    for one in found:
        about = say(_ABOUT[one.about], lang) if one.about in _ABOUT else one.about
        console.print(f"{_SIGNS[one.verdict]} [bold]{escape(about)}[/]: {escape(one.says)}")
        if one.mend:
            console.print(f"    [dim]→[/] {escape(one.mend)}", soft_wrap=True)
    wrong = sum(one.verdict is Verdict.FOUND for one in found)
    unknown = sum(one.verdict is Verdict.UNMEASURED for one in found)
    console.print("\n" + say("doctor-closing", lang, count=len(found), wrong=wrong, unknown=unknown))
