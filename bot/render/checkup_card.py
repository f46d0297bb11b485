"""How does the health check of a host look? Weighty findings first; what could not be measured is named, never left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from bot.model.checkup import Checkup, Seen, Source
from bot.model.fact import Facts, Unknown
from bot.model.host import Host, Via
from bot.model.text import Lang, Text
from bot.render.answer import confirmed, failed
from bot.render.blocks import Block, Message, context, divider, header, message, section
from bot.render.evidence import evidence_of
from bot.render.signs import BAD, GOOD, NOTE, OPEN
from bot.render.templates import Escape, Markup, plain_value, say, slack_value

MOST_SEEN = 8


def checking(host: str, done: int, total: int, lang: Lang) -> Message:
    """The message while facts arrive."""
    title = say("check-title", lang, plain_value, host=host)
    progress = say("measuring", lang, host=host, done=done, total=total) if total else say("connecting", lang, host=host)
    return message(title, [header(title), context(progress)])


def checkup_card(checkup: Checkup, host: Host, titles: Mapping[str, Text], lang: Lang) -> Message:
    """The finished message; `titles` gives the title of each problem by id."""
    title = say("check-title", lang, plain_value, host=checkup.host)
    blocks: list[Block] = [header(title)]
    if checkup.error:
        blocks.append(section(failed(checkup.host, checkup.error, checkup.facts, lang)))
        blocks.append(context(say("host-failed-means", lang)))
        return message(f"{title}: {slack_value(checkup.error)}", [*blocks, *_confirmed(checkup, host, lang)])
    told = findings(checkup, titles, lang, slack_value)
    blocks += [section(f"{sign} {text}") for sign, text in told if sign != GOOD]
    well = [f"{sign} {text}" for sign, text in told if sign == GOOD]
    blocks += [section("\n".join(well))] if well else []
    unknown = sum(1 for sign, _ in told if sign == OPEN)
    bad = sum(1 for sign, _ in told if sign == BAD)
    notes = [say("check-not-all", lang, count=unknown)] if unknown else []
    found = list(_confirmed(checkup, host, lang))
    notes += [say("check-healthy", lang)] if not bad and not unknown and not found else []
    notes += [say("read-only-not-enforced", lang)] if host.via is Via.SHELL else []
    blocks += [context(*notes)] if notes else []
    sign = BAD if bad else OPEN if unknown else NOTE if found else GOOD
    return message(f"{title}: {sign}", [*blocks, *found], say("too-long", lang))


def _confirmed(checkup: Checkup, host: Host, lang: Lang) -> Iterator[Block]:
    for one in checkup.diagnoses:
        for verdict in one.confirmed:
            yield from (divider(), section(f"*{one.problem.title[lang]}*"), *confirmed(one, verdict, host, lang))


def findings(checkup: Checkup, titles: Mapping[str, Text], lang: Lang, escape: Escape) -> tuple[tuple[str, str], ...]:
    """Every finding as (sign, text): bad ones first, then what could not be measured, then what is worth knowing or well."""
    told = [*_measured(checkup.facts, lang, escape), *_seen(checkup, titles, lang, escape)]
    return tuple(sorted(told, key=lambda one: (BAD, OPEN, NOTE, GOOD).index(one[0])))


def _measured(facts: Facts, lang: Lang, escape: Escape) -> Iterator[tuple[str, str]]:
    def tell(path: str, fine: Callable[[object], tuple[str, str]]) -> tuple[str, str]:
        value = facts.look(path)
        return (OPEN, evidence_of(path, value, lang, escape)) if isinstance(value, Unknown) else fine(value)

    def sentence(good: bool, name: str, **values: object) -> tuple[str, str]:
        return (GOOD if good else BAD, say(name, lang, escape, **values))

    yield tell("service.postfix.running", lambda on: sentence(bool(on), "check-running" if on else "check-stopped"))
    yield tell(
        "smtp-greeting.state",
        lambda state: sentence(state == "ready", "check-banner" if state == "ready" else "check-no-banner", state=state),
    )
    yield tell(
        "listeners.ports",
        lambda ports: sentence(ports != "-", "check-no-listeners" if ports == "-" else "check-listeners", ports=ports),
    )
    yield tell("config-warnings.fatal", lambda fatal: _config(facts, str(fatal), lang, escape))
    yield tell("queue.count", lambda count: _queue(facts, count, sentence))
    lines = facts.look("log")
    if isinstance(lines, Unknown):
        yield OPEN, evidence_of("log", lines, lang, escape)


Sentence = Callable[..., tuple[str, str]]


def _config(facts: Facts, fatal: str, lang: Lang, escape: Escape) -> tuple[str, str]:
    if fatal:
        return BAD, say("check-config-fatal", lang, escape, why=fatal, line=facts.look("config-warnings.line"))
    if facts.look("config-warnings.clean") is True:
        return GOOD, say("check-config-clean", lang)
    unused, twice = facts.look("config-warnings.unused_names"), facts.look("config-warnings.twice_names")
    return NOTE, say("check-config", lang, escape, unused=unused, twice=twice)


def _queue(facts: Facts, count: object, sentence: Sentence) -> tuple[str, str]:
    if count == 0:
        return sentence(True, "check-queue-empty")
    oldest = facts.look("queue.oldest")
    seconds = oldest if isinstance(oldest, int) else 0
    age = f"{seconds // 3600} h {seconds % 3600 // 60} min" if seconds >= 3600 else f"{seconds // 60} min {seconds % 60} s"
    name = "check-queue-at-least" if facts.look("queue.truncated") is True else "check-queue"
    return sentence(facts.look("queue.deferred") == 0, name, count=count, age=age)


def _seen(checkup: Checkup, titles: Mapping[str, Text], lang: Lang, escape: Escape) -> Iterator[tuple[str, str]]:
    unsure = [one for one in checkup.seen if one.source is Source.LOG and not one.sure]
    waiting = [one for one in checkup.seen if one.source is Source.QUEUE]
    if waiting:
        yield _waiting(checkup.facts, waiting, titles, lang, escape)
    for one in [one for one in checkup.seen if one.source is Source.LOG and one.sure][:MOST_SEEN]:
        text = _group(one, titles, lang, escape)
        judged = next((each for each in checkup.diagnoses if one.match and each.problem.id == one.match.problem), None)
        if judged is not None and not judged.confirmed:
            gone = not (judged.unmeasured or judged.error)  # then it is a past event, which is no alarm
            yield (NOTE, f"{text} {say('check-log-gone', lang)}") if gone else (OPEN, f"{text} {say('check-log-open', lang)}")
        else:
            yield BAD, text
    if unsure:
        named = Markup(", ".join(titles[one.match.problem][lang] for one in unsure[:MOST_SEEN] if one.match))
        yield NOTE, say("check-log-near", lang, escape, titles=named)
    lines = checkup.facts.look("log")
    if isinstance(lines, tuple) and not any(one.source is Source.LOG for one in checkup.seen):
        yield GOOD, say("check-log-quiet", lang, escape, count=len(lines))


def _waiting(facts: Facts, groups: Sequence[Seen], titles: Mapping[str, Text], lang: Lang, escape: Escape) -> tuple[str, str]:
    """All groups of waiting mail in one sentence, the most causal first; what passes by itself is no alarm."""
    parts = [_group(one, titles, lang, escape) for one in groups[:MOST_SEEN]]
    if len(groups) > MOST_SEEN:
        parts.append(say("check-more", lang, count=len(groups) - MOST_SEEN))
    count = facts.look("queue.deferred")
    total = count if isinstance(count, int) and count else sum(one.count for one in groups)
    name = "check-waiting-at-least" if facts.look("queue.truncated") is True else "check-waiting"
    calm = all(one.sure and one.passing for one in groups)
    return NOTE if calm else BAD, say(name, lang, escape, count=total, groups=Markup(say("check-between", lang).join(parts)))


def _group(one: Seen, titles: Mapping[str, Text], lang: Lang, escape: Escape) -> str:
    title = Markup(titles[one.match.problem][lang] if one.match else "")
    if not one.oldest:
        when = say("check-times-unknown", lang)
    elif one.oldest == one.newest:
        when = say("check-time", lang, escape, at=one.oldest)
    else:
        when = say("check-times", lang, escape, oldest=one.oldest, newest=one.newest)
    told = Markup(when)
    match one.source, one.sure:
        case Source.QUEUE, True:
            name = "check-passing" if one.passing else "check-reasons"
            return say(name, lang, escape, count=one.count, title=title, when=told)
        case Source.QUEUE, _:
            return say("check-reasons-other", lang, escape, count=one.count, reason=one.text, when=told)
        case _:
            return say("check-log", lang, escape, count=one.count, title=title, when=told)
