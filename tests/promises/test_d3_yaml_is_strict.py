"""D3: YAML is strict: no aliases, tags, merge or duplicate keys; bounded size and depth; scalars are what they look like."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import KnowledgeError
from bot.knowledge.loader import MAX_BYTES, MAX_DEPTH, Section, parse


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
    full = b"a: " + b"x" * (MAX_BYTES - 3)
    assert parse(full, "x")["a"]
    assert "bytes" in refused(full + b"x")
    assert "nested too deeply" in refused("a: " + "[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2) + "\n")
    assert "nested too deeply" in refused("a: " + "[" * MAX_DEPTH + "]" * MAX_DEPTH + "\n")
    assert parse(("a: " + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)).encode(), "x")["a"]
    refused("a: " + "[" * 100_000)
    refused("a: " + "{a: " * 50_000)


@given(st.binary(max_size=300))
def test_no_bytes_make_it_raise_anything_else(raw: bytes) -> None:
    with suppress(KnowledgeError):
        assert isinstance(parse(raw, "x"), Section)


def unfolded(value: object) -> int:
    """How many nodes a value has when everything in it is walked."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(unfolded(part) for part in parts)


@given(
    st.lists(st.sampled_from(["a: &a [x, y]\n", "b: *a\n", "c: {<<: *a}\n", "- ", "? ", "[", "]", "{", "}", "\n  ", "!!map "]))
)
def test_nothing_small_unfolds_to_something_large(parts: list[str]) -> None:
    raw = "".join(parts).encode()
    with suppress(KnowledgeError):
        assert unfolded(parse(raw, "x")) <= 2 * len(raw) + 2


def test_every_bomb_is_refused_in_bounded_work() -> None:
    """Counted in events of the parser, not in seconds: a busy machine must not decide."""
    wide = "a: [" + "x," * 100 + "x]\n"
    bombs = [
        "a: &a [x]\nb: [" + "*a," * 1000 + "*a]\n",
        "a: &a\n  b: *a\n",
        "x: " + "[" * (MAX_BYTES // 2),
        "x: " + "- " * 5000 + "x",
        "? " * 5000,
        "x: !<tag:yaml.org,2002:python/object/new:os.system> [id]\n",
        "%TAG ! tag:yaml.org,2002:\n---\nx: !int 5\n",
        "<<: [{a: 1}, {b: 2}]\n",
        "a: 1\n" * 1000,
        "x: '" + "y" * MAX_BYTES + "'\n",
    ]
    for bomb in bombs:
        refused(bomb)
    assert parse(wide.encode(), "x")["a"] == ["x"] * 101


def test_nothing_else_reads_yaml() -> None:
    room = Path(__file__).parents[2]
    users = {
        path.relative_to(room).as_posix()
        for folder in ("bot", "handlers")
        for path in (room / folder).rglob("*.py")
        if re.search(r"^\s*(import yaml|from yaml)", path.read_text(), re.MULTILINE)
    }
    assert users == {"bot/knowledge/loader.py"}
    loader = (room / "bot/knowledge/loader.py").read_text()
    assert set(re.findall(r"yaml\.(load\w*|full_load\w*|unsafe_load\w*|safe_load\w*|\w*Loader)\b", loader)) == {"CSafeLoader"}
