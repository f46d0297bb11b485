"""Does a plan hold exactly what a person approves, and is it made of measured plain words only?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.diagnosis.verdict import diagnose
from bot.errors import Refused
from bot.knowledge.conditions import from_canonical
from bot.model.condition import Is
from bot.model.diagnosis import Diagnosis
from bot.model.fact import Facts, Reason, Unknown
from bot.model.match import Kind, Match
from bot.model.plan import Change, Plan, Step
from bot.model.problem import Risk
from bot.model.text import Text
from bot.operations.base import OPERATIONS, Operation
from bot.planning.planner import plan
from tests.support.entries import example


@dataclass(frozen=True, slots=True, kw_only=True)
class Interfaces:
    loopback_up: object
    loopback: object = "lo"


@pytest.fixture(autouse=True)
def operation() -> Iterator[None]:
    """The entry's operation `x`, whose preview shows the interface."""
    OPERATIONS["x"] = Operation(
        name="x",
        parameters={"a": "port", "b": "word"},
        script='ip link set "$2" up\n',
        says=Text(en="x", zh="x"),
        preview=lambda facts, a, b: (Change(what=b, before="down", after=f"up on {a}"),),
    )
    yield
    del OPERATIONS["x"]


def diagnosed(up: object = False, loopback: object = "lo", boot: object = "b1") -> Diagnosis:
    measured = {"interfaces": Interfaces(loopback_up=up, loopback=loopback), "setting.inet_interfaces": "all"}
    facts = Facts({**measured, "boot-id": boot})
    match = Match(problem="startup-example", kind=Kind.EXACT, score=100.0, captures={"b": "2", "address": "127.0.0.1"})
    return diagnose(example(), "host01", match, facts, 5.0)


def made(one: Diagnosis | None = None, cause: int = 0) -> Plan:
    one = one or diagnosed()
    return plan(
        one, one.verdicts[cause], plan_id="p1", host_key="SHA256:k", requester="U0ANA", now=100.0, lifetime=1800.0
    )  # fmt: skip


def test_a_plan_holds_everything_that_is_approved() -> None:
    one = made()
    step = Step(
        operation="x",
        tokens=("25", "lo"),
        script='ip link set "$2" up\n',
        says=Text(en="x", zh="x"),
        changes=(Change(what="lo", before="down", after="up on 25"),),
    )
    assert (one.steps, one.undo, one.steps[0].wire) == ((step,), (), "x 25 lo")
    assert (one.host, one.host_key, one.requester, one.risk) == ("host01", "SHA256:k", "U0ANA", Risk.LOW)
    assert (one.problem, one.problem_digest, one.cause, one.fix) == (
        "startup-example",
        example().digest,
        "loopback-down",
        "raise-loopback",
    )
    assert one.captures == (("address", "127.0.0.1"), ("b", "2"))
    assert one.facts == (("interfaces.loopback-up", "no"),)
    assert (one.created_at, one.expires_at, one.within) == (100.0, 1900.0, 15)
    same_boot = Is(path="boot-id", literal="b1")
    assert tuple(from_canonical(text) for text in one.before) == (*example().fixes["raise-loopback"].before, same_boot)
    assert tuple(from_canonical(text) for text in one.after) == example().fixes["raise-loopback"].after


OTHER: dict[str, object] = {
    "risk": Risk.HIGH,
    "captures": (("address", "127.0.0.2"),),
    "steps": (),
    "undo": (Step(operation="y", tokens=(), script=""),),
    "before": (),
    "after": (),
    "within": 16,
    "facts": (),
    "created_at": 101.0,
    "expires_at": 1901.0,
}


@pytest.mark.parametrize("name", [one.name for one in fields(Plan)])
def test_the_digest_changes_with_every_field(name: str) -> None:
    one = made()
    changed = replace(one, **{name: OTHER.get(name, f"{getattr(one, name)}x")})  # type: ignore[arg-type]
    assert changed != one
    assert changed.digest != one.digest


@pytest.mark.parametrize("name", [one.name for one in fields(Step)])
def test_the_digest_changes_with_every_part_of_a_step(name: str) -> None:
    one = made()
    values = {
        "tokens": ("25", "lo2"),
        "says": Text(en="y", zh="x"),
        "changes": (Change(what="lo", before="down", after="up on 26"),),
    }
    step = replace(one.steps[0], **{name: values.get(name, "other")})  # type: ignore[arg-type]
    assert replace(one, steps=(step,)).digest != one.digest


def test_the_digest_does_not_run_tokens_together() -> None:
    one = made()
    joined = [replace(one, steps=(replace(one.steps[0], tokens=tokens),)) for tokens in (("a", "b"), ("ab",), ("a b",))]
    assert len({each.digest for each in joined}) == 3


def test_the_same_plan_has_the_same_digest() -> None:
    assert made().digest == made().digest
    assert len(made().digest) == 64


@pytest.mark.parametrize(
    "value",
    [Unknown(reason=Reason.TIMED_OUT), None, True, ("lo",), 1.5, "", "lo;reboot", "$(id)", "-rf", "lo up", "lo\nup", "l" * 200],
)
def test_no_value_but_a_measured_plain_word_reaches_a_step(value: object) -> None:
    with pytest.raises(Refused):
        made(diagnosed(loopback=value))


@given(st.text(max_size=40))
def test_whatever_a_host_says_a_token_is_one_word(text: str) -> None:
    facts = Facts({"interfaces": Interfaces(loopback_up=False, loopback=text), "setting.inet_interfaces": "all"})
    one = diagnose(example(), "host01", None, facts, 5.0)
    try:
        wire = made(one).steps[0].wire
    except Refused:
        return
    assert wire.split(" ") == ["x", "25", text]
    assert not set(wire) & set("\n\t;|&$`\"'\\<>(){}*?~#!")


@pytest.mark.parametrize("up", [True, Unknown(reason=Reason.TIMED_OUT)])
def test_only_a_confirmed_cause_makes_a_plan(up: object) -> None:
    with pytest.raises(Refused, match="not a confirmed cause"):
        made(diagnosed(up=up))


def test_a_cause_with_advice_alone_makes_no_plan() -> None:
    facts = Facts({"interfaces": Interfaces(loopback_up=True), "setting.inet_interfaces": "192.0.2.1"})
    one = diagnose(example(), "host01", None, facts, 5.0)
    assert [verdict.cause.id for verdict in one.confirmed] == ["elsewhere"]
    with pytest.raises(Refused, match="not a confirmed cause"):
        made(one, cause=1)
