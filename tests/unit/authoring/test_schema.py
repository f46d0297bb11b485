"""Do the schemas for editors say what the check says? Every shipped file passes, and what one refuses the other does too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from bot.authoring import schema
from bot.authoring.lint import lint
from bot.authoring.scaffold import begin
from bot.errors import KnowledgeError
from bot.knowledge.cases import case
from bot.knowledge.entry import problem
from bot.knowledge.library import BUILT_IN
from bot.knowledge.loader import dump, parse
from bot.knowledge.shape import Keys

PROBLEM, CASE = Draft202012Validator(schema.problem()), Draft202012Validator(schema.case())
FILES = sorted(BUILT_IN.glob("*/*/problem.yaml"))
WHOLE = """
id: x-y
version: 1
title: {en: a, zh: b}
references: [c]
signatures: ['fatal: some telling words about {address:ip}']
phrases: {en: [postfix breaks], zh: []}
yields-to: [startup-*]
passing: true
facts: [interfaces, setting(inet_interfaces)]
derive: {holder: 'address-held(match.address, interfaces)'}
causes:
  - id: d
    when: {all: [{fact: holder.loopback, is: true}, {not: {fact: holder.state, in: [a, 1, true]}}]}
    says: {en: e, zh: f}
    fix: g
  - {id: j, when: {any: [{fact: holder.loopback, is: false}]}, says: {en: e, zh: f}, fix: null, advice: {en: k, zh: l}}
fixes:
  g:
    risk: low
    safety: {en: h, zh: i}
    steps: [{operation: loopback-up}, {operation: service-start, service: postfix}]
    before: {fact: interfaces.loopback-up, is: false}
    after: [{fact: interfaces.loopback-up, is: true}]
    within: 5
    undo: none
lab:
  - {id: m, break: [n], trigger: [o], expect: {cause: d}, hosts: [mx12], check: [p], mend: [q], paste: r}
"""
INSTEAD: tuple[Any, ...] = (5, True, None, "", "x", [], [5], ["x"], {}, {"x": "y"})


def read(path: Path) -> Any:
    return json.loads(json.dumps(parse(path.read_bytes(), "x")))


def test_they_are_schemas() -> None:
    for one in (PROBLEM, CASE):
        Draft202012Validator.check_schema(one.schema)


@pytest.mark.parametrize("path", FILES, ids=[f"{path.parent.parent.name}-{path.parent.name}" for path in FILES])
def test_what_is_shipped_passes(path: Path) -> None:
    assert [error.message for error in PROBLEM.iter_errors(read(path))] == []
    for one in path.parent.glob("cases/*.yaml"):
        assert [error.message for error in CASE.iter_errors(read(one))] == [], one.name


def mutated(document: Any) -> Iterator[tuple[str, Any]]:
    """The document with one thing wrong: a value exchanged, a key missing, a key too many. Not all of them are wrong."""
    for way in _ways(document):
        name = "/".join(map(str, way))
        for value in INSTEAD:
            yield f"{name} = {value!r}", _changed(document, way, value)
        yield f"without {name}", _changed(document, way)
        if isinstance(_at(document, way), dict):
            yield f"{name}/colour", _changed(document, (*way, "colour"), "red")
    yield "colour", {**document, "colour": "red"}


def _ways(node: Any, way: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Each place, of lists the first two items, for the others are of the same form."""
    inside = list(node.items()) if isinstance(node, dict) else list(enumerate(node[:2])) if isinstance(node, list) else []
    for key, one in inside:
        yield (*way, key)
        yield from _ways(one, (*way, key))


def _at(document: Any, way: tuple[str | int, ...]) -> Any:
    for key in way:
        document = document[key]
    return document


def _changed(document: Any, way: tuple[str | int, ...], *value: Any) -> Any:
    changed = deepcopy(document)
    place = _at(changed, way[:-1])
    if value:
        place[way[-1]] = value[0]
    else:
        del place[way[-1]]
    return changed


def verdicts(document: Any) -> tuple[bool, bool]:
    """Whether the entry is understood, and whether it is sound."""
    raw = dump(document).encode()
    try:
        one = problem(raw, "x")
    except KnowledgeError:
        return False, False
    return True, not lint(one, raw)


def test_the_schema_of_an_entry_and_its_check_agree() -> None:
    whole = json.loads(json.dumps(parse(WHOLE.encode(), "x")))
    assert verdicts(whole) == (True, True)
    assert PROBLEM.is_valid(whole)
    changes = list(mutated(whole))
    refused = 0
    for what, document in changes:
        understood, sound = verdicts(document)
        fine = PROBLEM.is_valid(document)
        assert fine or not sound, f"only the schema refuses: {what}"
        assert understood or not fine, f"only the check refuses: {what}"
        refused += not fine
    assert refused > len(changes) / 2


def test_the_schema_of_a_case_and_its_check_agree(tmp_path: Path) -> None:
    place = tmp_path / "startup/example/cases/x.yaml"
    place.parent.mkdir(parents=True)
    document = read(BUILT_IN / "startup/no-local-interface/cases/nothing-wrong.yaml")
    reading = {"exit": 0, "stdout-base64": "/w==", "stderr": "no", "truncated": True}
    document["readings"] = dict(list(document["readings"].items())[:1]) | {"odd": reading}
    changes = [*mutated(document), ("base64", _changed(document, ("readings", "odd", "stdout-base64"), "/w="))]
    for what, one in changes:
        place.write_text(dump(one), encoding="utf-8")
        try:
            case(place)
        except KnowledgeError:
            assert not CASE.is_valid(one), f"only the check refuses: {what}"
        else:
            assert CASE.is_valid(one), f"only the schema refuses: {what}"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("facts: [interfaces,", "facts: [interface,"),
        ("setting(inet_interfaces)]", "'setting(a, b)']"),
        ("setting(inet_interfaces)]", "setting]"),
        ("{operation: loopback-up}", "{operation: loopback-down}"),
        ("{operation: loopback-up}", "{operation: service-start}"),
        ("{operation: loopback-up}", "{operation: loopback-up, more: 1}"),
        ("risk: low", "risk: none"),
        ("within: 5", "within: 500"),
        ("address-held(match.address, interfaces)", "address-held(match.address)"),
    ],
)
def test_names_and_values_are_known_to_the_editor(old: str, new: str) -> None:
    assert old in WHOLE
    assert not PROBLEM.is_valid(parse(WHOLE.replace(old, new).encode(), "x"))


def test_what_is_begun_names_the_schema_and_needs_facts(tmp_path: Path) -> None:
    begun = begin("local-frob-gone", tmp_path, (), "fatal: several telling words")
    text = begun.path.read_text()
    where = text.partition("$schema=")[2].partition("\n")[0]
    assert Path(where.removeprefix("file://")) == BUILT_IN.parent / "docs/problem.schema.json"
    assert [error.json_path for error in PROBLEM.iter_errors(parse(text.encode(), "x"))] == ["$.facts"]


def test_a_key_without_a_form_is_no_schema() -> None:
    with pytest.raises(ValueError, match="colour"):
        schema._object(Keys(needed=frozenset({"colour"})), {})
