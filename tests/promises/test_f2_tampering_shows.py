"""F2: editing, deleting, inserting, reordering, cutting off and rewriting the record shows, and the first bad event is named.

A cut at the end and a whole rewritten chain are caught only against a head that is kept elsewhere, and this test says so.
"""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.approval.policy import standing
from bot.audit import chain
from bot.audit.chain import Break, Fault
from bot.model.event import Anchor, Event
from bot.store.store import Store
from tests.support.events import anchor, made, resealed
from tests.support.plans import APPROVERS, plan, review
from tests.support.stores import opened

LENGTH = 20
EDITS: list[dict[str, Any]] = [
    {"actor": "U0EVE"},
    {"at": 1.0},
    {"subject": "x"},
    {"kind": "x"},
    {"details": {}},
    {"digest": "0"},
    {"previous": "0"},
    {"sequence": 99},
]


def tampered(draw: random.Random, kind: str, events: list[Event]) -> int:
    """Change `events` in place; gives the place of the first bad event."""
    at = draw.randrange(1, LENGTH - 1)
    match kind:
        case "edit":
            events[at] = replace(events[at], **draw.choice(EDITS))
        case "delete":
            del events[at]
        case "insert":
            events.insert(at, replace(events[at], kind="plan.approved"))
        case "reorder":
            other = draw.randrange(at + 1, LENGTH)
            events[at], events[other] = events[other], events[at]
        case "edit with a right digest":  # the event after it gives it away
            forged = replace(events[at], actor="U0EVE")
            events[at] = resealed([*events[:at], forged])[-1]
            at += 1
        case "truncate":
            del events[at:]
        case "rewrite":  # everything from here on, with digests that fit
            events[at] = replace(events[at], actor="U0EVE")
            events[:] = resealed(events)
        case _:
            raise AssertionError(kind)
    return at + 1


SEEN_ALONE = ("edit", "delete", "insert", "reorder", "edit with a right digest")
SEEN_BY_ANCHORS = {"truncate": Fault.MISSING, "rewrite": Fault.CONTRADICTED}


def test_a_thousand_tamperings_are_named_by_their_first_bad_event() -> None:
    draw = random.Random(7)
    tried: Counter[str] = Counter()
    for _ in range(1000):
        kind = draw.choice((*SEEN_ALONE, *SEEN_BY_ANCHORS))
        tried[kind] += 1
        events = made(LENGTH)
        anchors = [anchor(one, 16) for one in events]  # every card in Slack has kept its head
        place = tampered(draw, kind, events)
        if kind in SEEN_ALONE:
            assert chain.verify(events) == Break(sequence=place, fault=Fault.ALTERED), kind
        else:
            assert chain.verify(events) is None, "nobody can see this from the chain alone"
            assert chain.verify(events, anchors) == Break(sequence=place, fault=SEEN_BY_ANCHORS[kind]), kind
    assert min(tried.values()) > 100, tried


def test_one_later_head_is_enough_to_catch_what_was_rewritten_before_it() -> None:
    events = made(LENGTH)
    kept = anchor(events[14])
    rewritten = resealed([replace(events[3], actor="U0EVE") if one is events[3] else one for one in events])
    assert chain.verify(rewritten) is None
    assert chain.verify(rewritten, [kept]) == Break(sequence=15, fault=Fault.CONTRADICTED)
    assert chain.verify(events[:10], [kept]) == Break(sequence=15, fault=Fault.MISSING)
    assert chain.verify(rewritten[:15], [anchor(rewritten[14]), kept]) is not None, "two heads of one event cannot both be true"


async def test_it_shows_in_the_database_too(tmp_path: Path) -> None:
    file = tmp_path / "postmedic.db"
    store = await Store.open(str(file))
    one = plan()
    await store.plans.propose(one, "")
    await store.plans.decide(review(one), one.id, lambda all, signed: standing(one, all, APPROVERS, one.created_at))
    head = await store.events.head()
    assert await store.events.verify([head]) is None

    def changed(statement: str, *values: object) -> None:
        with sqlite3.connect(file) as connection:
            assert connection.execute(statement, values).rowcount == 1

    changed("DELETE FROM events WHERE sequence = ?", head.sequence)
    assert await store.events.verify() == Break(sequence=head.sequence, fault=Fault.MISSING)
    changed("UPDATE chain SET sequence = sequence - 1, digest = (SELECT 'x')")
    assert await store.events.verify() == Break(sequence=head.sequence - 1, fault=Fault.CONTRADICTED)
    changed("UPDATE events SET line = replace(line, 'U0PAUL', 'U0EVE') WHERE sequence = 1")
    assert await store.events.verify() == Break(sequence=1, fault=Fault.ALTERED)
    await store.close()


@pytest.mark.parametrize("line", ["CAST(x'fffe' AS TEXT)", "x'fffe'", "5", "'\u00e9'", "CAST(line || x'ff' AS TEXT)"])
async def test_a_line_of_any_bytes_hides_no_other_event(tmp_path: Path, line: str) -> None:
    database = tmp_path / "postmedic.db"
    async with opened(str(database)) as store:
        for number in range(3):
            await store.plans.propose(plan(f"plan-{number}", host=f"host{number}"), "")
        with sqlite3.connect(database) as behind:
            behind.execute(f"UPDATE events SET line = {line} WHERE sequence = 2")
        assert await store.events.verify() == Break(sequence=2, fault=Fault.ALTERED)
        assert [event.subject async for event in store.events.read()] == ["plan-0", "", "plan-2"]
        assert [event.subject for event in await store.events.about("host2", 5)] == ["plan-2"]
        Path(f"{database}.seen").write_text(f"2 {'0' * 64}")
        assert await store.end_what_was_restored()


def test_an_anchor_is_written_the_same_in_every_language() -> None:
    assert Anchor(sequence=17, digest="0123456789abcdef").token == "audit:17:0123456789abcdef"
