"""A chain that nobody touched holds, and what is no event is never taken for one."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.audit import chain
from bot.audit.chain import Break, Fault
from bot.model.event import Event
from tests.support.events import anchor, made


def test_an_untouched_chain_holds_also_when_written_and_read() -> None:
    events = made(50)
    assert chain.verify(events) is None
    assert chain.verify(chain.read(chain.line(one)) for one in events) is None
    assert chain.verify(events, [anchor(events[11]), anchor(events[49], 16)]) is None
    assert chain.verify([]) is None


@given(st.text())
def test_a_line_that_is_no_event_is_named_and_never_raises(text: str) -> None:
    events = made(3)
    events[1] = chain.read(text)
    assert chain.verify(events) == Break(sequence=2, fault=Fault.ALTERED)


@pytest.mark.parametrize("line", ["[" * 100_000, "null", "[]", "{}", '{"sequence":1}', "9" * 5000, '{"details":0}'])
def test_hostile_lines_are_unreadable(line: str) -> None:
    assert chain.read(line) == chain.UNREADABLE


def test_a_line_with_other_spelling_is_altered() -> None:
    line = chain.line(made(1)[0])
    assert chain.read(line.replace(",", ", ", 1)) == chain.UNREADABLE
    assert chain.read(line.replace('"at"', '"note":1,"at"')) == chain.UNREADABLE


@pytest.mark.parametrize(
    "wrong",
    [{"at": float("nan")}, {"at": "x"}, {"at": 1}, {"sequence": True}, {"actor": None}, {"details": {"a": 1}}, {"details": []}],
)
def test_an_event_of_other_types_is_unreadable_also_with_a_right_digest(wrong: dict[str, object]) -> None:
    event = replace(made(1)[0], **wrong)  # type: ignore[arg-type]
    parts = {name: getattr(event, name) for name in Event.__slots__ if name != "digest"}
    event = replace(event, digest=chain.hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest())
    assert chain.read(json.dumps(parts | {"digest": event.digest}, sort_keys=True, separators=(",", ":"))) == chain.UNREADABLE
