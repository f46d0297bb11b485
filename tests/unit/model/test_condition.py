"""Is a cause judged in three-valued logic, and does unknown never look like healthy?"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import pytest

from bot.model.condition import All, Any, Condition, In, Is, Not, Truth, judge, paths
from bot.model.fact import Facts, FactUse, Reason, Unknown

T, F, U = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN
LACKING = Unknown(reason=Reason.TIMED_OUT, detail="too slow")
FACTS = Facts({"t": True, "f": False, "u": LACKING})
LEAF = {T: Is(path="t", literal=True), F: Is(path="f", literal=True), U: Is(path="u", literal=True)}

AND = {(T, T): T, (T, F): F, (T, U): U, (F, T): F, (F, F): F, (F, U): F, (U, T): U, (U, F): F, (U, U): U}
OR = {(T, T): T, (T, F): T, (T, U): T, (F, T): T, (F, F): F, (F, U): U, (U, T): T, (U, F): U, (U, U): U}


@pytest.mark.parametrize(("left", "right"), list(product(Truth, Truth)))
def test_all_and_any_are_kleenes_tables(left: Truth, right: Truth) -> None:
    parts: tuple[Condition, ...] = (LEAF[left], LEAF[right])
    assert judge(All(parts=parts), FACTS) is AND[left, right]
    assert judge(Any(parts=parts), FACTS) is OR[left, right]


@pytest.mark.parametrize(("part", "expected"), [(T, F), (F, T), (U, U)])
def test_not_leaves_unknown_unknown(part: Truth, expected: Truth) -> None:
    assert judge(Not(part=LEAF[part]), FACTS) is expected


@pytest.mark.parametrize(("first", "second", "third"), list(product(Truth, repeat=3)))
def test_de_morgan_holds_in_three_values(first: Truth, second: Truth, third: Truth) -> None:
    parts = tuple(LEAF[one] for one in (first, second, third))
    negated = tuple(Not(part=part) for part in parts)
    assert judge(Not(part=All(parts=parts)), FACTS) is judge(Any(parts=negated), FACTS)
    assert judge(Not(part=Any(parts=parts)), FACTS) is judge(All(parts=negated), FACTS)


@pytest.mark.parametrize(
    ("value", "literal", "truth"),
    [
        (1, 1, T), (1, True, F), (True, 1, F), (0, False, F), (False, 0, F), ("1", 1, F), ("a", "a", T), ("a", "A", F),
        (None, None, T), (None, False, F), ("", None, F), (("a",), "a", F), (LACKING, None, U), (LACKING, False, U),
    ],
)  # fmt: skip
def test_values_are_compared_with_their_type(value: object, literal: str | int | bool | None, truth: Truth) -> None:
    facts = Facts({"a": value})
    assert judge(Is(path="a", literal=literal), facts) is truth
    assert judge(In(path="a", literals=("other", literal)), facts) is truth


def test_a_fact_that_nobody_measured_is_unknown() -> None:
    assert judge(Is(path="nowhere", literal=False), FACTS) is U
    assert judge(Not(part=Is(path="nowhere", literal=True)), FACTS) is U


def test_the_paths_of_a_condition_are_named_once_in_their_order() -> None:
    one = All(parts=(Is(path="b", literal=1), Not(part=Any(parts=(In(path="a", literals=(1,)), Is(path="b", literal=2))))))
    assert paths(one) == ("b", "a")


@dataclass(frozen=True, slots=True, kw_only=True)
class Socket:
    exists: bool
    file_mode: str
    owner: object = None
    _hidden: str = "secret"

    @property
    def open_to_all(self) -> bool:
        return self.file_mode.endswith("6")

    def method(self) -> str:
        return "called"


LOOKED = Facts(
    {
        "socket": Socket(exists=True, file_mode="0666", owner=LACKING),
        "setting.myorigin": "example.com",
        "setting": "shorter",
        "refused": LACKING,
        "names": ("a", "b"),
    }
)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("socket.exists", True), ("socket.file-mode", "0666"), ("socket.open-to-all", True),
        ("setting.myorigin", "example.com"),
        ("setting", "shorter"), ("names", ("a", "b")), ("refused", LACKING), ("refused.any.thing", LACKING),
        ("socket.owner.name", LACKING),
    ],
)  # fmt: skip
def test_look_finds_declared_fields_and_properties(path: str, value: object) -> None:
    assert LOOKED.look(path) == value


@pytest.mark.parametrize(
    "path",
    [
        "socket.__class__", "socket._hidden", "socket.method", "socket.nothing", "socket.exists.real", "names.count",
        "setting.other", "sock", "socket.", "", "setting.myorigin.upper",
    ],
)  # fmt: skip
def test_look_gives_unknown_for_everything_else(path: str) -> None:
    value = LOOKED.look(path)
    assert isinstance(value, Unknown)
    assert value.reason is Reason.NOT_MEASURED


def test_a_fact_use_is_written_as_it_is_read() -> None:
    use = FactUse(name="setting", arguments=("inet_interfaces",))
    assert (use.path, str(use)) == ("setting.inet_interfaces", "setting(inet_interfaces)")
    assert (FactUse(name="queue").path, str(FactUse(name="queue"))) == ("queue", "queue")
