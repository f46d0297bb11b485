"""F3: the head is kept in the Slack message of each execution and in the system log, and each host's journal knows what ran;
against them a chain that was destroyed and built anew does not verify."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from bot.__main__ import main
from bot.audit import chain, syslog, witnesses
from bot.audit.witnesses import Done
from bot.connectors.dispatcher import render_fix
from bot.execution.executor import Executor
from bot.model.event import Anchor, Event
from bot.sandbox.slack.seed import MAIL_OPS
from bot.store.store import Store
from tests.e2e.test_story_fix import proposed, shows
from tests.promises.test_f4_the_audit_is_complete import cannot_be_reached
from tests.support.events import anchor, made, resealed
from tests.support.house import at_home
from tests.support.plans import APPROVERS, Machine, means, plan, review


class SystemLog:
    """A `/dev/log` that somebody reads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.settimeout(5)

    def lines(self, count: int) -> list[str]:
        return [self._socket.recv(65536).decode().rstrip("\0") for _ in range(count)]

    def close(self) -> None:
        self._socket.close()
        self.path.unlink()


async def carried(store: Store, id: str = "plan-1") -> Machine:
    machine = Machine()
    executor = Executor(means(store, machine))
    one = plan(id)
    await executor.propose(one)
    await executor.review(one.id, review(one), APPROVERS)
    await executor.carry(one.id)
    return machine


def journal(machine: Machine) -> list[str]:
    """What the host's own journal holds, as `logger` wrote it."""
    written = "execution $execution step $index runs: $*"
    assert f'logger -t postmedic -- "{written}"' in render_fix([]), "docs/audit.md and bot/audit/witnesses.py read this line"
    return [
        f"Nov 28 01:02:03 mx1 postmedic[811]: execution {execution} step {index} runs: {words}"
        for execution, index, words in machine.ran
    ]


def rewrite(file: Path, change: Any) -> None:
    """Do what a thief of the whole database can do: build the chain anew, with digests and a head that fit."""
    with sqlite3.connect(file) as connection:
        lines = connection.execute("SELECT line FROM events ORDER BY sequence").fetchall()
        events = resealed(change([chain.read(line) for (line,) in lines]))
        connection.execute("DELETE FROM events")
        connection.executemany("INSERT INTO events VALUES (?, ?)", [(one.sequence, chain.line(one)) for one in events])
        connection.execute("UPDATE chain SET sequence = ?, digest = ?", (events[-1].sequence, events[-1].digest))


def forget_the_execution(events: list[Event]) -> list[Event]:
    return [event for event in events if not event.kind.startswith("step.")]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def verify(*testimony: str, host: str = "") -> int:
    Path("witnesses.log").write_text("\n".join(testimony), encoding="utf-8")
    return main(["audit", "verify", "--anchors", "witnesses.log", *(["--host", host] if host else [])])


async def test_the_system_log_has_every_head_and_catches_a_rewritten_chain(folder: Path) -> None:
    log = SystemLog(folder / "log")
    store = await Store.open("postmedic.db", witness=syslog.witness(True, log.path))
    await carried(store)
    head = await store.events.head()
    await store.close()
    lines = log.lines(head.sequence)
    assert all("postmedic-audit: audit:" in line for line in lines)
    assert witnesses.read(lines).anchors >= {head}
    assert len(witnesses.read(lines).anchors) == head.sequence
    assert await asyncio.to_thread(verify, *lines, "Nov 28 other[1]: nothing") == 0
    rewrite(folder / "postmedic.db", forget_the_execution)
    assert await asyncio.to_thread(main, ["audit", "verify"]) == 0, "alone, nobody can see it"
    assert await asyncio.to_thread(verify, *lines) == 1
    log.close()


async def test_a_hosts_journal_catches_an_execution_that_was_taken_out(folder: Path, capsys: Any) -> None:
    store = await Store.open("postmedic.db")
    machine = await carried(store)
    await store.close()
    lines = journal(machine)
    assert len(lines) == 2
    assert await asyncio.to_thread(verify, *lines) == 0
    assert "kept elsewhere (heads: 0, steps: 2)" in capsys.readouterr().out
    rewrite(folder / "postmedic.db", forget_the_execution)
    assert await asyncio.to_thread(verify, *lines) == 1
    said = capsys.readouterr().out
    assert "a host did what the record does not tell: execution plan-1 step 0 ran loopback-up" in said


async def test_a_step_under_the_number_of_another_hosts_execution_is_not_explained_by_it(folder: Path, capsys: Any) -> None:
    """A thief of the fix key who has read the record may name an approved execution, on a host that it was not for."""
    store = await Store.open("postmedic.db")
    lines = journal(await carried(store))
    await store.close()
    assert await asyncio.to_thread(verify, *lines, host="mx1") == 0
    assert await asyncio.to_thread(verify, *lines, host="mx2") == 1
    said = capsys.readouterr().out
    assert "mx2 did what the record does not tell of it: execution plan-1 step 0 ran loopback-up" in said


async def test_a_step_that_the_record_says_was_never_sent_is_not_explained_by_it(folder: Path) -> None:
    store = await Store.open("postmedic.db")
    executor, one = Executor(means(store, Machine(behave={"loopback-up": cannot_be_reached}))), plan()
    await executor.propose(one)
    await executor.review(one.id, review(one), APPROVERS)
    await executor.carry(one.id)
    assert "step.not-sent" in [event.kind async for event in store.events.read()]
    await store.close()
    assert await asyncio.to_thread(verify, "execution plan-1 step 0 runs: loopback-up") == 1


async def test_the_card_in_slack_carries_the_head_in_words_and_whole_in_its_metadata(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        ts, card = await proposed(house)
        (plan_id,) = await house.store.plans.undecided()
        await house.ben.clicks(card, "approve")
        await house.ana.waits_for(shows("Healed"), thread=ts)
        await house.quiet()
        last = max([event async for event in house.store.events.read()], key=lambda event: event.sequence)
        assert (last.kind, last.subject) == ("plan.succeeded", plan_id)
        page = await house.slack.client.conversations_replies(channel=MAIL_OPS, ts=ts, include_all_metadata=True)
        shown = next(one for one in page["messages"] if one["ts"] == card["ts"])
        assert shown["metadata"]["event_payload"] == {"id": f"plan:{plan_id}", "audit": anchor(last).token}
        assert anchor(last, 16).token in str(shown["blocks"])
        for text in (str(shown["blocks"]), str(shown["metadata"])):
            (kept,) = witnesses.read([text]).anchors
            assert kept.sequence == last.sequence
            assert chain.verify([event async for event in house.store.events.read()], [kept]) is None
            assert chain.verify(resealed(made(30)), [kept]) is not None


async def test_what_was_rolled_back_is_told_to_nobody(tmp_path: Path) -> None:
    told: list[Event] = []
    store = await Store.open(str(tmp_path / "postmedic.db"), witness=told.append)
    await store.plans.propose(plan(), "")
    with sqlite3.connect(tmp_path / "postmedic.db") as connection:
        connection.execute(
            "CREATE TRIGGER broken BEFORE UPDATE ON chain WHEN new.digest <> old.digest BEGIN SELECT RAISE(ABORT, 'x'); END"
        )
    with pytest.raises(Exception, match="x"):
        await store.events.record(kind="plan.review-refused", actor="U0EVE", subject="plan-1", details={})
    with sqlite3.connect(tmp_path / "postmedic.db") as connection:
        connection.execute("DROP TRIGGER broken")
    await store.plans.expire(9e9)
    assert [event.sequence for event in told] == [1, 2]
    assert await store.events.verify([anchor(one) for one in told]) is None
    await store.close()


@pytest.mark.parametrize("broken", ["gone", "full", "no socket"])
async def test_a_system_log_that_is_away_stops_nothing_and_is_said_once(
    tmp_path: Path, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    log = SystemLog(tmp_path / "log")
    witness = syslog.witness(True, log.path)
    if broken == "gone":
        log.close()
    elif broken == "no socket":
        log.close()
        log.path.write_text("")
    store = await Store.open(str(tmp_path / "postmedic.db"), witness=witness)
    many = 400 if broken == "full" else 3  # nobody reads: the queue of a datagram socket holds a few hundred
    events = [chain.seal(sequence=n, at=1.0, kind="k", actor="a", subject="s", details={}, previous="") for n in range(3)]
    async with asyncio.timeout(30):
        await store.plans.propose(plan(), "")
        for event in events * (many // 3):
            if "takes no heads" in caplog.text:
                break
            witness(event)
        await store.plans.expire(9e9)
    assert caplog.text.count("takes no heads") == 1
    assert (await store.events.head()).sequence == 2
    await store.close()


def test_where_there_is_no_system_log_or_it_is_not_wanted_nobody_is_told(tmp_path: Path) -> None:
    for witness in (syslog.witness(True, tmp_path / "absent"), syslog.witness(False)):
        witness(made(1)[0])


def test_testimony_is_found_in_any_log_and_nothing_else_is_taken_for_it() -> None:
    event = made(3)[2]
    read = witnesses.read([
        f"2026-11-28T01:02:03 bot postmedic-audit[9]: {anchor(event).token} plan.expired p host01",
        f"`Plan` 9f2c · `{anchor(event, 16).token}` and audit:4:0123456789abcdef.",
        chain.line(event),
        "execution 4f0c step 3 runs: table-rebuild hash:/etc/aliases",
        "audit:5:xyz audit:x:0123456789abcdef naudit:6:0123456789abcdef audit:7:0123 audit:8:0123456789ABCDEF",
        "execution ../x step 1 runs: x", "execution a step 1234 runs: y", '{"sequence":1}', "",
    ])  # fmt: skip
    assert read.anchors == {anchor(event), anchor(event, 16), Anchor(sequence=4, digest="0123456789abcdef")}
    assert read.done == {Done(execution="4f0c", index=3, words="table-rebuild hash:/etc/aliases")}
    assert read.other_lines == 4


def test_a_file_without_testimony_is_never_taken_for_agreement(folder: Path, capsys: Any) -> None:
    asyncio.run(_empty(folder))
    assert verify("nothing", "to see") == 3
    assert "nothing was compared" in capsys.readouterr().out
    assert main(["audit", "verify", "--anchors", "absent.log"]) == 2


async def _empty(folder: Path) -> None:
    await (await Store.open("postmedic.db")).close()
