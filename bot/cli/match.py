"""`postmedic match`: which problems does a text show? Reads one paste, or one JSON object a line."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from argparse import Namespace

from bot.cli.pasted import pasted, tell_cut
from bot.cli.setting_up import discretion, knowledge, language, settings
from bot.cli.status import Status
from bot.matching import Matcher
from bot.model.match import Recognition
from bot.render.templates import say
from bot.render.visible import one_line, visible


def run(arguments: Namespace) -> int:
    """Answer every line of standard input (`--jsonl`), or one paste from a file or standard input."""
    given = settings(arguments)
    library = knowledge(given)
    matcher = Matcher(library.values())
    if arguments.jsonl:
        for number, line in enumerate(sys.stdin, 1):
            if line.strip():
                _answer_line(matcher, line, number)
        return Status.FINE
    found = matcher.recognise(asyncio.run(discretion(given))(pasted(arguments.paste)))
    lang = language(arguments, given)
    tell_cut(found, lang)
    if arguments.json:
        print(json.dumps({"answer": _answer(found), "candidates": _candidates(found)}, ensure_ascii=False))
    for match in found.near if not arguments.json else ():
        sure = "sure" if match in found.sure else "near"
        print(visible(f"{sure}  {match.score:5.1f}  {match.problem}  {library[match.problem].title[lang]}"))
        for line_ in match.lines[:3]:
            print(f"             {line_.number}: {one_line(line_.text, 160)}")
    if not found.near and not arguments.json:
        print(say("cli-not-recognised", lang), file=sys.stderr)
    return Status.FINE if found.sure else Status.UNRECOGNISED


def _answer_line(matcher: Matcher, line: str, number: int) -> None:
    try:
        row = json.loads(line)
        identity, text = row["id"], row["text"]
        if not isinstance(text, str):
            raise TypeError
    except (ValueError, TypeError, KeyError, RecursionError):
        print(f'line {number} is not of the form {{"id": …, "text": "…"}}; it was left out', file=sys.stderr)
        return
    begin = time.perf_counter()
    found = matcher.recognise(text)
    took = (time.perf_counter() - begin) * 1000
    answer = {"id": identity, "answer": _answer(found), "candidates": _candidates(found), "ms": round(took, 3)}
    print(json.dumps(answer, ensure_ascii=False))


def _answer(found: Recognition) -> str | None:
    return found.sure[0].problem if found.sure else None


def _candidates(found: Recognition) -> list[dict[str, object]]:
    return [{"problem": match.problem, "score": round(match.score, 2)} for match in found.near]
