"""D10: ordinary log lines are not problems: what healthy hosts log gets no answer, alone or together."""

from __future__ import annotations

from random import Random

import pytest

from benchmarks.matching.healthy import alarms, recorded
from benchmarks.matching.mangling import WAYS
from benchmarks.matching.pastes import written
from bot.knowledge.library import load
from bot.matching import Matcher

MATCHER = Matcher(load().values())
# One sentence of another program that is word for word a reply Postfix quotes; nothing in it says whose log it is.
ALIKE = "Client does not have permissions to send as this sender"


def test_healthy_lines_get_no_answer() -> None:
    assert len(recorded()) > 150
    assert alarms(MATCHER, 6_000, Random(20261128)) == []


@pytest.mark.parametrize(
    "way", ["as it is", "quoted", "Docker JSON", "wrapped", "joined", "other case", "English around", "Chinese around"]
)
def test_healthy_logs_get_no_answer_however_they_are_pasted(way: str) -> None:
    lines = recorded()
    pastes = ["\n".join(lines[at : at + 12]) for at in range(0, len(lines), 12)]
    assert [match.problem for text in pastes for match in MATCHER.recognise(WAYS[way](text, Random(1))).sure] == []


@pytest.mark.parametrize("doing", ["starting", "stopping", "refreshing"])
def test_starting_stopping_and_reloading_is_not_even_offered_as_a_question(doing: str) -> None:
    line = f"Nov 22 17:15:43 host04 postfix/postfix-script[123]: {doing} the Postfix mail system"
    assert MATCHER.recognise(line).near == ()


@pytest.mark.parametrize("doing", ["Starting", "Started", "Stopping", "Stopped"])
@pytest.mark.parametrize("stamp", ["Nov 22 17:15:43 host04", "авг 22 17:15:43 host04", "22/11 17h15 host04"])
def test_what_systemd_says_of_a_start_gets_no_answer(doing: str, stamp: str) -> None:
    said = f"{stamp} systemd[1]: {doing} Postfix Mail Transport Agent."
    named = f"{stamp} systemd[1]: {doing} postfix@-.service - Postfix Mail Transport Agent (instance -)."
    assert MATCHER.recognise(f"{said}\n{named}").near == ()


def test_other_programs_and_talk_get_no_answer() -> None:
    shown = [one.text for one in written("harmless.txt")]
    assert len(shown) > 150
    assert [text for text in shown if ALIKE not in text and MATCHER.recognise(text).sure] == []


def test_a_problem_among_healthy_lines_is_still_seen() -> None:
    lines = [*recorded()[:30], "postfix/smtpd[2]: fatal: no SASL authentication mechanisms", *recorded()[30:60]]
    assert [match.problem for match in MATCHER.recognise("\n".join(lines)).sure] == ["sasl-no-mechanisms"]
