"""`postmedic approve PLAN`: read a high risk plan outside Slack and confirm it with your SSH key. Nothing is run from here."""

from __future__ import annotations

import asyncio
import sys
import time
from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from bot import inventory
from bot.approval.confirmation import NAMESPACE, signed_text
from bot.approval.policy import missing
from bot.cli.findings import say
from bot.cli.setting_up import language, login, settings, store
from bot.cli.status import Status
from bot.config import Settings
from bot.errors import NoSignature, NotFound, WhoAreYou
from bot.execution.clock import agreed
from bot.execution.confirming import confirm, may_confirm
from bot.inventory import Inventory
from bot.model.execution import State
from bot.model.person import Person
from bot.model.plan import Plan
from bot.model.progress import Progress
from bot.model.review import Decision
from bot.model.text import Lang
from bot.render.terminal import print_plan
from bot.signing import LONGEST
from bot.store.store import Store


def run(arguments: Namespace) -> int:
    """Show the plan, or take a signature in."""
    given = settings(arguments)
    return asyncio.run(_run(arguments, given, language(arguments, given)))


async def _run(arguments: Namespace, given: Settings, lang: Lang) -> int:
    hosts = inventory.load(given.inventory)
    person = _person(hosts, arguments.person)
    decision = Decision.BREAK_GLASS if arguments.break_glass else Decision.APPROVE
    async with store(given) as opened:
        if not arguments.plan.isascii():  # no database would take bytes that are no text
            raise NotFound(what=arguments.plan)
        progress = await opened.plans.progress(arguments.plan)
        plan = progress.plan
        text = signed_text(plan, person.name, decision)
        if arguments.signature or arguments.key:
            signature = await _sign(arguments.key, text) if arguments.key else _read(arguments.signature)
            after = await confirm(
                opened,
                progress,
                hosts.find(plan.host),
                person,
                decision,
                signature,
                register=hosts.register,
                now=await _now(opened, plan),
                login=login(),
            )
            _say(after, hosts, lang)
            return Status.FINE
        may_confirm(progress, person, decision, hosts.register, await _now(opened, plan))
    if arguments.text:
        sys.stdout.write(text)
        return Status.FINE
    _show(plan, person, arguments, lang)
    return Status.FINE


async def _now(opened: Store, plan: Plan) -> float:
    return agreed(time.time(), database=await opened.clock(), created=plan.created_at)


def _person(hosts: Inventory, named: str | None) -> Person:
    mine = [one for one in hosts.register if (one.name == named if named else login() in one.logins)]
    if len(mine) != 1:
        known = ", ".join(one.name for one in hosts.register) or "–"
        raise WhoAreYou(known=known)
    return mine[0]


def _show(plan: Plan, person: Person, arguments: Namespace, lang: Lang) -> None:
    console = Console(highlight=False)
    print_plan(console, plan, lang)
    until = datetime.fromtimestamp(plan.expires_at, UTC)
    facts = ", ".join(f"{path}: {value}" for path, value in plan.facts)
    about = {"who": plan.requester, "problem": plan.problem, "facts": facts}
    console.print(escape(say("approve-plan", lang, plan=plan.digest[:12], until=f"{until:%H:%M}", **about)))
    again = f"postmedic approve {plan.id} --as {person.name}" + (" --break-glass" if arguments.break_glass else "")
    sign = f"ssh-keygen -Y sign -n {NAMESPACE} -f ~/.ssh/id_ed25519"
    here, there = f"{again} --key ~/.ssh/id_ed25519", f"ssh BOT {again} --text | {sign} | ssh BOT {again} --signature -"
    console.print(escape(say("approve-how", lang, here=here, there=there)), soft_wrap=True)


def _say(progress: Progress, hosts: Inventory, lang: Lang) -> None:
    plan = progress.plan
    lacks = missing(
        plan,
        progress.reviews,
        hosts.find(plan.host).approvers,
        register=hosts.register,
        confirmations=progress.confirmations,
    )
    said = {"plan": plan.digest[:12], "host": plan.host}
    if progress.state is State.PROPOSED:
        print(say("approve-waits", lang, people=lacks.people, **said))
    else:
        print(say("approve-done", lang, state=progress.state, **said))


async def _sign(key: Path, text: str) -> str:
    try:
        process = await asyncio.create_subprocess_exec(
            "ssh-keygen", "-Y", "sign", "-n", NAMESPACE, "-f", str(key),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
    except OSError as error:
        raise NoSignature(detail=f"ssh-keygen could not be started: {error.strerror}") from error
    signature, _ = await process.communicate(text.encode())
    if process.returncode != 0:
        raise NoSignature(detail=f"ssh-keygen could not sign with {key}")
    return signature.decode("ascii", "replace")


def _read(where: str) -> str:
    try:
        return (sys.stdin.read(LONGEST + 1)) if where == "-" else Path(where).read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise NoSignature(detail=f"{where}: {error.strerror}") from error
