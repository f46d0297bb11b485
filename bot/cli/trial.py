"""`postmedic knowledge try`: which signature or phrase matched, how surely, who came next, and why nothing is said."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterator

from bot.authoring.trial import LeftOut, Silence, Tried, tried
from bot.cli.pasted import pasted, tell_cut
from bot.cli.setting_up import knowledge, language, settings
from bot.cli.status import Status
from bot.matching import Candidate, Matcher, Verdict
from bot.matching.ranking import FLOOR, MARGIN
from bot.model.text import Lang
from bot.render.templates import plain_value, say
from bot.render.visible import visible

_LEFT_OUT = {LeftOut.NO: "try-nothing-here", LeftOut.ORDINARY: "try-ordinary", LeftOut.FOREIGN: "try-foreign-line"}
_MOST_LINES = 40  # of a paste that are printed; --json gives them all


def run(arguments: Namespace) -> int:
    """Recognise one paste and print how the answer came about."""
    given = settings(arguments)
    explained = Matcher(knowledge(given).values()).explain(pasted(arguments.paste))
    tell_cut(explained.recognition, language(arguments, given))
    seen = tried(explained)
    if arguments.json:
        print(json.dumps(_plain(seen), ensure_ascii=False, indent=2))
    else:
        print(visible("\n".join(_told(seen, language(arguments, given)))))
    return Status.UNRECOGNISED if seen.silence else Status.FINE


def _told(seen: Tried, lang: Lang) -> Iterator[str]:
    for one in seen.lines[:_MOST_LINES]:
        yield say("try-line", lang, plain_value, number=one.line.number, text=one.line.text)
        for candidate, shown in one.shows:
            pattern = f"{candidate.kind} {shown.pattern!r}"
            yield "    " + say(
                "try-shows", lang, plain_value, score=f"{shown.score:5.1f}", problem=candidate.problem, pattern=pattern
            )
        if not one.shows:
            yield "    " + say(_LEFT_OUT[one.left_out], lang, plain_value)
    if len(seen.lines) > _MOST_LINES:
        yield f"… +{len(seen.lines) - _MOST_LINES}"
    yield ""
    for candidate in seen.candidates:
        yield f"{candidate.score:5.1f}  {candidate.problem}  ({candidate.kind}): {_verdict(candidate, lang)}"
        yield f"       {_next(candidate, seen, lang)}{_captures(candidate)}"
    if seen.silence:
        yield say(f"silent-{seen.silence}", lang, plain_value)


def _verdict(one: Candidate, lang: Lang) -> str:
    name = "try-" + one.verdict.name.lower().replace("_", "-")
    floor, needed = f"{FLOOR[one.kind]:.0f}", f"{MARGIN[one.kind]:.0f}"
    return say(name, lang, plain_value, other=one.because, floor=floor, needed=needed)


def _next(one: Candidate, seen: Tried, lang: Lang) -> str:
    rival = next((other for other in seen.candidates if other.problem == one.rival), None)
    if rival is None:
        return say("try-alone", lang, plain_value)
    margin, score = f"{one.margin:.1f}", f"{rival.score:.1f}"
    return say("try-runner-up", lang, plain_value, other=rival.problem, score=score, margin=margin)


def _captures(one: Candidate) -> str:
    return "".join(f"; {name} = {plain_value(value)}" for name, value in one.captures.items())


def _plain(seen: Tried) -> dict[str, object]:
    sure = next((one.problem for one in seen.candidates if one.verdict is Verdict.SURE), None)
    return {
        "answer": sure,
        "silence": None if seen.silence is Silence.NONE else seen.silence,
        "candidates": [
            {
                "problem": one.problem,
                "kind": one.kind,
                "pattern": one.pattern,
                "score": one.score,
                "floor": FLOOR[one.kind],
                "margin": round(one.margin, 1),
                "least_margin": MARGIN[one.kind],
                "runner_up": one.rival or None,
                "verdict": one.verdict.name.lower(),
                "because": one.because or None,
                "captures": dict(one.captures),
                "count": one.count,
            }
            for one in seen.candidates
        ],
        "lines": [
            {
                "number": one.line.number,
                "text": one.line.text,
                "left_out": one.left_out or None,
                "shows": [
                    {"problem": candidate.problem, "pattern": shown.pattern, "score": shown.score}
                    for candidate, shown in one.shows
                ],
            }
            for one in seen.lines
        ],
    }
