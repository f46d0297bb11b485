"""F5: each event says who, for whom, from where, what exactly, on which host key, approved by whom, and with which result.

Every kind that is written is documented with an example, and every documented kind is written.
"""

from __future__ import annotations

import ast
import asyncio
import json
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.__main__ import main
from bot.audit import kinds
from bot.errors import Refused
from bot.execution.executor import Executor
from bot.model.event import Event
from bot.model.execution import State
from bot.model.problem import Risk
from bot.model.review import Decision
from bot.store.conversations import Conversation
from bot.store.store import Store
from tests.architecture.test_house import PROGRAM, parsed
from tests.promises.test_f4_the_audit_is_complete import cannot_be_reached
from tests.support.keys import confirmed, register
from tests.support.plans import (
    ANNE,
    APPROVERS,
    BERT,
    FINGERPRINT,
    REQUESTER,
    TEAM,
    Machine,
    drops_after,
    drops_before,
    fails,
    host,
    means,
    plan,
    review,
)

ROOT = Path(__file__).parents[2]
CATALOGUE = {kind.name: kind for kind in kinds.KINDS}
WRITERS = {"tell", "record", "append", "_refused"}  # the functions through which an event is written


def written() -> Iterator[tuple[str, Path]]:
    """Every kind that stands in the program's text: as `kind=`, or as the first argument of `_refused`."""
    for path in PROGRAM:
        for node in ast.walk(parsed(path)):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            given = [one.value for one in node.keywords if one.arg == "kind"]
            if name == "_refused":
                given += [one for one in node.args[:1] if isinstance(one, ast.Constant) and "." in str(one.value)]
            for value in given if name in WRITERS else ():
                match value:
                    case ast.Constant(value=str() as kind):
                        yield kind, path
                    case ast.JoinedStr(values=[ast.Constant(value="plan."), _]):
                        yield from ((f"plan.{state}", path) for state in State if state is not State.PROPOSED)
                    case ast.Name(id="kind"):
                        pass  # handed on by a function that is a writer itself
                    case _ if name != "append":
                        pytest.fail(f"{path}:{node.lineno}: write the kind of an event as it is")


def test_every_written_kind_is_documented_and_every_documented_one_is_written() -> None:
    found = {kind for kind, _ in written()}
    assert {"plan.proposed", "step.started", "plan.review-refused"} <= found
    assert found == set(CATALOGUE), "bot/audit/kinds.py is the catalogue; make docs writes docs/audit.md"


def test_every_detail_is_explained() -> None:
    used = {name for kind in kinds.KINDS for name in kind.details}
    assert used - set(kinds.CIRCUMSTANCES) == set(kinds.DETAILS)
    assert all(kind.says and kind.actor for kind in kinds.KINDS)


# Written where Slack or a broken host takes part: tests/e2e, C1, A13, G4 and G6 look at these themselves.
ELSEWHERE = {"gate.freeze-refused", "host.key-rejected", "database.restored", "program.started"}


async def everything(store: Store, keys: Path) -> None:
    """One life for every kind of event that needs no Slack, asked for in a thread."""
    await store.conversations.open(Conversation(id="c1", channel="C0MAIL", thread="17.5", requester=REQUESTER, lang="en"))
    lives: dict[str, tuple[Machine, dict[str, Any]]] = {
        "helps": (Machine(), {}),
        "is-stale": (Machine(facts={"loopback.state": "up"}), {}),
        "fails": (Machine(behave={"loopback-up": fails}), {"undo": ()}),
        "is-undone": (Machine(behave={"service-start": fails}), {}),
        "was-never-sent": (Machine(behave={"loopback-up": cannot_be_reached}), {}),
        "is-known-from-the-journal": (Machine(behave={"service-start": drops_after}), {}),
        "is-in-doubt": (Machine(behave={"loopback-up": drops_before}), {}),
    }
    for id, (machine, more) in lives.items():
        executor, one = Executor(means(store, machine)), plan(id, **more)
        await executor.propose(one, "c1")
        await executor.review(one.id, review(one), APPROVERS)
        assert await executor.carry(one.id), id
    stranger = replace(ANNE, id="U0EVE")
    await executor.resolve("is-in-doubt", stranger, APPROVERS, succeeded=True)
    await executor.look_again("is-in-doubt")
    await executor.resolve("is-in-doubt", ANNE, APPROVERS, succeeded=True)
    denied, late = plan("is-denied", risk=Risk.HIGH), plan("is-late")
    for one in (denied, late):
        await executor.propose(one, "c1")
    await executor.review(denied.id, review(denied, stranger), APPROVERS)
    await executor.review(denied.id, review(denied, BERT), APPROVERS)
    await executor.review(denied.id, replace(review(denied, ANNE, Decision.DENY), reason="not on a Friday"), APPROVERS)
    await store.plans.expire(late.expires_at)
    risky = plan("is-confirmed", risk=Risk.HIGH)
    await executor.propose(risky, "c1")
    known = register(keys, anne=f"{TEAM}/{ANNE.id}", bert=f"{TEAM}/{BERT.id}")
    confirmation = (store, risky.id, host(approvers=APPROVERS), known, "anne")
    with pytest.raises(Refused):
        await confirmed(*confirmation, keys / "bert")
    await confirmed(*confirmation, keys / "anne")
    await store.gate.freeze(ANNE.id, "host01 answers strangely")
    await store.gate.unfreeze("local:ben")
    await store.unmatched.keep("k", "what is this", "q1")
    await store.forget(-1)


@pytest.fixture
async def events(tmp_path: Path) -> list[Event]:
    store = await Store.open(str(tmp_path / "postmedic.db"))
    await everything(store, tmp_path)
    told = [event async for event in store.events.read()]
    await store.close()
    return told


async def test_what_is_written_has_exactly_the_documented_details(events: list[Event]) -> None:
    seen: dict[str, set[frozenset[str]]] = defaultdict(set)
    for event in events:
        seen[event.kind].add(frozenset(event.details) - kinds.MEASURED)
    assert set(seen) == set(CATALOGUE) - ELSEWHERE
    for name, forms in seen.items():
        circumstances = frozenset(kinds.CIRCUMSTANCES) if CATALOGUE[name].about_a_plan else frozenset()
        documented = circumstances | frozenset(CATALOGUE[name].details) - kinds.MEASURED
        assert forms == {documented}, name


async def test_every_event_answers_every_question(events: list[Event]) -> None:
    for event in events:
        said = event.details
        assert event.actor, "who"
        if not CATALOGUE[event.kind].about_a_plan:
            continue
        assert said["requester"] == REQUESTER, "on whose behalf"
        assert said["where"] == "C0MAIL 17.5", "from where"
        assert (said["host"], said["host_key"]) == ("mx1", FINGERPRINT), "on which host, over which key"
        assert re.fullmatch("[0-9a-f]{64}", said["digest"]), "what exactly"
    after_approval = [event for event in events if event.kind.startswith("step.") or event.kind == "plan.checking"]
    assert {event.details["approved_by"] for event in after_approval} == {f"{TEAM}:{ANNE.id}"}, "approved by whom"
    started = next(event for event in events if event.kind == "step.started")
    assert (started.details["step"], started.details["script"]) == ("loopback-up", "ip link set lo up\n")
    assert started.details["changes"] == "loopback: down → up"
    ended = {event.kind: event.details for event in events if event.subject == "helps"}
    assert ended["step.ended"]["exit"] == "0", "with which result"
    assert (ended["plan.succeeded"]["holds"], ended["plan.succeeded"]["measured"]) == ("True", "loopback.state=up")
    denied = [event for event in events if event.subject == "is-denied"]
    assert [event.kind for event in denied[1:]] == ["plan.review-refused", "plan.reviewed", "plan.reviewed", "plan.denied"]
    assert denied[3].details["reason"] == "not on a Friday"
    assert denied[4].details["approved_by"] == f"{TEAM}:{BERT.id}"


async def test_outside_slack_the_place_is_said_too(tmp_path: Path) -> None:
    store = await Store.open(str(tmp_path / "postmedic.db"))
    await store.plans.propose(plan(requester="local:ana"), "")
    (event,) = [event async for event in store.events.read()]
    assert (event.actor, event.details["where"]) == ("local:ana", "command line")
    await store.close()


def test_the_page_shows_how_to_verify_without_us(tmp_path: Path) -> None:
    page = (ROOT / "docs/audit.md").read_text(encoding="utf-8")
    (script,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    examples = re.findall(r"```json\n(.*?)\n```", page, re.DOTALL)
    assert [json.loads(one)["kind"] for one in examples] == list(CATALOGUE)
    for lines, status in ((examples, 0), ([*examples[:3], *examples[4:]], 1), ([examples[0].replace("U0ANA", "U0EVE")], 1)):
        (tmp_path / "events.jsonl").write_text("\n".join(lines) + "\n", encoding="ascii")
        done = subprocess.run([sys.executable, "-c", script, str(tmp_path / "events.jsonl")], capture_output=True, text=True)
        assert done.returncode == status, done.stderr


def test_show_answers_in_words_and_as_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    async def live() -> None:
        store = await Store.open("postmedic.db")
        await everything(store, tmp_path)
        await store.close()

    asyncio.run(live())
    assert main(["audit", "show", "--host", "mx1", "--plan", "helps"]) == 0
    said = capsys.readouterr().out
    for part in ("raise-loopback", REQUESTER, "U0ANNE said approve", "loopback-up", "Exit status 0", "down → up", FINGERPRINT):
        assert part in said, part
    assert main(["audit", "show", "--json", "--since", "1h"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert len(data["changes"]) == 10
    helped = next(one for one in data["changes"] if one["plan"] == "helps")
    assert [(ran["step"], ran["exit"]) for ran in helped["ran"]] == [("loopback-up", 0), ("service-start postfix", 0)]
    assert main(["audit", "show", "--plan", "is-confirmed"]) == 0
    said = capsys.readouterr().out
    assert "anne confirmed approve with a signature made outside Slack, brought by local:anne" in said
    assert "tried to decide and was refused" in said
    assert main(["audit", "show", "--host", "elsewhere", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["changes"] == []
    assert main(["audit", "show", "--lang", "zh", "--plan", "is-denied"]) == 0
    assert "not on a Friday" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["audit", "show", "--since", "yesterday"])
