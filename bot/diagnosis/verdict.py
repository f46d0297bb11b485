"""Which causes are confirmed, ruled out, or could not be measured? Pure: facts in, diagnosis out."""

from __future__ import annotations

from bot.model.condition import judge, paths
from bot.model.diagnosis import Diagnosis, Evidence, Verdict
from bot.model.fact import Facts
from bot.model.match import Match
from bot.model.problem import Cause, Problem


def diagnose(problem: Problem, host: str, match: Match | None, facts: Facts, at: float, error: str = "") -> Diagnosis:
    """Judge every cause of `problem` over `facts`, in the order the entry gives them."""
    verdicts = tuple(_verdict(cause, facts) for cause in problem.causes)
    return Diagnosis(problem=problem, host=host, match=match, facts=facts, verdicts=verdicts, measured_at=at, error=error)


def _verdict(cause: Cause, facts: Facts) -> Verdict:
    evidence = tuple(Evidence(path=path, value=facts.look(path)) for path in paths(cause.when))
    return Verdict(cause=cause, truth=judge(cause.when, facts), evidence=evidence)
