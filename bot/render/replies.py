"""What does postmedic say besides diagnoses and plans? Questions, refusals, help, the Home tab and the modal for a denial.

Buttons and menus carry opaque ids; a host's name is the only value a menu holds, and it is looked up again on its way in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bot.model.gate import Freeze
from bot.model.host import Approvers, Host
from bot.model.plan import Plan
from bot.model.review import Review
from bot.model.text import Lang, Text
from bot.render.blocks import Block, Message, actions, button, context, divider, header, message, mrkdwn, plain, section
from bot.render.plan_card import mention
from bot.render.templates import Markup, say, slack_value

MOST_HOSTS = 30
MOST_NAMES = 20
MOST_PLANS = 10
MOST_OPTIONS = 100
LONGEST_REASON = 300
HOST_MENU, PROBLEM_BUTTON, DENIAL, EMERGENCY, REASON = "pick_host", "choose_problem", "deny_plan", "run_alone", "reason"


def note(name: str, lang: Lang, /, **values: object) -> Message:
    """One of the program's texts as a message."""
    text = say(name, lang, slack_value, **values)
    return message(text, [section(text)])


def notes(*messages: Message) -> Message:
    """Several short messages as one."""
    return message("\n".join(one.text for one in messages), [block for one in messages for block in one.blocks])


def small_print(masked: int, cut_off: bool, also: Iterable[Text], lang: Lang) -> tuple[str, ...]:
    """What belongs below an answer: masked secrets, a paste cut off, problems that were recognised but not measured."""
    texts = [say("masked", lang, count=masked)] if masked else []
    texts += [say("cut", lang)] if cut_off else []
    titles = [slack_value(title[lang]) for title in also]
    return (*texts, *([f"{say('also-seen', lang)} {', '.join(titles)}"] if titles else ()))


def which_host(
    conversation: str,
    titles: Sequence[Text],
    several: Sequence[str],
    unknown: Sequence[str],
    lang: Lang,
    small: Sequence[str] = (),
) -> Message:
    """The question for the host: a menu over the inventory; `several` and `unknown` are host names met in the paste."""
    title = Markup(", ".join(title[lang] for title in titles))
    text = say("which-host", lang, title=title) if titles else say("which-host-general", lang)
    found = [say("host-not-known", lang, host=name) for name in unknown[:3]]
    if several:
        found.append(say("which-host-several", lang, hosts=Markup(", ".join(slack_value(name) for name in several[:10]))))
    menu: Block = {
        "type": "external_select",
        "action_id": HOST_MENU,
        "placeholder": plain(say("which-host-placeholder", lang)),
        "min_query_length": 0,
    }
    blocks = [section(text), *([context(*found)] if found else []), actions(f"host:{conversation}", menu)]
    return message(text, [*blocks, context(say("which-host-hint", lang), *small)])


def host_options(hosts: Iterable[Host]) -> list[Block]:
    """The menu's options for these hosts."""
    return [{"text": plain(host.name), "value": host.name} for host in hosts][:MOST_OPTIONS]


def which_problem(conversation: str, titles: Mapping[int, Text], lang: Lang, small: Sequence[str] = ()) -> Message:
    """The question for the problem: one button per candidate, best first, by its place among those that were found."""
    text = say("unsure", lang)
    buttons = [button(f"{PROBLEM_BUTTON}_{place}", title[lang], f"{conversation}.{place}") for place, title in titles.items()]
    blocks = [section(text), actions(f"problem:{conversation}", *buttons)]
    return message(text, [*blocks, *([context(*small)] if small else [])])


def unknown_paste(lang: Lang, small: Sequence[str] = ()) -> Message:
    """The answer where nothing is recognised: no guess."""
    text = say("unknown-paste", lang)
    return message(text, [section(text), *([context(*small)] if small else [])])


def hosts(listed: Sequence[Host], lang: Lang, stopped: Freeze | None = None) -> Message:
    """The hosts that may be discussed here."""
    title = f"*{say('hosts-title', lang)}*"
    return message(title, [*_stopped(stopped, lang), section(title), *_hosts(listed, lang)])


def frozen(stopped: Freeze, lang: Lang) -> Message:
    """That everything is frozen, by whom and why, and how that is lifted."""
    return note("frozen", lang, who=mention(stopped.actor), reason=stopped.reason or say("frozen-no-reason", lang))


def _stopped(stopped: Freeze | None, lang: Lang) -> list[Block]:
    return list(frozen(stopped, lang).blocks) if stopped is not None else []


def alarm(plan: Plan, review: Review, lang: Lang) -> Message:
    """The alarm that goes before a plan which one person runs alone."""
    steps = "; ".join(step.wire for step in plan.steps)
    values = {"host": plan.host, "digest": plan.digest[:12], "steps": steps, "reason": review.reason}
    return note("alarm", lang, who=mention(review.actor.id), **values)


def helped(lang: Lang, *, unknown: str = "") -> Message:
    """The help text; `unknown` are words that were not understood."""
    text = say("help", lang)
    blocks = [section(text)]
    if unknown:
        blocks.insert(0, section(say("unknown-command", lang, words=unknown)))
    return message(text, blocks)


def usage(lang: Lang) -> Message:
    """How the command is used."""
    return note("usage", lang)


def unknown_host(name: str, known: Sequence[str], lang: Lang) -> Message:
    """The answer to a name that is not in the inventory."""
    some = [slack_value(one) for one in known[:MOST_NAMES]] + (["…"] if len(known) > MOST_NAMES else [])
    names = Markup(", ".join(some)) if some else Markup(say("none", lang))
    return note("host-unknown", lang, host=name, known=names)


def decided(people: Sequence[str], lang: Lang) -> Message:
    """The answer to a decision that came too late; `people` are the ids of those who decided."""
    if not people:
        return note("refused-over", lang)
    return note("refused-decided", lang, who=Markup(", ".join(mention(one) for one in people)))


def denial(plan_id: str, lang: Lang) -> Block:
    """The modal that asks why a plan is denied."""
    return _asking(DENIAL, ("deny-title", "deny-label", "deny"), plan_id, lang)


def emergency(plan_id: str, lang: Lang) -> Block:
    """The modal that asks why a plan is run alone."""
    return _asking(EMERGENCY, ("break-title", "break-label", "break"), plan_id, lang)


def _asking(callback: str, texts: tuple[str, str, str], plan_id: str, lang: Lang) -> Block:
    """A modal that asks for a reason; it holds the plan's id and nothing else."""
    title, label, submit = texts
    box: Block = {"type": "plain_text_input", "action_id": REASON, "multiline": True, "max_length": LONGEST_REASON}
    asked = {"type": "input", "block_id": REASON, "label": plain(say(label, lang), 2000), "element": box}
    return {
        "type": "modal",
        "callback_id": callback,
        "private_metadata": plan_id,
        "title": plain(say(title, lang), 24),
        "submit": plain(say(submit, lang), 24),
        "close": plain(say("cancel", lang), 24),
        "blocks": [asked],
    }


def home(
    listed: Sequence[Host],
    waiting: Sequence[tuple[Plan, str]],
    lang: Lang,
    *,
    refused: str = "",
    stopped: Freeze | None = None,
) -> Block:
    """The Home tab: plans that wait for a decision with links to their cards, the hosts, and help.

    `refused` says why the entries of one's own are not used as they are now, `stopped` that all changes are frozen.
    """
    blocks = [header(say("home-title", lang)), *_stopped(stopped, lang)]
    blocks += [section(say("home-knowledge", lang, detail=refused)), divider()] if refused else []
    blocks += [section(say("home-open", lang))]
    blocks += [section(_waiting(plan, link, lang)) for plan, link in waiting[:MOST_PLANS]]
    blocks += [] if waiting else [context(say("home-none", lang))]
    blocks += [divider(), section(f"*{say('hosts-title', lang)}*"), *_hosts(listed, lang)]
    return {"type": "home", "blocks": [*blocks, divider(), section(say("help", lang))]}


def _waiting(plan: Plan, link: str, lang: Lang) -> str:
    label = say("home-link", lang)
    shown = Markup(f"<{link}|{label}>") if link else Markup("–")
    return say("home-plan", lang, host=plan.host, digest=plan.digest[:12], requester=mention(plan.requester), link=shown)


def _hosts(listed: Sequence[Host], lang: Lang) -> list[Block]:
    if not listed:
        return [context(say("hosts-none", lang))]
    lines = [_host(host, lang) for host in listed[:MOST_HOSTS]] + (["…"] if len(listed) > MOST_HOSTS else [])
    return [{"type": "section", "text": mrkdwn("\n".join(lines))}]


def _host(host: Host, lang: Lang) -> str:
    fixes = host.mender is not None and host.approvers != Approvers()
    return f"{slack_value(host.name)} — {say('hosts-fixes' if fixes else 'hosts-advice', lang)}"
