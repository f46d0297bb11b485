"""F6: one event is one printable line, whatever is in it: in the record, in its export, in the system log, in the terminal."""

from __future__ import annotations

import asyncio
import io
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from bot.__main__ import main
from bot.audit import chain, syslog
from bot.audit.accounts import accounts
from bot.model.event import Event
from bot.model.review import Standing
from bot.render.history import history
from bot.render.terminal import print_event
from bot.store.store import Store
from tests.support.events import resealed
from tests.support.plans import ANNE, plan, review

NASTY = [
    "a\nb",
    "\r\x1b[2J\x07",
    "\x1b]0;title\x07\x9b31m",
    "\u202eabc\u2066\u200f\u061c",
    "\u2028\u2029\x85\x0b\x0c",
    "\udcff\ud800",  # what invalid UTF-8 becomes on its way in
    b"\xff\xfe\xc3(".decode("utf-8", "surrogateescape"),
    "\x00\x7f",
    "💥" * 10,
    '"},"digest":"x"}\n{"sequence":2',
    "<!channel> <@U0ANNE> `x` *b*",
    "x" * 1_000_000,
]


def sealed(text: str) -> Event:
    return chain.seal(
        sequence=1, at=1.0, kind=text, actor=text, subject=text, details={text: text, "host": text}, previous=chain.GENESIS
    )


def is_one_line(line: str) -> bool:
    return line.isascii() and line.isprintable() and len(line.splitlines()) == 1


@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_every_field_may_hold_anything(text: str) -> None:
    event = sealed(text)
    line = chain.line(event)
    assert is_one_line(line)
    assert len(line) < 12 * 8 * (chain.LONGEST + 50)
    assert chain.read(line) == event
    assert chain.verify([event]) is None
    assert is_one_line(syslog.line(event))
    out = io.StringIO()
    print_event(Console(file=out, width=200, soft_wrap=True), event)
    assert out.getvalue().count("\n") == 1
    assert not any(char in out.getvalue() for char in "\x1b\r\x07\u202e\u2066\u2028\x9b\x85")


@given(st.text(st.characters(exclude_categories=())))
def test_also_what_nobody_thought_of(text: str) -> None:
    event = sealed(text)
    assert is_one_line(chain.line(event))
    assert chain.read(chain.line(event)) == event
    assert is_one_line(syslog.line(event))


@pytest.mark.parametrize("text", NASTY[:-1], ids=range(len(NASTY) - 1))
def test_a_forged_record_cannot_speak_through_the_history(text: str) -> None:
    """Whoever writes the database may put anything there: the message about it must still obey nobody."""
    said = dict.fromkeys(("host", "host_key", "digest", "requester", "where", "fix", "problem", "to", "why", "detail"), text)
    begun = Event(sequence=1, at=1e300, kind="plan.proposed", actor=text, subject="p", details=said)
    ran = replace(begun, kind="step.started", details={"index": "1", "step": text, "changes": text, "script": text})
    told = history("host01", list(accounts(resealed([begun, ran])).values()), "en")
    shown = str(told.blocks)
    assert "<!" not in shown
    assert "<@U0ANNE>" not in shown
    assert not any(char in told.text + "".join(str(block) for block in told.blocks) for char in "\x1b\u202e\u2028")


async def test_the_export_has_as_many_lines_as_events(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = await Store.open("postmedic.db")
    one = plan(facts=(("log.line", "x\n\u2028y"),))
    await store.plans.propose(one, "")
    for number, text in enumerate(NASTY):
        details = {"why": text, "team": str(number)}
        await store.events.record(kind="plan.review-refused", actor=text, subject=one.id, details=details)
    await store.plans.decide(replace(review(one, ANNE), reason="no\nway"), one.id, lambda all, signed: Standing.PENDING)
    await store.close()
    assert await asyncio.to_thread(main, ["audit", "export"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(NASTY) + 2
    assert all(map(is_one_line, lines))
    assert chain.verify(map(chain.read, lines)) is None
