"""`postmedic doctor [HOST]`: what is wrong with settings, Slack or hosts, and the command that mends it. It changes nothing."""

from __future__ import annotations

import asyncio
import json
import re
from argparse import Namespace
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from bot import inventory
from bot.authoring.lint import lint
from bot.cli.approval_findings import look_at_approval
from bot.cli.findings import Finding, Verdict
from bot.cli.host_findings import look_at_hosts
from bot.cli.setting_up import knowledge, settings
from bot.cli.slack_findings import look_at_slack
from bot.cli.status import Status
from bot.config import Settings
from bot.errors import ConfigError, PostmedicError, StoreUnavailable
from bot.inventory import Inventory
from bot.render.visible import visible
from bot.store.store import Store

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
    return [finding async for finding in _look(given, host)]


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
        for finding in (*_knowledge(given), *_database_file(given.database)):
            yield finding
        if _exists(given.database):  # opening makes the file, and looking must change nothing
            yield await _database(given.database)
            for finding in await look_at_approval(given, known):
                yield finding
        for finding in await look_at_slack(given):
            yield finding
    for finding in await look_at_hosts(chosen, given.inventory):
        yield finding


def _knowledge(given: Settings) -> Iterator[Finding]:
    try:
        library = knowledge(given)
    except PostmedicError as error:
        yield _error("knowledge", error)
        return
    wrong = [
        finding
        for problem in library.values()
        for finding in lint(problem, (library.folders[problem.id] / "problem.yaml").read_bytes())
        if finding.error
    ]
    for finding in wrong:
        yield Finding(about="knowledge", verdict=Verdict.FOUND, says=str(finding), mend="postmedic knowledge check")
    if not wrong:
        yield Finding(about="knowledge", verdict=Verdict.FINE, says=f"{len(library)} problems can be used")


def _exists(file: Path) -> bool:
    return file.exists()


def _database_file(file: Path) -> list[Finding]:
    if not _exists(file):
        if file.parent.is_dir():
            return [Finding(about="database", verdict=Verdict.NOTED, says=f"{file} will be made at the first start")]
        mend = f"mkdir -p {file.parent}"
        return [Finding(about="database", verdict=Verdict.FOUND, says=f"there is no folder for {file}", mend=mend)]
    if file.stat().st_mode & 0o077:
        says = f"{file} holds what people pasted, and others may read it"
        return [Finding(about="database", verdict=Verdict.FOUND, says=says, mend=f"chmod 600 {file}")]
    return []


async def _database(file: Path) -> Finding:
    try:
        behind = await Store.behind(str(file))
    except StoreUnavailable as error:
        mend = f"ls -l {file}   # it must be a SQLite file that this account may read and write"
        return Finding(about="database", verdict=Verdict.FOUND, says=visible(str(error)), mend=mend)
    if behind:
        says = f"{file} will be brought up to date at the next start; keep a copy of it until then"
        return Finding(about="database", verdict=Verdict.NOTED, says=says)
    return Finding(about="database", verdict=Verdict.FINE, says=f"{file} opens and is up to date")


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
