"""Is an entry either wholly understood or refused, with file, line and hint?"""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from bot.errors import KnowledgeError
from bot.knowledge.entry import problem
from bot.knowledge.library import load
from bot.model.condition import Is
from bot.model.fact import FactUse
from bot.model.problem import Derived, FactPath, Risk, StepUse
from tests.support.entries import ENTRY


def read(text: str = ENTRY) -> object:
    return problem(text.encode(), "startup/example/problem.yaml")


def test_an_entry_is_read_whole() -> None:
    one = problem(ENTRY.encode(), "x")
    assert (one.id, one.version, one.title.en, one.title["zh"]) == ("startup-example", 1, "It does not start", "无法启动")
    assert one.facts == (FactUse(name="interfaces"), FactUse(name="setting", arguments=("inet_interfaces",)))
    assert one.derived == (
        Derived(name="is-loopback", function="same", arguments=("match.address", "setting.inet_interfaces")),
    )
    assert one.causes[0].when == Is(path="interfaces.loopback-up", literal=False)
    assert (one.causes[0].fix, one.causes[0].advice) == ("raise-loopback", None)
    fix = one.fixes["raise-loopback"]
    assert (fix.risk, fix.within, fix.undo) == (Risk.LOW, 15, ())
    assert fix.steps == (StepUse(operation="x", parameters={"a": 25, "b": FactPath(path="interfaces.loopback")}),)
    assert one.lab[0].cause == "loopback-down"
    assert one.yields_to == ()
    assert one.digest == hashlib.sha256(ENTRY.encode()).hexdigest()


def test_the_digest_follows_every_byte() -> None:
    assert problem(ENTRY.encode(), "x").digest != problem((ENTRY + "\n").encode(), "x").digest


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("version: 1", "version: 1\ncolour: red", "'colour' is not known"),
        ("version: 1", "version: one", "version is a whole number"),
        ("version: 1\n", "", "'version' is missing"),
        ("zh: 无法启动", "", "'zh' is missing"),
        ("zh: 无法启动", "zh: ''", "zh is not a text"),
        ("zh: 无法启动", "zh: 无法启动, fr: non", "'fr' is not known"),
        ("id: startup-example", "id: 5", "id is not a text"),
        ("references: [https://example.org]", "references: https://example.org", "references is not a list"),
        ("references: [https://example.org]", "references: [5]", "references is not a list"),
        ("references: [https://example.org]", "references: [https://example.org]\npassing: 1", "passing is neither true nor"),
        ("  - interfaces", "  - Interfaces!", "is not a fact"),
        ("  - interfaces", "  - interfaces(a(b))", "is not a fact"),
        ("when: {fact: interfaces.loopback-up, is: false}", "when: {fact: a, matches: b}", "this is not a condition"),
        ("when: {fact: interfaces.loopback-up, is: false}", "when: {fact: a, is: b, in: [c]}", "this is not a condition"),
        ("    fix: raise-loopback", "", "neither names a fix nor gives advice"),
        ("risk: low", "risk: none", "risk is 'none'"),
        ("risk: low", "risk: low\n    within: 0", "seconds from 1 to 300"),
        ("risk: low", "risk: low\n    within: true", "seconds from 1 to 300"),
        ("    before: [{fact: interfaces.loopback-up, is: false}]", "    before: []", "has no `before`"),
        ("    after: [{fact: interfaces.loopback-up, is: true}]\n", "", "'after' is missing"),
        ("    undo: none\n", "", "'undo' is missing"),
        ("b: {fact: interfaces.loopback}", "b: [1]", "neither a literal nor a fact"),
        ("b: {fact: interfaces.loopback}", "b: {fact: a, or: 1}", "neither a literal nor a fact"),
        ("operation: x", "operation: 5", "operation is not a text"),
        ("    break: [ip link set lo down]", "    break: [ip link set lo down]\n    paste: 5", "the paste is not a text"),
    ],
)
def test_what_is_wrong_is_named(old: str, new: str, said: str) -> None:
    assert old in ENTRY
    with pytest.raises(KnowledgeError) as caught:
        read(ENTRY.replace(old, new, 1))
    assert said in str(caught.value)
    assert "startup/example/problem.yaml:" in str(caught.value)


def test_the_line_of_a_wrong_key_is_named() -> None:
    line = ENTRY.splitlines().index("version: 1") + 2
    with pytest.raises(KnowledgeError, match=f"problem.yaml:{line}: the key 'colour'"):
        read(ENTRY.replace("version: 1", "version: 1\ncolour: red"))


def place(root: Path, area: str, name: str, text: str) -> Path:
    folder = root / area / name
    folder.mkdir(parents=True)
    (folder / "problem.yaml").write_text(text, encoding="utf-8")
    return folder


def test_a_library_is_loaded_from_folders(tmp_path: Path) -> None:
    folder = place(tmp_path / "one", "startup", "example", ENTRY)
    library = load([tmp_path / "one"])
    assert list(library) == ["startup-example"]
    assert library.folders["startup-example"] == folder
    (tmp_path / "empty").mkdir()
    assert len(load([tmp_path / "empty"])) == 0
    assert set(load([tmp_path / "empty"], beside=library)) == {"startup-example"}
    with pytest.raises(KnowledgeError, match="exists twice"):
        load([tmp_path / "one"], beside=library)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match="absent: there is no such folder"):
        load([tmp_path / "absent"])


def test_an_entry_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "startup" / "example" / "problem.yaml").mkdir(parents=True)
    with pytest.raises(KnowledgeError, match=r"startup/example/problem\.yaml: it cannot be read"):
        load([tmp_path])


def test_an_id_must_be_that_of_its_folder(tmp_path: Path) -> None:
    place(tmp_path, "startup", "other", ENTRY)
    with pytest.raises(KnowledgeError, match="its id is startup-example"):
        load([tmp_path])


def test_one_id_exists_once(tmp_path: Path) -> None:
    place(tmp_path / "one", "startup", "example", ENTRY)
    place(tmp_path / "two", "startup", "example", ENTRY)
    with pytest.raises(KnowledgeError, match="exists twice"):
        load([tmp_path / "one", tmp_path / "two"])


def test_every_broken_entry_is_named_and_none_is_loaded(tmp_path: Path) -> None:
    place(tmp_path, "startup", "example", ENTRY)
    place(tmp_path, "startup", "second", "a: [")
    place(tmp_path, "sasl", "third", "- b")
    with pytest.raises(KnowledgeError) as caught:
        load([tmp_path])
    assert "2 entries are refused" in str(caught.value)
    assert "startup/second" in str(caught.value)
    assert "sasl/third" in str(caught.value)


def test_the_shipped_entries_load() -> None:
    assert {"startup-no-local-interface", "send-port25-blocked"} <= set(load())
