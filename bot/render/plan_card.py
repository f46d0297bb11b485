"""How does a plan look, from proposed to its end? One message that follows the stored state, never the click."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from bot.model.event import Anchor
from bot.model.execution import FINAL, State
from bot.model.gate import Waits
from bot.model.host import Approvers
from bot.model.plan import Plan, Step
from bot.model.problem import Problem, Risk
from bot.model.progress import Progress, Stage, Why
from bot.model.review import Decision, Missing
from bot.model.text import Lang
from bot.render.blocks import MOST_MESSAGE, Block, Message, actions, button, confirm, context, message, preformatted, section
from bot.render.evidence import pairs
from bot.render.signs import BAD, GOOD, OPEN
from bot.render.templates import Markup, plain_value, say, slack_value, tell
from bot.render.visible import one_line

HEAD = 16  # characters of a head's digest that are shown; the message's metadata holds it whole
_SAID = "state-succeeded-said"
_SLACK_ID = re.compile(r"[A-Z][A-Z0-9]{1,20}")
_SIGNS = {State.SUCCEEDED: f"{GOOD} ", State.FAILED: f"{BAD} ", State.IN_DOUBT: f"{OPEN} "}
_STAGES = {Stage.BEFORE: "measured-before", Stage.AFTER: "measured-after"}
_STAGES |= {Stage.UNDONE: "measured-undone", Stage.DOUBT: "measured-doubt"}


def plan_card(
    progress: Progress,
    problem: Problem | None,
    approvers: Approvers,
    lang: Lang,
    head: Anchor | None = None,
    *,
    missing: Missing | None = None,
    breakable: bool = False,
) -> Message:
    """The message of one plan; `problem` gives the safety text and is None when its entry is gone.

    `head` is the newest audit event about the plan or a freeze: what a person copies from here is a witness against the
    bot's own record.
    `missing` is what the approval still lacks, `breakable` whether somebody may run the plan alone in an emergency.
    """
    plan = progress.plan
    state = _state(progress, missing, lang)
    title = _title(progress, lang)
    sign = _SIGNS.get(progress.state, "") if name_of(progress.state, progress.why) != _SAID else ""
    blocks = [section(f"*{title}*\n{sign}{state}")]
    blocks += [section(one) for one in _apart(progress, lang)]
    blocks += _steps(progress, lang)
    blocks += _results(progress, lang)
    if progress.state is State.PROPOSED:
        blocks += _proposal(plan, problem, approvers, lang)
    small = [_digest(progress, lang), *([slack_value(replace(head, digest=head.digest[:HEAD]).token)] if head else [])]
    last = [context(*_people(progress, lang), *small)]
    if progress.state is State.PROPOSED:  # whoever decides has seen all of it, or finds no buttons
        blocks += last
        if approvers or breakable:
            blocks.append(_decide(plan, progress, lang, agree=bool(approvers), alone=breakable))
        return message(f"{title}: {state}", blocks, say("plan-too-long", lang))
    if progress.state is State.IN_DOUBT:  # nothing else can be done on its host until somebody has said how it ended
        last.append(_resolve(plan, progress, lang))
    return message(f"{title}: {state}", blocks, last=last)


def _title(progress: Progress, lang: Lang) -> str:
    name = "plan-title" if progress.state is State.PROPOSED else "plan-title-decided"
    return say(name, lang, plain_value, host=progress.plan.host)


def _state(progress: Progress, missing: Missing | None, lang: Lang) -> str:
    approved = [mention(review.actor.id) for review in progress.reviews if review.decision is not Decision.DENY]
    denied = next((review for review in progress.reviews if review.decision is Decision.DENY), None)
    held = progress.waits or (Waits.HOST_BUSY if progress.waits_for else Waits.NOTHING)
    name = name_of(progress.state, progress.why) + (f"-{held}" if progress.state is State.APPROVED and held else "")
    running = progress.running
    text = say(
        name,
        lang,
        approvers=Markup(", ".join(approved)),
        who=mention(denied.actor.id) if denied else "",
        step=running.index + 1 if running else len(progress.steps),
        total=len(progress.plan.steps),
    )
    if progress.state is State.PROPOSED and progress.plan.risk is Risk.HIGH:
        agreed = 2 - missing.people if missing is not None else len(approved)
        text += " " + say("state-proposed-some", lang, count=agreed, needed=2)
        if missing is None or missing.confirmation:
            text += " " + say("needs-confirmation", lang, plan=progress.plan.id)
    if progress.why is not Why.NONE:
        text += " " + say(f"why-{progress.why.value}", lang)
    detail = denied.reason if denied else progress.detail
    if detail and progress.why is Why.RESOLVED:
        return f"{text}\n> {mention(detail)}"
    return f"{text}\n> {slack_value(detail)}" if detail else text


def _apart(progress: Progress, lang: Lang) -> Iterator[str]:
    """What sets this plan apart from others: somebody ran it alone, or everything is frozen."""
    for review in progress.reviews:
        if review.decision is Decision.BREAK_GLASS:
            text = say("glass-broken", lang, who=mention(review.actor.id), reason=review.reason)
            unsigned = progress.state is State.PROPOSED and progress.plan.risk is Risk.HIGH
            yield f"{text} {say('needs-confirmation-alone', lang, plan=progress.plan.id)}" if unsigned else text
    if progress.frozen and progress.state not in FINAL:
        yield say("plan-frozen", lang)


def _proposal(plan: Plan, problem: Problem | None, approvers: Approvers, lang: Lang) -> Iterator[Block]:
    people = [mention(one) for one in sorted(approvers.users)] + [
        Markup(f"<!subteam^{one}>") for one in sorted(approvers.groups)
    ]
    named = Markup(", ".join(people)) if people else Markup(say("plan-nobody", lang))
    if problem is not None and plan.fix in problem.fixes:
        values = dict(plan.facts)
        safety = tell(problem.fixes[plan.fix].safety, lang, lambda path: values.get(path, path))
        yield section(f"{say('plan-safety', lang)}\n{safety}")
    name = "plan-who-two" if plan.risk is Risk.HIGH else "plan-who"
    yield section(say(name, lang, requester=mention(plan.requester), approvers=named))


def _steps(progress: Progress, lang: Lang) -> Iterator[Block]:
    plan = progress.plan
    if progress.state in FINAL:
        yield section(say("plan-ran", lang) if progress.steps else say("plan-ran-nothing", lang))
        for one in progress.steps:
            ended = say("step-lost", lang) if one.result is None else say("step-ended", lang, exit=one.result.exit)
            yield context(f"{one.index + 1}. {slack_value(one.step.wire)} — {one.step.says[lang]} {ended}")
        return
    yield section(say("plan-steps", lang))
    for number, step in enumerate(plan.steps, 1):
        yield section(f"{number}. {step.says[lang]} {slack_value(step.wire)}")
        yield preformatted(script(step), MOST_MESSAGE)  # never cut: who approves sees all of it, or no buttons
    changes = [change for step in plan.steps for change in step.changes]
    if changes:
        yield section(say("plan-changes", lang))
        yield preformatted("\n".join(f"{one_line(c.what)}: {one_line(c.before)} → {one_line(c.after)}" for c in changes))
    undo = "; ".join(step.wire for step in plan.undo)
    yield context(say("plan-undo", lang, steps=undo) if undo else say("plan-no-undo", lang))


def script(step: Step) -> str:
    """The fixed text that runs, with the step's tokens in their places."""
    text = step.script.rstrip("\n")
    for number, token in reversed(tuple(enumerate(step.tokens, 1))):
        text = re.sub(rf"\$(?:{number}(?!\d)|\{{{number}\}})", token.replace("\\", ""), text)
    return text


def _results(progress: Progress, lang: Lang) -> Iterator[Block]:
    for one in progress.steps:
        if one.result is not None and one.result.exit:
            yield context(say("step-exit", lang, number=one.index + 1, exit=one.result.exit))
            if one.result.stderr:
                yield preformatted(one.result.stderr, 800)
    final = progress.state in FINAL or progress.state is State.IN_DOUBT
    for measurement in progress.measurements if final else ():
        found = [pair for check in measurement.checks for pair in check.evidence]
        said = pairs(found) if found else slack_value(measurement.error)
        yield context(f"{say(_STAGES[measurement.stage], lang)} {said}")


def _people(progress: Progress, lang: Lang) -> Iterator[str]:
    if progress.state is not State.PROPOSED:
        yield say("plan-asked", lang, requester=mention(progress.plan.requester))
        approved = [mention(review.actor.id) for review in progress.reviews if review.decision is Decision.APPROVE]
        if approved:
            yield say("plan-approved-by", lang, approvers=Markup(", ".join(approved)))


def _digest(progress: Progress, lang: Lang) -> str:
    plan = progress.plan
    if progress.state is not State.PROPOSED:
        return say("plan-digest-only", lang, digest=plan.digest[:12])
    at = datetime.fromtimestamp(plan.expires_at, UTC)
    until = Markup(f"<!date^{int(plan.expires_at)}^{{time}}|{at:%H:%M} UTC>")
    return say("plan-digest", lang, digest=plan.digest[:12], until=until)


def _decide(plan: Plan, progress: Progress, lang: Lang, *, agree: bool, alone: bool) -> Block:
    first_of_two = plan.risk is Risk.HIGH and not progress.reviews
    sure = confirm(
        say("approve-confirm-title", lang, plain_value, host=plan.host),
        say(
            "approve-confirm-text-two" if first_of_two else "approve-confirm-text",
            lang,
            plain_value,
            digest=plan.digest[:12],
            steps="; ".join(s.wire for s in plan.steps),
        ),
        say("approve", lang),
        say("approve-confirm-no", lang),
    )
    # A new block_id with each version: Slack keeps the input of an old block with the same id.
    buttons = []
    if agree:
        buttons.append(button("approve", say("approve", lang), plan.id, "primary", sure))
        buttons.append(button("deny", say("deny", lang), plan.id, "danger"))
    if alone:
        buttons.append(button("break_glass", say("break", lang), plan.id))
    return actions(f"plan:{plan.id}:{len(progress.reviews)}", *buttons)


def _resolve(plan: Plan, progress: Progress, lang: Lang) -> Block:
    def sure(name: str) -> Block:
        title, text = say("resolve-confirm-title", lang), say("resolve-confirm-text", lang)
        return confirm(title, text, say(name, lang), say("cancel", lang))

    return actions(
        f"doubt:{plan.id}:{len(progress.measurements)}",
        button("resolve_succeeded", say("resolve-succeeded", lang), plan.id, "", sure("resolve-succeeded")),
        button("resolve_failed", say("resolve-failed", lang), plan.id, "", sure("resolve-failed")),
    )


def name_of(state: str, why: str) -> str:
    """The name of the text for a state; what a person said after a doubt is not told as if it had been measured."""
    return _SAID if state == State.SUCCEEDED and why == Why.RESOLVED else f"state-{state}"


def mention(actor: str) -> Markup:
    """A person by Slack id; anything that is no id is shown as plain text."""
    return Markup(f"<@{actor}>") if _SLACK_ID.fullmatch(actor) else Markup(slack_value(actor))
