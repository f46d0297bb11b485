"""`postmedic audit show|verify|export`: who did what, and is the record whole? It only reads."""

from __future__ import annotations

import asyncio
import json
import sys
from argparse import Namespace
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from bot.audit import chain, witnesses
from bot.audit.accounts import accounts
from bot.audit.chain import Break, Fault, Verification
from bot.audit.witnesses import Testimony, Unexplained
from bot.cli.findings import say
from bot.cli.setting_up import language, settings
from bot.cli.status import Status
from bot.config import Settings, there
from bot.errors import ConfigError, StoreUnavailable
from bot.model.event import Event
from bot.model.text import Lang
from bot.render.plain import value
from bot.render.terminal import print_account, print_event
from bot.store.store import Store

_FAULTS = {
    Fault.ALTERED: "audit-altered",
    Fault.CONTRADICTED: "audit-contradicted",
    Fault.MISSING: "audit-missing",
}


def show(arguments: Namespace) -> int:
    """Print the account of every change, and what else was recorded; says at the end whether the record is whole."""
    given = settings(arguments)
    lang = language(arguments, given)
    events, broken = asyncio.run(_all(given))
    wanted = [event for event in events if _wanted(event, arguments)]
    changed = {event.subject for event in wanted}
    found = [one for name, one in accounts(events).items() if name in changed]
    others = [event for event in wanted if event.subject not in {one.plan for one in found}]
    if arguments.json:
        data = {"changes": [value(asdict(one)) for one in found], "others": [value(asdict(event)) for event in others]}
        print(json.dumps(data | {"whole": broken is None}, ensure_ascii=False, indent=2))
    else:
        console = Console(highlight=False)
        for account in found:
            print_account(console, account, lang)
        for event in others:
            print_event(console, event)
    if broken is not None:
        print(say("audit-not-whole", lang, fault=_said(broken, lang)), file=sys.stderr)
    return Status.FINE if broken is None else Status.FOUND


def verify(arguments: Namespace) -> int:
    """Look whether the record holds, by itself and against what places outside remember."""
    given = settings(arguments)
    lang = language(arguments, given)
    testimony = _testimony(arguments.anchors) if arguments.anchors else Testimony()
    walk, broken, unexplained = asyncio.run(_verify(given, testimony, arguments.host))
    for one in unexplained:
        step = {"execution": one.execution, "index": one.index, "words": one.words}
        where = arguments.host
        print(say("audit-unexplained-at", lang, host=where, **step) if where else say("audit-unexplained", lang, **step))
    if broken is not None:
        print(_said(broken, lang))
    if broken is not None or unexplained:
        print(say("audit-does-not-hold", lang, count=walk.length))
        return Status.FOUND
    if not arguments.anchors:
        print(say("audit-holds-by-itself", lang, count=walk.length))
        return Status.FINE
    heads, steps = len(testimony.anchors), len(testimony.done)
    if not heads and not steps:
        print(say("audit-nothing-compared", lang, file=arguments.anchors, count=testimony.other_lines))
        return Status.UNMEASURED
    print(say("audit-holds", lang, count=walk.length, heads=heads, steps=steps))
    return Status.FINE


def export(arguments: Namespace) -> int:
    """Print the events as they are stored, one a line: whoever has them can verify them without postmedic."""
    given = settings(arguments)
    return asyncio.run(_export(given, arguments.since, language(arguments, given)))


async def _export(given: Settings, since: float, lang: Lang) -> int:
    unreadable = 0
    async with _stored(given) as store:
        async for event in store.events.read():
            unreadable += event is chain.UNREADABLE
            if event is not chain.UNREADABLE and event.at >= since:
                print(chain.line(event))
    if unreadable:
        print(say("audit-left-out", lang, count=unreadable), file=sys.stderr)
    return Status.FOUND if unreadable else Status.FINE


async def _all(given: Settings) -> tuple[list[Event], Break | None]:
    async with _stored(given) as store:
        return [event async for event in store.events.read()], await store.events.verify()


async def _verify(
    given: Settings, testimony: Testimony, host: str
) -> tuple[Verification, Break | None, tuple[witnesses.Done, ...]]:
    async with _stored(given) as store:
        head = await store.events.head()
        walk = Verification([*testimony.anchors, *([head] if head.sequence else [])])
        unexplained = Unexplained(testimony.done, host)
        broken: Break | None = None
        async for event in store.events.read():
            unexplained.see(event)
            broken = broken or walk.see(event)
        return walk, broken or walk.end(), unexplained.left()


@asynccontextmanager
async def _stored(given: Settings) -> AsyncIterator[Store]:
    """The database as it is: reading the record must neither make one nor bring it up to date."""
    store = _unchanged(str(given.database))
    try:
        yield store
    finally:
        await store.close()


def _unchanged(where: str) -> Store:
    if not there(where):
        raise StoreUnavailable(detail=f"there is no file {where}")
    return Store.unchanged(where)


def _testimony(file: Path) -> Testimony:
    try:
        if str(file) == "-":
            return witnesses.read(sys.stdin)
        with file.open(encoding="utf-8", errors="replace") as lines:
            return witnesses.read(lines)
    except OSError as error:
        raise ConfigError(where=file, detail=error.strerror or "it cannot be read") from error


def _wanted(event: Event, arguments: Namespace) -> bool:
    if arguments.host and event.details.get("host", event.subject) != arguments.host:
        return False
    if arguments.plan and event.subject != arguments.plan:
        return False
    return bool(event.at >= arguments.since)


def _said(broken: Break, lang: Lang) -> str:
    return say(_FAULTS[broken.fault], lang, number=broken.sequence)
