"""Do conditions survive the way into a plan and back?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.knowledge.conditions import canonical, data, from_canonical, parse
from bot.model.condition import All, Any, Condition, In, Is, Not

paths = st.from_regex(r"[a-z][a-z-]{0,8}(\.[a-z_]{1,8})?", fullmatch=True)
literals = st.none() | st.booleans() | st.integers() | st.text(max_size=20)
leaves: st.SearchStrategy[Condition] = st.builds(Is, path=paths, literal=literals) | st.builds(
    In, path=paths, literals=st.lists(literals, min_size=1, max_size=3).map(tuple)
)


def nested(parts: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    several = st.lists(parts, min_size=1, max_size=3).map(tuple)
    return st.builds(All, parts=several) | st.builds(Any, parts=several) | st.builds(Not, part=parts)


conditions = st.recursive(leaves, nested, max_leaves=10)


@given(conditions)
def test_a_condition_comes_back_as_it_was(condition: Condition) -> None:
    assert parse(data(condition)) == condition
    assert from_canonical(canonical(condition)) == condition
    assert canonical(from_canonical(canonical(condition))) == canonical(condition)


@pytest.mark.parametrize(
    "wrong",
    [
        None, 5, "x", [], {}, {"fact": "a"}, {"is": 1}, {"fact": "a", "is": 1, "more": 2}, {"fact": "a", "is": [1]},
        {"fact": "a", "is": {"fact": "b"}}, {"fact": 1, "is": 1}, {"fact": "a", "in": []}, {"fact": "a", "in": 1},
        {"fact": "a", "in": [[1]]}, {"all": []}, {"any": []}, {"all": {}}, {"not": None}, {"not": []},
        {"all": [{"fact": "a", "is": 1}], "any": [{"fact": "a", "is": 1}]}, {"fact": "a", "is": 1.5},
        {"fact": "a", "matches": "x"},
        {"xor": [{"fact": "a", "is": 1}]},
    ],
)  # fmt: skip
def test_what_is_no_condition_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match="this is not a condition"):
        parse(wrong)
