"""`postmedic knowledge check|record|show|digest`: for people who write problems, and for those who review them."""

from __future__ import annotations

import asyncio
import sys
from argparse import Namespace
from dataclasses import replace

from bot.authoring.check import checked
from bot.authoring.record import record
from bot.cli.setting_up import engine, knowledge, language, settings
from bot.cli.status import Status
from bot.connectors.replay import ReplayReader
from bot.diagnosis.gather import gather
from bot.errors import KnowledgeError, NotFound
from bot.knowledge.cases import Case, cases, write
from bot.knowledge.library import Library, load
from bot.matching import Matcher
from bot.model.fact import FactUse
from bot.model.problem import Problem
from bot.render.redact import redact
from bot.render.visible import visible

_VERSION = FactUse(name="setting", arguments=("mail_version",))


def check(arguments: Namespace) -> int:
    """Lint the entries and run their cases; prints every finding and a closing count."""
    library = knowledge(settings(arguments))
    chosen = [_problem(library, arguments.id)] if arguments.id else list(library.values())
    findings = asyncio.run(checked(library, chosen, Matcher(library.values())))
    for finding in findings:
        _tell(str(finding))
    count = sum(len(cases(library.folders[problem.id])) for problem in chosen)
    wrong = sum(finding.error for finding in findings)
    print(f"{len(chosen)} problems, {count} cases, {wrong} to mend")
    return Status.FOUND if wrong else Status.FINE


def keep(arguments: Namespace) -> int:
    """Measure on a host and keep every raw reading as a case, with the paste from standard input."""
    library = knowledge(settings(arguments))
    problem = _problem(library, arguments.id)
    paste = redact(sys.stdin.read())[0] if not sys.stdin.isatty() else ""
    case = asyncio.run(_silent(arguments, library, paste) if arguments.silent else _recorded(arguments, problem, paste))
    path = library.folders[problem.id] / "cases" / f"{arguments.case}.yaml"
    try:
        write(path, case)
    except OSError as error:
        hint = "record it in a copy of the entries that you may write to; deploy/RUNBOOK.md shows how"
        raise KnowledgeError(where=path, detail=f"it cannot be written: {error.strerror}", hint=hint) from error
    _tell(f"{path}: confirmed {list(case.confirmed)}, unmeasured {list(case.unmeasured)}, plan {list(case.plan)}")
    print("Read it before you keep it: it holds what the host answered, with known forms of secrets masked.")
    return Status.FINE


async def _recorded(arguments: Namespace, problem: Problem, paste: str) -> Case:
    async with engine(settings(arguments), arguments.host) as (known, host):
        facts, _ = await gather((_VERSION,), (), {}, known.reader(host))
        noted = {"host": host.name}
        if isinstance(version := facts.look(_VERSION.path), str):
            noted["postfix"] = version
        case, _ = await record(
            problem,
            paste,
            known.matcher,
            known.reader(host),
            name=arguments.case,
            recorded=noted,
            discretion=known.discretion,
        )
        return case


async def _silent(arguments: Namespace, library: Library, paste: str) -> Case:
    """What is judged where no probe answers: the one case that no host is asked for."""
    matcher = Matcher(library.values())
    case, _ = await record(library[arguments.id], paste, matcher, ReplayReader({}), name=arguments.case, recorded={})
    return case


def show(arguments: Namespace) -> int:
    """Print what an entry says: causes, fixes and texts."""
    given = settings(arguments)
    lang = language(arguments, given)
    problem = _problem(knowledge(given), arguments.id)
    _tell(f"{problem.id}: {problem.title[lang]}")
    for signature in problem.signatures:
        _tell(f"  looks like: {signature}")
    for cause in problem.causes:
        _tell(f"  {cause.id}{f' → {cause.fix}' if cause.fix else ''}: {cause.says[lang]}")
        if cause.advice:
            _tell(f"    {cause.advice[lang]}")
    for fix in problem.fixes.values():
        _tell(f"  fix {fix.id} ({fix.risk.value}): {', '.join(step.operation for step in fix.steps)}. {fix.safety[lang]}")
    for reference in problem.references:
        _tell(f"  {reference}")
    return Status.FINE


def digest(arguments: Namespace) -> int:
    """Print the digest of all entries that would be loaded, or of one folder's, whatever is pinned or signed."""
    given = replace(settings(arguments), knowledge_digest="", knowledge_signers=None)
    print((load([arguments.folder]) if arguments.folder else knowledge(given)).digest)
    return Status.FINE


def _tell(text: str) -> None:
    """Print what an author wrote, of which whoever reviews it is to see every character."""
    print(visible(text))


def _problem(library: Library, identity: str) -> Problem:
    if identity not in library:
        raise NotFound(what=identity)
    return library[identity]
