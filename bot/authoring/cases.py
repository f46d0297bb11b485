"""Does a recorded case still lead where it should? One case file = one test, from paste to plan, without a host."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.authoring.findings import Finding
from bot.connectors.base import Reader
from bot.connectors.replay import ReplayReader
from bot.diagnosis.gather import gather
from bot.diagnosis.verdict import diagnose
from bot.errors import Refused
from bot.knowledge.cases import Case
from bot.matching import Matcher
from bot.model.diagnosis import Diagnosis
from bot.model.match import Match
from bot.model.problem import Problem
from bot.planning.planner import steps

HEALTHY = "nothing-wrong"
FAILED = "probe-failed"


async def reach(problem: Problem, match: Match | None, reader: Reader) -> Diagnosis:
    """Run the diagnosis of `problem` over any reader."""
    facts, error = await gather(problem.facts, problem.derived, match.captures if match else {}, reader)
    return diagnose(problem, "case", match, facts, 0.0, error)


def planned(diagnosis: Diagnosis) -> tuple[str, ...]:
    """The words of the steps that the first confirmed cause with a fix would send; empty when there is none."""
    for verdict in diagnosis.confirmed:
        if verdict.cause.fix is not None:
            try:
                return tuple(step.wire for step in steps(diagnosis.problem.fixes[verdict.cause.fix].steps, diagnosis.facts))
            except Refused:
                return ()
    return ()


async def run(problem: Problem, one: Case, matcher: Matcher) -> list[Finding]:
    """Compare what a case leads to with what it expects; an empty list means they agree."""
    where = f"{problem.id}/cases/{one.name}.yaml"
    found = matcher.recognise(one.paste) if one.paste else None
    match = next((m for m in found.near if m.problem == problem.id), None) if found else None
    diagnosis = await reach(problem, match, ReplayReader(one.readings))
    actual: dict[str, str | tuple[str, ...]] = {
        "match": (found.sure[0].problem if found and found.sure else "none") if one.paste else one.match,
        "confirmed": tuple(v.cause.id for v in diagnosis.confirmed),
        "ruled-out": tuple(v.cause.id for v in diagnosis.ruled_out),
        "unmeasured": tuple(v.cause.id for v in diagnosis.unmeasured),
        "plan": planned(diagnosis),
    }
    expected: dict[str, str | tuple[str, ...]] = {
        "match": one.match,
        "confirmed": one.confirmed,
        "ruled-out": one.ruled_out,
        "unmeasured": one.unmeasured,
        "plan": one.plan,
    }
    return [
        Finding(where=where, detail=f"{key} is {_said(actual[key])}, not {_said(expected[key])}", hint=_HINTS[key])
        for key in expected
        if actual[key] != expected[key]
    ]


def missing(problem: Problem, recorded: Sequence[Case]) -> Iterator[Finding]:
    """Name the cases an entry lacks: one per cause, one where nothing is wrong, one where the probes failed."""
    shown = {cause for case in recorded for cause in case.confirmed}
    lab = {case.cause for case in problem.lab}
    for cause in problem.causes:
        if cause.id not in shown:
            proof = "record it with `postmedic knowledge record`" if cause.id in lab else "add a lab case that makes it real"
            yield Finding(where=problem.id, detail=f"no case confirms the cause {cause.id}", hint=proof)
    if not any(not case.confirmed and not case.unmeasured for case in recorded):
        yield Finding(where=problem.id, detail="no case shows a healthy host", hint=f"record one as {HEALTHY}")
    if not any(case.unmeasured for case in recorded):
        yield Finding(where=problem.id, detail="no case shows failed probes", hint=f"record one as {FAILED}")


_HINTS = {
    "match": "try the paste with `postmedic match --paste -`",
    "confirmed": "compare the readings with the conditions of the causes",
    "ruled-out": "compare the readings with the conditions of the causes",
    "unmeasured": "a reading is missing or cannot be parsed: record the case again on a real host",
    "plan": "compare the fix's steps with what the case expects",
}


def _said(value: str | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else "[" + ", ".join(value) + "]"
