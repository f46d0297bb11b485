"""Does a document know where its keys stand, and is what is written what is read?"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.knowledge.loader import Section, dump, parse


def test_a_section_knows_where_its_keys_stand() -> None:
    top = parse(b"a: 1\nb:\n  c: 2\n\n  d: 3\n", "entry.yaml")
    inner = top["b"]
    assert isinstance(inner, Section)
    assert str(inner.wrong("d", "it is wrong", "mend it")) == "entry.yaml:5: it is wrong. Hint: mend it."


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
leaves = st.none() | st.booleans() | st.integers(-(10**17), 10**17) | texts
documents = st.dictionaries(
    texts.filter(lambda key: key != "<<"),
    st.recursive(leaves, lambda part: st.lists(part, max_size=3), max_leaves=8),
    max_size=4,
)


@given(documents)
def test_what_is_written_is_what_is_read(document: dict[str, object]) -> None:
    assert parse(dump(document).encode(), "x") == document
