"""How does the account of a change look? Who asked, who decided, what ran, how it ended; the same lines everywhere.

What it shows comes from the audit chain, and everything in it passes the escaper of the place where it is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bot.model.account import Account, Ran
from bot.model.text import Lang
from bot.render.blocks import Block, Message, context, message, section
from bot.render.plan_card import HEAD, mention, name_of
from bot.render.templates import Escape, Markup, say, slack_value, texts

MOST_SHOWN = 5  # accounts in one message
_MOST_STEPS = 8  # of one account in a message


def history(host: str, accounts: Sequence[Account], lang: Lang) -> Message:
    """The newest changes on a host as one message; `accounts` are oldest first."""
    title = say("history-title", lang, host=host)
    newest = list(reversed(accounts))[:MOST_SHOWN]
    blocks: list[Block] = [section(f"*{title}*")]
    for account in newest:
        first, *rest, last = told(account, lang, slack_value, mention)
        blocks += [section("\n".join([first, *rest])), context(last)]
    if not newest:
        blocks.append(section(say("history-none", lang)))
    if len(accounts) > len(newest):
        blocks.append(context(say("history-older", lang)))
    return message(title, blocks, say("history-older", lang))


def told(account: Account, lang: Lang, escape: Escape, who: Callable[[str], str]) -> Iterator[str]:
    """The lines of one account; `who` shows a person."""
    yield say("history-what", lang, escape, fix=account.fix, problem=account.problem, at=moment(account.proposed_at))
    yield _state(account, lang, escape, who)
    yield say("history-asked", lang, escape, requester=Markup(who(account.requester)), where=account.where)
    for one in account.opinions:
        by, at = Markup(who(one.actor)), moment(one.at)
        if one.counted and one.person:
            yield say("history-confirmed", lang, escape, who=by, person=one.person, decision=one.decision, at=at)
        else:
            name = "history-said" if one.counted else "history-refused"
            yield say(name, lang, escape, who=by, decision=one.decision, why=one.why or "–", at=at)
    for ran in account.ran[:_MOST_STEPS]:
        yield _ran(ran, lang, escape)
    if not account.ran:
        yield say("plan-ran-nothing", lang)
    head = replace(account.head, digest=account.head.digest[:HEAD])
    yield say("history-proof", lang, escape, key=account.host_key, digest=account.digest[:12], head=head.token)


def moment(at: float) -> str:
    """A time for people, in UTC; one that no calendar holds is said to be odd, as events may have been forged."""
    try:
        return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        return f"? ({at:g})"


def _state(account: Account, lang: Lang, escape: Escape, who: Callable[[str], str]) -> str:
    name = name_of(account.state, account.why)
    if name not in texts():
        return escape(account.state)
    denied = next((one.actor for one in account.opinions if one.decision == "deny"), "")
    values = {
        "approvers": Markup(", ".join(who(one) for one in account.approvers)),
        "who": Markup(who(denied)),
        "step": len(account.ran),
        "total": len(account.ran),
    }
    said = say(name, lang, escape, **values)
    if account.why and f"why-{account.why}" in texts():
        said += f" {say(f'why-{account.why}', lang)}"
    return f"{said} {escape(account.detail)}" if account.detail else said


def _ran(ran: Ran, lang: Lang, escape: Escape) -> str:
    if not ran.sent:
        ended = say("step-not-sent", lang)
    else:
        ended = say("step-lost", lang) if ran.exit is None else say("step-ended", lang, exit=ran.exit)
    changed = f" {say('history-changed', lang, escape, changes=ran.changes)}" if ran.changes and ran.sent else ""
    return f"{ran.index + 1}. {escape(ran.step)} — {ended}{changed}"
