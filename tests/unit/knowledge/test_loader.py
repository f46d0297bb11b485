"""Is YAML read so that what was reviewed is what is loaded?"""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import KnowledgeError
from bot.knowledge.loader import MAX_BYTES, MAX_DEPTH, Section, dump, parse


def refused(text: str | bytes) -> str:
    with pytest.raises(KnowledgeError) as caught:
        parse(text.encode() if isinstance(text, str) else text, "entry.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"), ("yes", "yes"), ("on", "on"), ("off", "off"), ("~", "~"), ("Null", "Null"), ("True", "True"),
        ("010", "010"), ("0x1f", "0x1f"), ("1_000", "1_000"), ("22:22", "22:22"), ("1.5", "1.5"), (".inf", ".inf"),
        ("1e3", "1e3"),
        ("2001-01-01", "2001-01-01"), ("+1", "+1"), ("-0", 0), ("", ""), ("=", "="),
        ("1234567890123456789", "1234567890123456789"),
        ("true", True), ("false", False), ("null", None), ("0", 0), ("25", 25), ("-5", -5),
        ('"true"', "true"), ("'25'", "25"), ('"null"', "null"), ("|\n  25\n", "25\n"), (">\n  true\n", "true\n"),
    ],
)  # fmt: skip
def test_a_scalar_is_what_it_looks_like(written: str, value: object) -> None:
    read = parse(f"a: {written}\n".encode(), "x")["a"]
    assert (type(read), read) == (type(value), value)


def test_an_alias_bomb_is_refused_before_it_unfolds() -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{this}: &{this} [{','.join([f'*{before}'] * 9)}]\n" for before, this in zip("abcdefg", "bcdefgh", strict=True)
    )
    assert "aliases and anchors" in refused(bomb)


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("a: 1\nb: &x 2\n", 2, "aliases and anchors"),
        ("a: 1\n\nb: *x\n", 3, "alias"),
        ("a: !!python/object/apply:os.system ['true']\n", 1, "tags"),
        ("a: 1\nb: !!str 1\n", 2, "tags"),
        ("a: 1\nb: ! x\n", 2, "tags"),
        ("a: 1\nb: 2\na: 3\n", 3, "stands twice"),
        ("a:\n  b: 1\n  b: 2\n", 3, "stands twice"),
        ("a:\n  <<: {b: 1}\n", 2, "plain word"),
        ("[a, b]: 1\n", 1, "plain word"),
        ("a: [1, 2\n", 2, "line"),
        ("a: 1\n\tb: 2\n", 2, "line"),
        ('a: "open\n', 2, "line"),
    ],
)
def test_what_is_not_allowed_is_refused_with_its_line(text: str, line: int, why: str) -> None:
    said = refused(text)
    assert f"entry.yaml:{line}:" in said
    assert why in said
    assert "Hint: " in said


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "plain\n", "# only a comment\n"])
def test_a_document_without_a_mapping_is_refused(text: str) -> None:
    assert "no mapping" in refused(text)


def test_two_documents_are_refused() -> None:
    assert "entry.yaml" in refused("a: 1\n---\nb: 2\n")


def test_bytes_that_are_no_text_are_refused() -> None:
    assert "not UTF-8" in refused(b"a: \xff\xfe\n")
    assert "entry.yaml" in refused(b"a: \x00\n")


def test_size_and_depth_are_bounded() -> None:
    assert "bytes" in refused(b"a: " + b"x" * MAX_BYTES)
    assert "nested too deeply" in refused("a: " + "[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2) + "\n")
    assert parse(("a: " + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)).encode(), "x")["a"]
    refused("a: " + "[" * 100_000)
    refused("a: " + "{a: " * 50_000)


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


@given(st.binary(max_size=300))
def test_no_bytes_make_it_raise_anything_else(raw: bytes) -> None:
    with suppress(KnowledgeError):
        assert isinstance(parse(raw, "x"), Section)
