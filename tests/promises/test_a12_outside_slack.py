"""Stolen Slack accounts cannot carry out a high risk change: it needs a signature that Slack never sees, bound to one plan."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from bot.__main__ import main
from bot.approval.confirmation import signed_text
from bot.cli import approve
from bot.errors import Refused
from bot.execution.confirming import confirm
from bot.execution.executor import Executor
from bot.model.execution import State
from bot.model.host import Approvers
from bot.model.person import Register
from bot.model.plan import Plan
from bot.model.problem import Risk
from bot.model.progress import Why
from bot.model.review import Decision
from bot.sandbox.hosts import people
from bot.signing import LONGEST
from bot.store.store import Store
from tests.e2e.test_story_fix import proposed, shows
from tests.support.house import at_home, inventory
from tests.support.keys import confirmed, register, signature
from tests.support.plans import ANNE, BERT, KEY, REQUESTER, TEAM, Machine, host, means, plan, review

ROLE = Approvers(users=frozenset({"U0ANNE", REQUESTER}), groups=frozenset({"S0POST"}))
HOST = host(approvers=ROLE, breakglass=ROLE)
NAMES = {
    "anne": f"{TEAM}/U0ANNE",
    "bert": f"{TEAM}/U0BERT",
    "carl": f"{TEAM}/U0CARL",
    "paul": f"{TEAM}/{REQUESTER}",
}
APPROVE, ALONE = Decision.APPROVE, Decision.BREAK_GLASS


async def told(*_: object) -> bool:
    return True


@pytest.fixture
def known(tmp_path: Path) -> Register:
    return register(tmp_path, **NAMES)


@pytest.fixture
def machine() -> Machine:
    return Machine(host=HOST)


@pytest.fixture
def executor(store: Store, machine: Machine, known: Register) -> Executor:
    return Executor(means(store, machine, register=known, alarm=told))


async def agreed(executor: Executor, one: Plan) -> None:
    """Everything that two stolen accounts can do."""
    await executor.propose(one)
    for actor in (ANNE, BERT):
        await executor.review(one.id, review(one, actor), ROLE)


async def offered(store: Store, one: Plan, known: Register, name: str, sealed: str, decision: Decision = APPROVE) -> None:
    person = known.named(name)
    assert person is not None
    progress = await store.plans.progress(one.id)
    await confirm(store, progress, HOST, person, decision, sealed, register=known, now=time.time(), login=name)


async def test_two_accounts_are_not_enough_and_one_signature_more_is(
    store: Store, executor: Executor, machine: Machine, known: Register, tmp_path: Path
) -> None:
    one = plan(risk=Risk.HIGH)
    await agreed(executor, one)
    assert await store.plans.state(one.id) is State.PROPOSED
    assert not await executor.carry(one.id)
    after = await confirmed(store, one.id, HOST, known, "bert", tmp_path / "bert")
    assert after.state is State.APPROVED
    assert await executor.carry(one.id)
    assert await store.plans.state(one.id) is State.SUCCEEDED
    assert len(machine.ran) == 2


async def test_two_accounts_in_slack_carry_out_nothing_that_its_entry_calls_high_risk(tmp_path: Path) -> None:
    listed = register(tmp_path, ben="T0LOCAL/U0BEN", chen="T0LOCAL/U0CHEN")
    async with at_home(tmp_path, risk="high", hosts=inventory(listed)) as house:
        ts, card = await proposed(house)
        await house.ben.clicks(card, "approve")
        card = await house.ana.waits_for(shows("1 of 2 approvals"), thread=ts)
        await house.person("U0CHEN").clicks(card, "approve")
        card = await house.ana.waits_for(shows("2 of 2 approvals"), thread=ts)
        await house.quiet()
        assert "must also confirm outside" in str(card["blocks"])
        assert house.fleet.ran == []


async def test_a_signature_alone_is_no_approval(store: Store, executor: Executor, known: Register, tmp_path: Path) -> None:
    one = plan(risk=Risk.HIGH)
    await executor.propose(one)
    for name in ("anne", "bert"):
        assert (await confirmed(store, one.id, HOST, known, name, tmp_path / name)).state is State.PROPOSED


async def test_a_signature_of_somebody_who_did_not_agree_is_none(
    store: Store, executor: Executor, known: Register, tmp_path: Path
) -> None:
    one = plan(risk=Risk.HIGH)
    await agreed(executor, one)
    assert (await confirmed(store, one.id, HOST, known, "carl", tmp_path / "carl")).state is State.PROPOSED
    assert not await executor.carry(one.id)


async def test_a_signature_under_one_decision_is_none_under_another(
    store: Store, executor: Executor, known: Register, tmp_path: Path
) -> None:
    """Who signed to run it alone has signed no approval, and who signed an approval does not run it alone."""
    one, other = plan(risk=Risk.HIGH), plan("plan-2", risk=Risk.HIGH, host="mx2")
    await agreed(executor, one)
    assert (await confirmed(store, one.id, HOST, known, "anne", tmp_path / "anne", ALONE)).state is State.PROPOSED
    await executor.propose(other)
    assert (await confirmed(store, other.id, HOST, known, "anne", tmp_path / "anne")).state is State.PROPOSED
    await executor.review(other.id, review(other, ANNE, ALONE), ROLE)
    assert await store.plans.state(other.id) is State.PROPOSED


@pytest.mark.parametrize(
    "forgery",
    [
        "another plan",
        "another change under the same id",
        "another decision",
        "another person",
        "another person's key",
        "a key nobody lists",
        "another namespace",
        "other words",
        "rubbish",
        "nothing",
        "too long",
    ],
)
async def test_what_is_not_exactly_this_is_refused_and_written_down(
    store: Store, executor: Executor, known: Register, tmp_path: Path, forgery: str
) -> None:
    one = plan(risk=Risk.HIGH)
    await agreed(executor, one)
    words, anne = signed_text(one, "anne", APPROVE), tmp_path / "anne"
    stranger = tmp_path / "stranger"
    people(tmp_path, {"stranger": f"{TEAM}/U0EVE"})
    other, changed = plan("plan-2", risk=Risk.HIGH, host="mx2"), replace(one, undo=())
    sealed = {
        "another plan": lambda: signature(anne, signed_text(other, "anne", APPROVE)),
        "another change under the same id": lambda: signature(anne, signed_text(changed, "anne", APPROVE)),
        "another decision": lambda: signature(anne, signed_text(one, "anne", ALONE)),
        "another person": lambda: signature(anne, signed_text(one, "bert", APPROVE)),
        "another person's key": lambda: signature(tmp_path / "bert", words),
        "a key nobody lists": lambda: signature(stranger, words),
        "another namespace": lambda: signature(anne, words, namespace="git"),
        "other words": lambda: signature(anne, words + "\n"),
        "rubbish": lambda: "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n",
        "nothing": lambda: "",
        "too long": lambda: signature(anne, words) + " " * LONGEST,
    }[forgery]()
    with pytest.raises(Refused, match="no signature of anne"):
        await offered(store, one, known, "anne", sealed)
    assert await store.plans.state(one.id) is State.PROPOSED
    assert (await store.plans.progress(one.id)).confirmations == ()
    refused = [event async for event in store.events.read() if event.kind == "plan.confirm-refused"]
    assert [(event.actor, event.details["person"]) for event in refused] == [("local:anne", "anne")]
    await offered(store, one, known, "anne", signature(anne, words))  # the right one is taken after all of that
    assert await store.plans.state(one.id) is State.APPROVED


async def test_a_replay_adds_nothing(store: Store, executor: Executor, known: Register, tmp_path: Path) -> None:
    one = plan(risk=Risk.HIGH)
    await executor.propose(one)
    sealed = signature(tmp_path / "anne", signed_text(one, "anne", APPROVE))
    for _ in range(2):
        await offered(store, one, known, "anne", sealed)
    assert len((await store.plans.progress(one.id)).confirmations) == 1
    again = plan("plan-9", risk=Risk.HIGH)  # the same change, proposed again
    await agreed(executor, again)
    with pytest.raises(Refused):
        await offered(store, again, known, "anne", sealed)


async def test_an_expired_or_decided_plan_takes_no_signature(
    store: Store, executor: Executor, known: Register, tmp_path: Path
) -> None:
    old = plan("old", host="mx1", risk=Risk.HIGH, created_at=time.time() - 1800, expires_at=time.time() - 1)
    denied = plan("denied", host="mx2", risk=Risk.HIGH)
    low = plan("low", host="mx3")
    for one in (old, denied, low):
        await executor.propose(one)
    await executor.review(denied.id, review(denied, ANNE, Decision.DENY), ROLE)
    for one, why in ((old, "has expired"), (denied, "it is denied"), (low, "no high risk")):
        with pytest.raises(Refused, match=why):
            await confirmed(store, one.id, HOST, known, "anne", tmp_path / "anne")


async def test_who_asked_cannot_confirm_but_may_break_the_glass_with_a_signature_of_its_own(
    store: Store, executor: Executor, machine: Machine, known: Register, tmp_path: Path
) -> None:
    one = plan(risk=Risk.HIGH)
    await agreed(executor, one)
    with pytest.raises(Refused, match="paul asked for this fix"):
        await confirmed(store, one.id, HOST, known, "paul", tmp_path / "paul")
    # A stolen account of Anne's, whose signature under the approval is not there yet, breaks the glass: she must sign that too.
    await executor.review(one.id, review(one, ANNE, ALONE), ROLE)
    assert await store.plans.state(one.id) is State.PROPOSED
    with pytest.raises(Refused):
        await offered(store, one, known, "anne", signature(tmp_path / "anne", signed_text(one, "anne", APPROVE)), ALONE)
    assert (await confirmed(store, one.id, HOST, known, "bert", tmp_path / "bert", ALONE)).state is State.PROPOSED
    assert (await confirmed(store, one.id, HOST, known, "anne", tmp_path / "anne", ALONE)).state is State.APPROVED
    assert await executor.carry(one.id)
    assert len(machine.ran) == 2


async def test_a_signature_written_into_the_database_by_hand_runs_nothing(
    store: Store, executor: Executor, machine: Machine, tmp_path: Path
) -> None:
    one = plan(risk=Risk.HIGH)
    await agreed(executor, one)
    with sqlite3.connect(tmp_path / "postmedic.db") as connection:
        row = (one.id, "anne", "approve", one.digest, time.time(), "-----BEGIN SSH SIGNATURE-----")
        connection.execute("INSERT INTO confirmations VALUES (?, ?, ?, ?, ?, ?)", row)
        connection.execute("UPDATE plans SET state = 'approved'")
    assert await executor.carry(one.id)
    progress = await store.plans.progress(one.id)
    assert (progress.state, progress.why, progress.detail) == (State.STALE, Why.APPROVAL_LOST, "anne: signature")
    assert machine.ran == []


async def test_a_key_taken_out_of_the_inventory_before_the_start_runs_nothing(
    store: Store, executor: Executor, machine: Machine, known: Register, tmp_path: Path
) -> None:
    one = plan(risk=Risk.HIGH)
    await agreed(executor, one)
    await confirmed(store, one.id, HOST, known, "anne", tmp_path / "anne")
    without = Register(tuple(replace(person, keys=()) for person in known))
    assert await Executor(means(store, machine, register=without)).carry(one.id)
    assert ((await store.plans.progress(one.id)).why, machine.ran) == (Why.APPROVAL_LOST, [])


async def test_without_ssh_keygen_nothing_is_believed(
    store: Store, executor: Executor, machine: Machine, known: Register, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, later = plan(risk=Risk.HIGH), plan("later", host="mx2", risk=Risk.HIGH)
    for each in (one, later):
        await agreed(executor, each)
    await confirmed(store, one.id, HOST, known, "anne", tmp_path / "anne")
    sealed = signature(tmp_path / "anne", signed_text(later, "anne", APPROVE))
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    assert await executor.carry(one.id)
    assert ((await store.plans.progress(one.id)).why, machine.ran) == (Why.APPROVAL_LOST, [])
    with pytest.raises(Refused, match="ssh-keygen is not installed"):
        await offered(store, later, known, "anne", sealed)


def _files(folder: Path) -> Path:
    """Settings, an inventory with one host and three people, and their keys."""
    (folder / "probe").touch(mode=0o600)
    inventory = f"""
        [[host]]
        name = "mx1"
        host_keys = ["ssh-ed25519 {KEY}"]
        reader = {{ user = "postmedic-probe", key = "probe" }}
        approvers = {{ users = ["U0ANNE"], groups = ["S0POST"] }}
    """
    (folder / "inventory.toml").write_text(inventory + people(folder, NAMES))
    settings = folder / "postmedic.toml"
    settings.touch(mode=0o600)
    return settings


async def test_the_command_shows_the_plan_and_takes_both_ways_of_signing(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    call = ["--settings", str(_files(tmp_path))]
    one, other = plan(risk=Risk.HIGH), plan("plan-2", risk=Risk.HIGH)
    for each in (one, other):
        await store.plans.propose(each, "")

    async def said(*words: str) -> tuple[int, str]:
        status = await asyncio.to_thread(main, ["approve", *words, *call])
        told = capsys.readouterr()
        return status, told.out + told.err

    status, shown = await said(one.id, "--as", "anne")
    assert status == 0
    assert "ip link set lo up" in shown
    assert f"plan {one.digest[:12]}" in shown
    assert f"postmedic approve {one.id} --as anne --key" in shown
    _, words = await said(one.id, "--as", "anne", "--text")
    assert words == signed_text(one, "anne", APPROVE)
    sealed = tmp_path / "sealed"
    sealed.write_text(signature(tmp_path / "anne", words))
    status, shown = await said(one.id, "--as", "anne", "--signature", str(sealed))
    assert (status, "still decide in Slack: 2" in shown) == (0, True)
    status, shown = await said(other.id, "--as", "anne", "--signature", str(sealed))
    assert (status, "no signature of anne" in shown) == (2, True)
    status, shown = await said(other.id, "--as", "bert", "--key", str(tmp_path / "bert"))
    assert status == 0
    status, shown = await said(other.id, "--as", "nobody")
    assert (status, "anne, bert, carl, paul" in shown) == (2, True)
    status, shown = await said("4f0c\udcff", "--as", "anne")
    assert (status, shown.startswith("PM301: ")) == (2, True), "no damage is found in the database where there is none"
    monkeypatch.setenv("PATH", str(tmp_path))
    status, shown = await said(one.id, "--as", "anne", "--key", str(tmp_path / "anne"))
    assert (status, "PM311: " in shown, "ssh-keygen could not be started: No such file" in shown) == (2, True, True)
    for each, names in ((one, ["anne"]), (other, ["bert"])):
        assert [found.person for found in (await store.plans.progress(each.id)).confirmations] == names


async def test_under_a_clock_that_was_set_nothing_is_confirmed(
    store: Store,
    tmp_path: Path,
    executor: Executor,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    call = ["--settings", str(_files(tmp_path)), "--as", "anne"]
    one = plan(risk=Risk.HIGH)
    await agreed(executor, one)
    (tmp_path / "sealed").write_text(signature(tmp_path / "anne", signed_text(one, "anne", APPROVE)))
    for jump in (86_400.0, -86_400.0):
        monkeypatch.setattr(approve, "time", SimpleNamespace(time=lambda jump=jump: time.time() + jump))
        for words in (("--signature", str(tmp_path / "sealed")), ("--text",)):
            assert await asyncio.to_thread(main, ["approve", one.id, *words, *call]) == 2
            assert "PM303" in capsys.readouterr().err
    assert await store.plans.state(one.id) is State.PROPOSED
    monkeypatch.undo()
    assert await asyncio.to_thread(main, ["approve", one.id, "--signature", str(tmp_path / "sealed"), *call]) == 0
    assert await store.plans.state(one.id) is State.APPROVED


async def test_what_is_missing_for_a_signature_is_said(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    call = ["--settings", str(_files(tmp_path)), "--as", "anne"]
    one = plan(risk=Risk.HIGH)
    await store.plans.propose(one, "")
    (tmp_path / "sealed").write_text(signature(tmp_path / "anne", signed_text(one, "anne", APPROVE)))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "full"))
    assert await asyncio.to_thread(main, ["approve", one.id, "--signature", str(tmp_path / "sealed"), *call]) == 2
    assert "PM311" in capsys.readouterr().err
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    assert await asyncio.to_thread(main, ["approve", one.id, "--key", str(tmp_path / "anne"), *call]) == 2
    assert "ssh-keygen could not be started" in capsys.readouterr().err
