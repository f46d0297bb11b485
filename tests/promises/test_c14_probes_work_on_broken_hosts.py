"""C14: every probe works on a broken host: each fact has a recorded answer of a real host on which its subject was broken.

Broken means: a cause was confirmed there by this fact; or the recording of a broken state answers otherwise than the healthy
host's of the same release.
"""

from __future__ import annotations

from bot.authoring.cases import FAILED, HEALTHY, reach
from bot.connectors.dispatcher import REFUSED
from bot.connectors.replay import ReplayReader
from bot.facts.base import FACTS
from bot.knowledge import library
from bot.knowledge.cases import Case, cases
from bot.matching import Matcher
from bot.model.condition import paths
from bot.model.fact import Unknown
from bot.model.probe import NO_PERMISSION, Reading
from bot.model.problem import Problem
from tests.unit.facts.recorded import STATES

# What no recording of the lab can show broken, and why.
WITHOUT = {
    "boot-id": "it only names a boot; tests/promises/test_b4_*.py changes it",
    "log-times": "it only says when the lines of a log were written; tests/unit/facts has cut and strange ones",
    "enrolment": "a host without its programs cannot be asked by them; tests/contract/hosts changes them instead",
}


def fact_of(path: str) -> str:
    """The fact a condition's path speaks of: `setting.inet_interfaces` is of `setting`."""
    return path.partition(".")[0]


async def broken_by_causes(problem: Problem, case: Case, matcher: Matcher) -> set[str]:
    """The facts that confirmed a cause in a case, measured on a real host."""
    recognised = matcher.recognise(case.paste).near if case.paste else ()
    match = next((one for one in recognised if one.problem == problem.id), None)
    diagnosis = await reach(problem, match, ReplayReader(case.readings))
    sources = {one.name: one.arguments for one in problem.derived}
    found: set[str] = set()
    for verdict in diagnosis.confirmed:
        for path in paths(verdict.cause.when):
            if isinstance(diagnosis.facts.look(path), Unknown):
                continue
            found |= {fact_of(path), *(fact_of(one) for one in sources.get(fact_of(path), ()))}
    return found


def broken_by_states() -> set[str]:
    """The facts whose probe answered otherwise in a broken state than on the healthy host."""
    found: set[str] = set()
    for name, readings in STATES.items():
        release, _, state = name.partition(" ")
        healthy = STATES[f"{release} healthy"]
        changed = {key.split()[0] for key, one in readings.items() if state != "healthy" and one != healthy.get(key)}
        found |= {fact.name for fact in FACTS.values() if fact.probe.name in changed}
    return found


async def covered() -> tuple[set[str], list[Reading]]:
    """The facts with a broken recording, and every reading of the cases they come from."""
    known = library.load()
    matcher = Matcher(known.values())
    found = broken_by_states()
    readings: list[Reading] = []
    for problem in known.values():
        for case in cases(known.folders[problem.id]):
            if case.recorded and case.name not in (HEALTHY, FAILED):
                found |= await broken_by_causes(problem, case, matcher)
                readings += case.readings.values()
    return found & FACTS.keys(), readings


async def test_every_fact_has_the_answer_of_a_host_where_its_subject_is_broken() -> None:
    found, readings = await covered()
    assert set(FACTS) - found == set(WITHOUT), "record a host where it is broken, or say here why none can be"
    refused = [one.key for one in readings if one.exit in (REFUSED, NO_PERMISSION)]
    assert refused == []  # the probes themselves answered on every one of those hosts


async def test_a_fact_nobody_recorded_is_found() -> None:
    found, _ = await covered()
    assert "enrolment" not in found
    assert {"setting", "service", "interfaces"} <= found
