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
from bot.cli.database_findings import look_at_database
from bot.cli.findings import Finding, Verdict
from bot.cli.host_findings import look_at_hosts
from bot.cli.setting_up import settings
from bot.cli.slack_findings import look_at_slack
from bot.cli.status import Status
from bot.config import Settings, there
from bot.errors import ConfigError, PostmedicError
from bot.inventory import Inventory
from bot.render.redact import redact
from bot.render.visible import visible

_SIGNS = {
    Verdict.FINE: "[green]✓[/]",
    Verdict.NOTED: "[blue]i[/]",
    Verdict.UNMEASURED: "[yellow]?[/]",
    Verdict.FOUND: "[bold red]●[/]",
}
_COMMAND = re.compile(r"`([a-z-]+ [^`]+)`")


def run(arguments: Namespace) -> int:
    """Look at everything, or only at one host's way; prints every finding with what mends it."""
    try:
        given = settings(arguments)
    except ConfigError as error:
        found = [_error("settings", error)]
    else:
        found = asyncio.run(_collect(given, arguments.host))
    if arguments.json:
        print(json.dumps([asdict(one) for one in found], ensure_ascii=False, indent=2))
    else:
        _print(found)
    verdicts = {one.verdict for one in found}
    if Verdict.FOUND in verdicts:
        return Status.FOUND
    return Status.UNMEASURED if Verdict.UNMEASURED in verdicts else Status.FINE


async def _collect(given: Settings, host: str | None) -> list[Finding]:
    return [replace(finding, says=visible(redact(finding.says)[0])) async for finding in _look(given, host)]


async def _look(given: Settings, host: str | None) -> AsyncIterator[Finding]:
    yield Finding(about="settings", verdict=Verdict.FINE, says="can be used")
    known = Inventory({})
    try:
        known = inventory.load(given.inventory)
        yield Finding(about="inventory", verdict=Verdict.FINE, says=f"{given.inventory} names {len(known)} hosts")
    except PostmedicError as error:
        yield _error("inventory", error, f"docs/settings.md shows how {given.inventory} is written")
    chosen = [known.find(host)] if host else list(known.values())
    if host is None:
        yield await _knowledge(given)
        for finding in await look_at_database(given.database):
            yield finding
        if there(given.database):  # opening makes the file, and looking must change nothing
            for finding in await look_at_approval(given, known):
                yield finding
        for finding in await look_at_slack(given):
            yield finding
    for finding in await look_at_hosts(chosen, given.inventory):
        yield finding


async def _knowledge(given: Settings) -> Finding:
    try:
        shelf = Shelf(given.knowledge_paths, pinned=given.knowledge_digest, signers=given.knowledge_signers)
        known = await shelf.read()
    except PostmedicError as error:
        return _error("knowledge", error)
    if known.refused:
        says = f"knowledge_paths cannot be used as they are; a bot that serves keeps what was good last: {known.refused}"
        return Finding(about="knowledge", verdict=Verdict.FOUND, says=says, mend="postmedic knowledge check")
    return Finding(about="knowledge", verdict=Verdict.FINE, says=f"{len(known.library)} problems can be used")


def _error(about: str, error: PostmedicError, mend: str = "") -> Finding:
    command = _COMMAND.search(str(error))
    return Finding(about=about, verdict=Verdict.FOUND, says=visible(str(error)), mend=command[1] if command else mend)


def _print(found: Sequence[Finding]) -> None:
    console = Console(highlight=False)
    for one in found:
        console.print(f"{_SIGNS[one.verdict]} [bold]{escape(one.about)}[/]: {escape(one.says)}")
        if one.mend:
            console.print(f"    [dim]→[/] {escape(one.mend)}", soft_wrap=True)
    wrong = sum(one.verdict is Verdict.FOUND for one in found)
    unknown = sum(one.verdict is Verdict.UNMEASURED for one in found)
    console.print(f"\n{len(found)} looked at, {wrong} to mend, {unknown} could not be looked at.")
