"""How does a diagnosis look in a thread? Confirmed first, then what could not be measured, then what was ruled out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bot.model.diagnosis import Diagnosis, Verdict
from bot.model.fact import Facts, Unknown
from bot.model.host import Host, Via
from bot.model.match import Kind, Match
from bot.model.problem import Problem
from bot.model.text import Lang
from bot.render.blocks import Block, Message, context, divider, message, preformatted, section
from bot.render.evidence import evidence
from bot.render.signs import BAD
from bot.render.templates import say, slack_value, tell

MOST_LINES = 4
_LINK = re.compile(r"https://[^<>|` ]+")  # other references are for who reads the entry


def measuring(problem: Problem, match: Match | None, host: str, done: int, total: int, lang: Lang) -> Message:
    """The message while facts arrive."""
    title = problem.title[lang]
    progress = say("measuring", lang, host=host, done=done, total=total) if total else say("connecting", lang, host=host)
    return message(f"{title}: {host}", [section(f"*{title}*"), *_recognised(match, lang), context(progress)])


def answer(diagnoses: Sequence[Diagnosis], host: Host, lang: Lang, notes: Sequence[str] = ()) -> Message:
    """The finished message about one or more problems on one host; `notes` are finished texts for the small print."""
    blocks: list[Block] = []
    for diagnosis in diagnoses:
        blocks += [divider()] if blocks else []
        blocks += _problem(diagnosis, host, lang)
    small = [say("read-only-not-enforced", lang)] if host.via is Via.SHELL else []
    last = [context(*small, *notes)] if small or notes else []
    titles = ", ".join(one.problem.title[lang] for one in diagnoses)
    return message(f"{host.name}: {titles}. {_headline(diagnoses, host, lang)}", blocks, say("too-long", lang), last)


def _headline(diagnoses: Sequence[Diagnosis], host: Host, lang: Lang) -> str:
    found = sum(len(one.confirmed) for one in diagnoses)
    if found:
        return say("confirmed", lang).strip("*") + f": {found}"
    if any(one.error for one in diagnoses):
        return say("host-failed", lang, host=host.name).strip("*")
    unmeasured = sum(len(one.unmeasured) for one in diagnoses)
    return say("not-measurable", lang).strip("*") + f": {unmeasured}" if unmeasured else say("nothing-there", lang)


def _problem(one: Diagnosis, host: Host, lang: Lang) -> Iterator[Block]:
    yield section(f"*{one.problem.title[lang]}* · {slack_value(host.name)}")
    yield from _recognised(one.match, lang)
    if one.error:
        yield section(failed(host.name, one.error, one.facts, lang))
        if not one.confirmed:  # what was measured until then rules nothing out for sure
            yield context(say("host-failed-means", lang))
            return
    for verdict in one.confirmed:
        yield from confirmed(one, verdict, host, lang)
    if not one.confirmed:
        yield section(say("nothing-confirmed" if one.unmeasured else "nothing-wrong", lang, host=host.name))
    if one.unmeasured:
        yield section(say("not-measurable", lang) + "\n" + say("not-measurable-why", lang))
        for verdict in one.unmeasured:
            missing = [part for part in verdict.evidence if isinstance(part.value, Unknown)]
            yield context(f"{slack_value(verdict.cause.id)} — {evidence(missing, lang)}")
    if one.ruled_out:
        names = ", ".join(verdict.cause.id for verdict in one.ruled_out)
        yield context(f"{say('ruled-out', lang, count=len(one.ruled_out))} {names}")
    links = [_link(text) for text in one.problem.references if _LINK.fullmatch(text)][:4]
    if links:
        yield context(say("references", lang) + " " + " · ".join(links))


def failed(host: str, error: str, facts: Facts, lang: Lang) -> str:
    """Why a host could not be asked; a key that is not the inventory's is an alarm."""
    if facts.strange_key:
        return f"{BAD} {say('host-failed', lang, host=host)}\n{say('why-host-key-rejected', lang)}"
    return f"{say('host-failed', lang, host=host)}\n{slack_value(error)}"


def confirmed(one: Diagnosis, verdict: Verdict, host: Host, lang: Lang) -> Iterator[Block]:
    """A confirmed cause: what it is, the measurement that decided it, and advice where there is any."""
    cause = verdict.cause
    yield section(f"{BAD} {say('confirmed', lang)} — {tell(cause.says, lang, one.facts.look)}")
    yield context(f"{say('because', lang)} {evidence(verdict.evidence, lang)}")
    if cause.advice is not None:
        yield section(f"{say('advice', lang)}\n{tell(cause.advice, lang, one.facts.look)}")
    if cause.fix is not None and host.mender is None:
        fix = one.problem.fixes[cause.fix]
        yield section(f"{say('advice-instead', lang)}\n{tell(fix.safety, lang, one.facts.look)}")


def _recognised(match: Match | None, lang: Lang) -> Iterator[Block]:
    if match is None:
        return
    if match.lines:
        yield preformatted("\n".join(line.text for line in match.lines[:MOST_LINES]), 1200)
    line = match.lines[0].number if match.lines else 1
    name = {Kind.EXACT: "recognised-exact", Kind.SIMILAR: "recognised-similar", Kind.PHRASE: "recognised-phrase"}[match.kind]
    texts = [say(name, lang, line=line, score=round(match.score))]
    texts += [say("times", lang, count=match.count)] if match.count > 1 else []
    yield context(*texts)


def _link(address: str) -> str:
    name = address.removeprefix("https://")
    return f"<{address}|{name.partition('#')[2] or name}>"
