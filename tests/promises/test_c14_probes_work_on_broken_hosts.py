"""C14: every probe works on a broken host: each fact has a recorded answer of a real host on which its subject was broken.

Broken means: a cause was confirmed there by this fact; or the recording of a broken state answers otherwise than the healthy
host's of the same release.

An answer counts for the text of the probe that it was given to. Cases say which that was; for those recorded before they did,
recorded_with.json says what the history of this repository shows, by the commit that brought the answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from bot.authoring.cases import FAILED, HEALTHY, reach
from bot.connectors.dispatcher import REFUSED
from bot.connectors.replay import ReplayReader
from bot.facts.base import FACTS
from bot.knowledge import library
from bot.knowledge.cases import Case, cases
from bot.matching import Matcher
from bot.model.condition import paths
from bot.model.fact import Unknown
from bot.model.probe import NO_PERMISSION, Probe, Reading
from bot.model.problem import Problem
from tests.unit.facts.recorded import STATES

# What no recording of the lab can show broken, and why.
WITHOUT = {
    "boot-id": "it only names a boot; tests/promises/test_b4_*.py changes it",
    "log-times": "it only says when the lines of a log were written; tests/unit/facts has cut and strange ones",
    "enrolment": "a host without its programs cannot be asked by them; tests/contract/hosts changes them instead",
}

WITH = json.loads(Path(__file__).with_name("recorded_with.json").read_text(encoding="utf-8"))


def probes() -> dict[str, Probe]:
    return {fact.probe.name: fact.probe for fact in FACTS.values()}


def outdated(name: str, where: str, noted: Mapping[str, str] = MappingProxyType({})) -> bool:
    """Whether the recording `where` was made with another text of this probe than it has now."""
    now = probes()[name].digest
    if name in noted:
        return noted[name] != now
    return now != WITH["digests"].get(name) or where in WITH["older"].get(name, ())


def recordings() -> Iterator[tuple[str, str, Mapping[str, str]]]:
    """Every probe that answered in a recording: its name, which recording that is, and what the recording notes."""
    for state, readings in STATES.items():
        yield from ((key.split()[0], state, {}) for key in readings)
    for folder in library.load().folders.values():
        for case in cases(folder):
            where = f"{folder.parent.name}/{folder.name}/{case.name}"
            yield from ((key.split()[0], where, case.probes) for key, one in case.readings.items() if one.exit is not None)


def outdated_recordings() -> dict[str, list[str]]:
    """The recordings that are older than the text of a probe, by probe."""
    found: dict[str, set[str]] = {}
    for name, where, noted in recordings():
        if name in probes() and outdated(name, where, noted):
            found.setdefault(name, set()).add(where)
    return {name: sorted(found[name]) for name in sorted(found)}


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
        found |= {fact.name for fact in FACTS.values() if fact.probe.name in changed and not outdated(fact.probe.name, name)}
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
                where = f"{known.folders[problem.id].parent.name}/{known.folders[problem.id].name}/{case.name}"
                broken = await broken_by_causes(problem, case, matcher) & FACTS.keys()
                found |= {one for one in broken if not outdated(FACTS[one].probe.name, where, case.probes)}
                readings += case.readings.values()
    return found, readings


async def test_every_fact_has_the_answer_of_a_host_where_its_subject_is_broken() -> None:
    found, readings = await covered()
    assert set(FACTS) - found == set(WITHOUT), "record a host where it is broken, or say here why none can be"
    refused = [one.key for one in readings if one.exit in (REFUSED, NO_PERMISSION)]
    assert refused == []  # the probes themselves answered on every one of those hosts


async def test_a_fact_nobody_recorded_is_found() -> None:
    found, _ = await covered()
    assert "enrolment" not in found
    assert {"setting", "service", "interfaces"} <= found


def test_recordings_that_are_older_than_their_probes_text_are_known() -> None:
    """A probe whose text changes proves nothing by the answers that its earlier text was given."""
    assert outdated_recordings() == WITH["older"], (
        "record these again (python -m tests.lab.recording cases); what cannot be recorded now is listed under `older` in "
        "recorded_with.json, and what is recorded again goes from it; the digests there are history and never change"
    )


async def test_a_probe_whose_text_changed_proves_nothing_until_it_is_recorded_again(monkeypatch: pytest.MonkeyPatch) -> None:
    fact = FACTS["interfaces"]
    was, changed = fact.probe.digest, replace(fact.probe, script=fact.probe.script + "\n:")
    for name, one in FACTS.items():
        if one.probe is fact.probe:
            monkeypatch.setitem(FACTS, name, replace(one, probe=changed))
    assert len(outdated_recordings()["interfaces"]) > 10
    assert outdated("interfaces", "any", {"interfaces": was})
    assert not outdated("interfaces", "any", {"interfaces": changed.digest})
    found, _ = await covered()
    assert "interfaces" not in found
