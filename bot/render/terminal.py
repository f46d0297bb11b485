"""How does a diagnosis look in a terminal? The same facts and texts as in Slack; values cannot move the cursor."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.text import Text as RichText

from bot.model.account import Account
from bot.model.checkup import Checkup
from bot.model.diagnosis import Diagnosis
from bot.model.event import Event
from bot.model.plan import Plan
from bot.model.text import Lang
from bot.render.evidence import evidence
from bot.render.history import moment, told
from bot.render.plan_card import script
from bot.render.signs import BAD, GOOD, NOTE, OPEN
from bot.render.templates import plain_value, say, tell
from bot.render.visible import one_line, visible

_SIGNS = {GOOD: "[green]✓[/]", BAD: "[bold red]●[/]", OPEN: "[yellow]?[/]", NOTE: "[blue]i[/]"}


def print_diagnosis(console: Console, one: Diagnosis, lang: Lang) -> None:
    """Print one diagnosis: confirmed, then unmeasured, then ruled out."""
    console.print()
    console.print(f"[bold]{escape(visible(one.problem.title[lang]))}[/]  [dim]{escape(one.problem.id)} · {escape(one.host)}[/]")
    if one.error:
        console.print(f"  {_SIGNS[OPEN]} {escape(visible(one.error))}")
        if not one.confirmed:
            console.print(f"    {escape(say('host-failed-means', lang))}")
            return
    for verdict in one.confirmed:
        console.print(f"  {_SIGNS[BAD]} {_prose(tell(verdict.cause.says, lang, one.facts.look, plain_value))}")
        console.print(f"    [dim]{say('because', lang)} {escape(evidence(verdict.evidence, lang, plain_value))}[/]")
        if verdict.cause.advice is not None:
            console.print(f"    [bold]{_prose(say('advice', lang))}[/]")
            console.print(f"    {_prose(tell(verdict.cause.advice, lang, one.facts.look, plain_value))}")
    if not one.confirmed:
        name = "nothing-confirmed" if one.unmeasured else "nothing-wrong"
        console.print(f"  {_SIGNS[OPEN if one.unmeasured else GOOD]} {_prose(say(name, lang, plain_value, host=one.host))}")
    for verdict in one.unmeasured:
        console.print(
            f"  {_SIGNS[OPEN]} {escape(visible(verdict.cause.id))}: {escape(evidence(verdict.evidence, lang, plain_value))}"
        )
    if one.ruled_out:
        ruled_out = ", ".join(verdict.cause.id for verdict in one.ruled_out)
        console.print(f"  [dim]{escape(say('ruled-out', lang, count=len(one.ruled_out)))} {escape(visible(ruled_out))}[/]")


def print_checkup(console: Console, checkup: Checkup, told: Sequence[tuple[str, str]], lang: Lang) -> None:
    """Print a health check, worst first."""
    console.print(f"[bold]{escape(say('check-title', lang, plain_value, host=checkup.host))}[/]")
    if checkup.error:
        console.print(f"  {_SIGNS[OPEN]} {escape(visible(checkup.error))}")
        console.print(f"    {escape(say('host-failed-means', lang))}")
    for sign, text in told:
        console.print(f"  {_SIGNS[sign]} {_prose(text)}")


def print_plan(console: Console, plan: Plan, lang: Lang) -> None:
    """Print what a fix would do; the command line only shows it, approving happens in Slack."""
    steps = "\n".join(f"{number}. {step.says[lang]} ({step.wire})\n{script(step)}" for number, step in enumerate(plan.steps, 1))
    changes = "\n".join(
        f"{one_line(change.what)}: {one_line(change.before)} → {one_line(change.after)}"
        for step in plan.steps
        for change in step.changes
    )
    title = say("plan-title", lang, plain_value, host=plan.host)
    inside = RichText(visible(f"{steps}\n\n{changes}".strip()))
    console.print(Panel(inside, title=escape(title), border_style="yellow", expand=False))


def print_account(console: Console, account: Account, lang: Lang) -> None:
    """Print what became of one plan: who asked, who decided, what ran, how it ended."""
    first, *rest = told(account, lang, plain_value, one_line)
    console.print(f"\n{_prose(first)}  [dim]{escape(one_line(account.host))} · {escape(one_line(account.plan))}[/]")
    for line in rest:
        console.print(f"  {_prose(line)}", soft_wrap=True)


def print_event(console: Console, event: Event) -> None:
    """Print one event that belongs to no known plan, on one line."""
    said = " ".join(f"{name}={value}" for name, value in event.details.items())
    text = f"{moment(event.at)} {event.sequence} {event.kind} {event.actor} {event.subject} {said}"
    console.print(escape(one_line(text, 2000)), soft_wrap=True)


def _prose(text: str) -> str:
    """An author's text: `*bold*` becomes bold, code marks go, everything else is literal."""
    parts = escape(visible(text)).split("*")
    bold = "".join(f"[bold]{part}[/]" if number % 2 and number < len(parts) - 1 else part for number, part in enumerate(parts))
    return bold.replace("`", "")
