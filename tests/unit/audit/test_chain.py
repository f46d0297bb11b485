"""Whoever alters the record is noticed, except where only a witness elsewhere could notice it."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.audit import chain
from bot.model.event import Event


def made(count: int, kind: str = "step.ended") -> list[Event]:
    events: list[Event] = []
    previous = chain.GENESIS
    for sequence in range(1, count + 1):
        event = chain.seal(
            sequence=sequence,
            at=1000.0 + sequence,
            kind=kind,
            actor="U0ANNE",
            subject="plan-1",
            details={"exit": str(sequence)},
            previous=previous,
        )
        events.append(event)
        previous = event.digest
    return events


def test_an_untouched_chain_holds_also_when_written_and_read() -> None:
    events = made(50)
    assert chain.verify(events) is None
    assert chain.verify(chain.read(chain.line(one)) for one in events) is None
    assert chain.verify([]) is None


def test_every_kind_of_tampering_is_named_by_its_first_bad_event() -> None:
    draw = random.Random(7)
    for _ in range(1000):
        events = made(20)
        at = draw.randrange(19)  # the last one is left alone: see the next test
        match draw.choice(("edit", "delete", "insert", "reorder", "rehash")):
            case "edit":
                changes: list[dict[str, Any]] = [
                    {"actor": "U0EVE"},
                    {"at": 1.0},
                    {"subject": "x"},
                    {"kind": "x"},
                    {"details": {}},
                    {"digest": "0"},
                ]
                events[at] = replace(events[at], **draw.choice(changes))
            case "delete":
                del events[at]
            case "insert":
                events.insert(at, replace(events[at], kind="plan.approved"))
            case "reorder":
                events[at], events[at + 1] = events[at + 1], events[at]
            case "rehash":  # with a correct digest of its own, the event after it gives it away
                forged = chain.seal(
                    sequence=at + 1, at=1.0, kind="x", actor="x", subject="x", details={}, previous=events[at].previous
                )
                events[at] = forged
                at += 1
        assert chain.verify(events) == at + 1


def test_a_cut_at_the_end_and_a_rewritten_chain_show_only_against_an_anchor() -> None:
    events = made(20)
    anchors = {18: events[17].digest}
    assert chain.verify(events, anchors) is None
    assert chain.verify(events[:15]) is None  # nobody can see this from the chain alone
    assert chain.verify(events[:15], anchors) == 18
    rewritten = made(20, kind="nothing.happened")
    assert chain.verify(rewritten) is None
    assert chain.verify(rewritten, anchors) == 18


NASTY = ["a\nb", "\r\x1b[2J\x07", "\u202eabc\u2066", "\u2028\u2029\x85", "\udcff\ud800", "\x00\x7f", "💥" * 10]


@pytest.mark.parametrize("text", [*NASTY, "x" * 1_000_000])
def test_one_event_is_one_printable_line_whatever_is_in_it(text: str) -> None:
    event = chain.seal(sequence=1, at=1.0, kind=text, actor=text, subject=text, details={text: text}, previous=chain.GENESIS)
    line = chain.line(event)
    assert line.isascii()
    assert line.isprintable()
    assert len(line.splitlines()) == 1
    assert len(line) < 12 * 5 * (chain.LONGEST + 50)
    assert chain.read(line) == event
    assert chain.verify([event]) is None


@given(st.text())
def test_a_line_that_is_no_event_is_named_and_never_raises(text: str) -> None:
    events = made(3)
    events[1] = chain.read(text)
    assert chain.verify(events) == 2


@pytest.mark.parametrize("line", ["[" * 100_000, "null", "[]", "{}", '{"sequence":1}', "9" * 5000, '{"details":0}'])
def test_hostile_lines_are_unreadable(line: str) -> None:
    assert chain.read(line) == chain.UNREADABLE


def test_a_line_with_other_spelling_is_altered() -> None:
    line = chain.line(made(1)[0])
    assert chain.read(line.replace(",", ", ", 1)) == chain.UNREADABLE
    assert chain.read(line.replace('"at"', '"note":1,"at"')) == chain.UNREADABLE
