"""Is a case that leads elsewhere than it says found, and does recording make one that leads where it was measured?"""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.authoring.cases import missing, run
from bot.authoring.record import record
from bot.authoring.samples import shared_samples
from bot.connectors.replay import ReplayReader
from bot.facts.base import FACTS
from bot.knowledge.cases import Case, cases
from bot.knowledge.library import Library, load
from bot.matching import Matcher
from bot.model.probe import NO_PERMISSION, Reading

LIBRARY: Library = load()
MATCHER = Matcher(LIBRARY.values())
CASES = [(identity, one) for identity in LIBRARY for one in cases(LIBRARY.folders[identity])]
PROBLEM = LIBRARY["startup-no-local-interface"]
PASTE = "postfix[812]: fatal: parameter inet_interfaces: no local interface found for 127.0.0.1"
SILENT = Case(
    name="silent", paste=PASTE, recorded={}, readings={}, match=PROBLEM.id, confirmed=(), ruled_out=(),
    unmeasured=tuple(cause.id for cause in PROBLEM.causes), plan=(),
)  # fmt: skip


@pytest.mark.parametrize(("identity", "one"), CASES, ids=[f"{identity}/{one.name}" for identity, one in CASES])
async def test_a_recorded_case_leads_where_it_says(identity: str, one: Case) -> None:
    assert [str(finding) for finding in await run(LIBRARY[identity], one, MATCHER)] == []


async def test_where_nothing_answers_nothing_is_confirmed() -> None:
    assert await run(PROBLEM, SILENT, MATCHER) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"match": "none"}, f"match is {PROBLEM.id}, not none"),
        ({"confirmed": ("loopback-down",)}, "confirmed is [], not [loopback-down]"),
        ({"ruled_out": ("loopback-down",)}, "ruled-out is [], not [loopback-down]"),
        ({"unmeasured": ()}, ", not []"),
        ({"plan": ("loopback-up",)}, "plan is [], not [loopback-up]"),
        ({"paste": "Dinner is at eight."}, f"match is none, not {PROBLEM.id}"),
    ],
)
async def test_what_differs_is_named(change: dict[str, object], said: str) -> None:
    found = await run(PROBLEM, replace(SILENT, **change), MATCHER)  # type: ignore[arg-type]
    assert any(said in str(one) for one in found), found
    assert all(one.where == f"{PROBLEM.id}/cases/silent.yaml" for one in found)


def test_what_an_entry_lacks_is_named() -> None:
    lacking = [str(one) for one in missing(PROBLEM, [])]
    assert len(lacking) == len(PROBLEM.causes) + 2
    assert any("no case shows a healthy host" in one for one in lacking)
    assert any("no case shows failed probes" in one for one in lacking)
    full = [replace(SILENT, confirmed=(cause.id,), unmeasured=()) for cause in PROBLEM.causes]
    assert list(missing(PROBLEM, [*full, SILENT, replace(SILENT, unmeasured=())])) == []


def test_a_signature_without_a_sample_and_a_paste_of_another_problem_are_named() -> None:
    unseen = [str(one) for one in shared_samples(PROBLEM, [], MATCHER)]
    assert len(unseen) == len(PROBLEM.signatures)
    other = LIBRARY["sasl-no-mechanisms"]
    stolen = replace(SILENT, match=other.id)
    assert any("startup-no-local-interface claims this paste" in str(one) for one in shared_samples(other, [stolen], MATCHER))


async def test_recording_keeps_what_came_back_and_what_follows() -> None:
    refused = {"interfaces": Reading(key="interfaces", exit=NO_PERMISSION)}
    made, diagnosis = await record(PROBLEM, PASTE, MATCHER, ReplayReader(refused), name="silent", recorded={"host": "x"})
    assert made.readings["interfaces"] == refused["interfaces"]
    assert made.probes == {"interfaces": FACTS["interfaces"].probe.digest}  # the others gave no answer
    assert (made.match, made.confirmed, made.plan) == (PROBLEM.id, (), ())
    assert set(made.unmeasured) | set(made.ruled_out) == {cause.id for cause in PROBLEM.causes}
    assert diagnosis.problem is PROBLEM
    assert await run(PROBLEM, made, MATCHER) == []


def test_recording_without_a_paste_names_the_problem_itself() -> None:
    made, _ = asyncio.run(record(PROBLEM, "", MATCHER, ReplayReader({}), name="empty", recorded={}))
    assert (made.paste, made.match) == ("", PROBLEM.id)
