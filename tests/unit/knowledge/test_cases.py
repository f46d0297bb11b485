"""Does a recording come back byte by byte as it was measured?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import KnowledgeError
from bot.knowledge.cases import Case, case, cases, write
from bot.model.probe import Reading

streams = st.binary(max_size=80) | st.text(st.characters(codec="utf-8"), max_size=80).map(str.encode)
keys = st.from_regex(r"[a-z][a-z-]{0,10}( [A-Za-z0-9][A-Za-z0-9.:/-]{0,20}){0,2}", fullmatch=True)
names = st.lists(st.from_regex(r"[a-z][a-z-]{0,12}", fullmatch=True), max_size=3).map(tuple)


@st.composite
def made(draw: st.DrawFn) -> Case:
    readings = [
        Reading(
            key=key,
            exit=draw(st.none() | st.integers(0, 255)),
            stdout=draw(streams),
            stderr=draw(streams),
            truncated=draw(st.booleans()),
        )
        for key in draw(st.lists(keys, unique=True, max_size=3))
    ]
    paste = draw(st.text(st.characters(codec="utf-8"), max_size=60).filter(lambda text: text == "" or bool(text.strip())))
    return Case(
        name="drawn",
        paste=paste,
        recorded={"host": "mx12", "postfix": "3.7.11"},
        readings={one.key: one for one in readings},
        match=draw(st.sampled_from(["none", "startup-example"])),
        confirmed=draw(names),
        ruled_out=draw(names),
        unmeasured=draw(names),
        plan=("service-start postfix",),
        probes=draw(st.dictionaries(keys, st.just("1a2b3c4d5e6f"), max_size=2)),
    )


@given(made())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_case_comes_back_as_it_was(tmp_path: Path, one: Case) -> None:
    path = tmp_path / "startup" / "example" / "cases" / "drawn.yaml"
    write(path, one)
    assert case(path) == one


def test_text_is_kept_readable_and_bytes_are_not_lost(tmp_path: Path) -> None:
    path = tmp_path / "startup" / "example" / "cases" / "mixed.yaml"
    text, noise = Reading(key="a", exit=0, stdout=b"lo: ein\nzwei\n"), Reading(key="b", exit=1, stderr=b"\xff\x00")
    one = Case(
        name="mixed", paste="", recorded={}, readings={"a": text, "b": noise}, match="none", confirmed=(), ruled_out=(),
        unmeasured=(), plan=(),
    )  # fmt: skip
    write(path, one)
    written = path.read_text()
    assert "zwei" in written
    assert "stderr-base64: " in written
    assert cases(path.parents[1]) == [one]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("paste: x\nrecorded: {}\nreadings: {}\n", "'expect' is missing"),
        ("paste: x\nrecorded: {}\nreadings: {}\nexpect: {}\n", "'match' is missing"),
        ("paste: x\nrecorded: {}\nreadings: {a: {exit: zero}}\nexpect: {match: none}\n", "exit is not a number"),
        ("paste: x\nrecorded: {}\nreadings: {a: {stdout: x}}\nexpect: {match: none}\n", "'exit' is missing"),
        ("paste: x\nrecorded: {}\nreadings: {a: 5}\nexpect: {match: none}\n", "a is not a mapping"),
        ("paste: x\nrecorded: {}\nreadings: {}\nexpect: {match: none, healed: yes}\n", "'healed' is not known"),
        ("paste: x\nrecorded: {}\nreadings: {}\nexpect: {match: none, plan: x}\n", "plan is not a list"),
        ("paste: x\nrecorded: {}\nreadings: {a: {exit: 0, stdout-base64: '%%'}}\nexpect: {match: none}\n", "base64"),
        ("paste: x\nrecorded: {}\nreadings: {a: {exit: 0, stdout: 5}}\nexpect: {match: none}\n", "stdout is not a text"),
    ],
)
def test_a_broken_case_is_refused_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "startup" / "example" / "cases" / "broken.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(KnowledgeError) as caught:
        case(path)
    assert said in str(caught.value)
    assert "startup/example/cases/broken.yaml" in str(caught.value)


@pytest.mark.parametrize("spoil", [lambda path: path.mkdir(), lambda path: path.symlink_to(path.name)])
def test_a_case_that_cannot_be_read_is_named(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    (tmp_path / "ours/local/frob/cases").mkdir(parents=True)
    spoil(tmp_path / "ours/local/frob/cases/odd.yaml")
    with pytest.raises(KnowledgeError, match=r"local/frob/cases/odd\.yaml: it cannot be read"):
        cases(tmp_path / "ours/local/frob")
