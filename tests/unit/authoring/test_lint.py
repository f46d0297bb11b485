"""Is each kind of mistake in an entry found, and is a sound entry left in peace?"""

from __future__ import annotations

import pytest

from bot.authoring import lint as linting
from bot.authoring.lint import MAX_LINES, lint
from bot.facts.base import Derivation
from bot.knowledge.entry import problem
from bot.knowledge.library import load
from bot.model.text import Text
from bot.operations.base import OPERATIONS, Operation
from tests.support.entries import ENTRY
from tests.unit.diagnosis.catalogue import made


@pytest.fixture(autouse=True)
def catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = {
        "interfaces": made("interfaces", str),
        "setting": made("setting", str, "parameter"),
        "port": made("port", str, "port"),
    }
    monkeypatch.setattr(linting, "FACTS", facts)
    monkeypatch.setattr(
        linting, "DERIVATIONS", {"same": Derivation(name="same", compute=lambda a, b: a == b, arity=2, says="two values")}
    )
    operation = Operation(
        name="x", parameters={"a": "port", "b": "word"}, script="", says=Text(en="x", zh="x"), preview=lambda *_: (),
        reads=("interfaces",),
    )  # fmt: skip
    monkeypatch.setitem(OPERATIONS, "x", operation)


def findings(old: str = "", new: str = "") -> list[str]:
    assert old in ENTRY
    raw = (ENTRY.replace(old, new, 1) if old else ENTRY).encode()
    found = lint(problem(raw, "x"), raw)
    assert all(one.error and one.hint for one in found)
    return [str(one) for one in found]


def test_a_sound_entry_has_no_findings() -> None:
    assert findings() == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{address:ip}", "{address:unheard}", "does not compile"),
        ("{address:ip}", "{address", "does not compile"),
        ("  - interfaces\n", "  - interfaces\n  - unheard\n", "there is no fact unheard"),
        ("setting(inet_interfaces)", "setting", "takes 1 arguments"),
        ("setting(inet_interfaces)", "setting(a, b)", "takes 1 arguments"),
        ("  - interfaces\n", "  - interfaces\n  - port(99999)\n", "'99999' in port(99999) is no port"),
        ("  - interfaces\n", "  - interfaces\n  - setting(match.address)\n", "would send text of a paste to the host"),
        ("same(match.address, setting.inet_interfaces)", "other(match.address)", "there is no derived fact other"),
        ("same(match.address, setting.inet_interfaces)", "same(match.address)", "same takes 2 arguments"),
        ("same(match.address,", "same(match.nothing,", "no signature captures 'nothing'"),
        ("id: elsewhere", "id: loopback-down", "two causes are called loopback-down"),
        ("fix: raise-loopback", "fix: other", "names the fix other, which does not exist"),
        ("fix: raise-loopback", "advice: {en: a, zh: b}", "no cause uses the fix raise-loopback"),
        ("when: {fact: interfaces.loopback-up", "when: {fact: unheard.of", "reads unheard.of, which is not declared"),
        ("en: 'It is {{ interfaces.loopback }}.'", "en: 'It is.'", "en and zh name different facts (interfaces.loopback)"),
        ("en: 'It is {{ interfaces.loopback }}.'", "en: 'It is {{ unheard.of }}.'", "different facts"),
        ("en: 'It is {{ interfaces.loopback }}.'", "en: '{{ interfaces.loopback }} {% if x %}'", "more than plain places"),
        ("en: 'It is {{ interfaces.loopback }}.'", "en: '{{ interfaces.loopback }} {{ 7*7 }}'", "more than plain places"),
        ("zh: '请看 {{ match.address }}。'", "zh: '{{ match.no }}'", "reads match.no, which no signature captures"),
        ("operation: x", "operation: y", "there is no operation y"),
        ("a: 25, ", "", "x takes a, b"),
        ("a: 25", "a: 25, c: 1", "x takes a, b"),
        ("a: 25", "a: 99999", "a of x: Refused"),
        ("a: 25", "a: '25; reboot'", "a of x: Refused"),
        ("b: {fact: interfaces.loopback}", "b: {fact: unheard.of}", "reads unheard.of"),
        ("before: [{fact: interfaces.loopback-up", "before: [{fact: unheard.of", "the fix raise-loopback reads unheard.of"),
        ("after: [{fact: interfaces.loopback-up", "after: [{fact: unheard.of", "the fix raise-loopback reads unheard.of"),
        ("safety: {en: Nothing else.", "safety: {en: 'Not {{ unheard.of }}.'", "different facts"),
        ("undo: none", "undo: [{operation: y}]", "there is no operation y"),
    ],
)  # fmt: skip
def test_a_mistake_is_found(old: str, new: str, said: str) -> None:
    assert any(said in one for one in findings(old, new)), findings(old, new)


def test_an_entry_that_nothing_could_recognise_is_found() -> None:
    raw = ENTRY.replace("['fatal: no local interface found for {address:ip}']", "[]").replace(
        "phrases: {en: [postfix start no interface], zh: [postfix 启动 接口]}", "phrases: {en: [postfix start no interface]}"
    )
    assert any("neither signatures nor phrases" in str(one) for one in lint(problem(raw.encode(), "x"), raw.encode()))


def test_an_entry_that_is_too_long_is_found() -> None:
    raw = (ENTRY + "# more\n" * MAX_LINES).encode()
    assert any(f"keep an entry below {MAX_LINES}" in str(one) for one in lint(problem(raw, "x"), raw))


def test_what_an_operation_shows_must_be_declared() -> None:
    raw = ENTRY.replace("  - interfaces\n", "").encode()
    assert any("the preview of x reads interfaces" in str(one) for one in lint(problem(raw, "x"), raw))


def test_the_shipped_entries_are_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    library = load()
    for identity, one in library.items():
        assert [str(each) for each in lint(one, (library.folders[identity] / "problem.yaml").read_bytes())] == []
