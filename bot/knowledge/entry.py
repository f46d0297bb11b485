"""How does a `problem.yaml` become a `Problem`? Every key is known, typed and in both languages, or the entry is refused."""

from __future__ import annotations

import hashlib
import re

from bot.errors import KnowledgeError
from bot.knowledge import conditions
from bot.knowledge.loader import Section, parse
from bot.knowledge.shape import Keys, known_keys, section, sections, text, text_or_none, word, words, yes_or_no
from bot.model.condition import Condition
from bot.model.fact import FactUse
from bot.model.problem import Cause, Derived, FactPath, Fix, LabCase, Phrases, Problem, Risk, StepUse

# The forms of an entry; docs/problem.schema.json is made of them too.
PROBLEM = Keys(
    needed=frozenset({"id", "version", "title", "references", "signatures", "facts", "causes"}),
    others=frozenset({"phrases", "yields-to", "passing", "derive", "fixes", "lab"}),
)
PHRASES = Keys(others=frozenset({"en", "zh"}))
CAUSE = Keys(needed=frozenset({"id", "when", "says"}), others=frozenset({"fix", "advice"}))
FIX = Keys(needed=frozenset({"risk", "safety", "steps", "before", "after", "undo"}), others=frozenset({"within"}))
LAB = Keys(needed=frozenset({"id", "break", "expect"}), others=frozenset({"trigger", "hosts", "check", "mend", "paste"}))
EXPECTED = Keys(needed=frozenset({"cause"}))
LONGEST_WITHIN = 300  # seconds
_CALL = re.compile(r"([a-z][a-z0-9-]*)(?:\(([^()]*)\))?")


def problem(raw: bytes, where: str) -> Problem:
    """Parse one entry from its raw bytes; raises `KnowledgeError` with file, line and hint."""
    top = parse(raw, where)
    known_keys(top, PROBLEM)
    fixes = section(top, "fixes")
    version = top["version"]
    if not isinstance(version, int) or isinstance(version, bool):
        raise top.wrong("version", "version is a whole number", "write `version: 1` and raise it with each change of meaning")
    return Problem(
        id=word(top, "id"),
        version=version,
        title=text(top, "title"),
        references=words(top, "references"),
        signatures=words(top, "signatures"),
        phrases=_phrases(section(top, "phrases")),
        yields_to=words(top, "yields-to"),
        facts=tuple(_fact_use(top, one) for one in words(top, "facts")),
        derived=tuple(_derived(section(top, "derive"), name) for name in section(top, "derive")),
        causes=tuple(_cause(one) for one in sections(top, "causes")),
        fixes={name: _fix(section(fixes, name), name) for name in fixes},
        lab=tuple(_lab(one) for one in sections(top, "lab")),
        digest=hashlib.sha256(raw).hexdigest(),
        passing=yes_or_no(top, "passing"),
    )


def _phrases(one: Section) -> Phrases:
    known_keys(one, PHRASES)
    return Phrases(en=words(one, "en"), zh=words(one, "zh"))


def _call(top: Section, key: str, written: str) -> tuple[str, tuple[str, ...]]:
    call = _CALL.fullmatch(written)
    if call is None:
        raise top.wrong(key, f"{written!r} is not a fact", "write `name` or `name(argument, argument)`")
    return call[1], tuple(part.strip() for part in call[2].split(",")) if call[2] else ()


def _fact_use(top: Section, written: str) -> FactUse:
    name, arguments = _call(top, "facts", written)
    return FactUse(name=name, arguments=arguments)


def _derived(one: Section, name: str) -> Derived:
    function, arguments = _call(one, name, word(one, name))
    return Derived(name=name, function=function, arguments=arguments)


def _conditions(one: Section, key: str) -> tuple[Condition, ...]:
    listed = one.get(key, [])
    return tuple(_condition(one, key, item) for item in (listed if isinstance(listed, list) else [listed]))


def _condition(one: Section, key: str, data: object) -> Condition:
    try:
        return conditions.parse(data)
    except ValueError as error:
        raise one.wrong(key, str(error), "the condition language has these five words and no others") from error


def _cause(one: Section) -> Cause:
    known_keys(one, CAUSE)
    cause = Cause(
        id=word(one, "id"),
        when=_condition(one, "when", one["when"]),
        says=text(one, "says"),
        fix=word(one, "fix") if one.get("fix") is not None else None,
        advice=text_or_none(one, "advice"),
    )
    if cause.fix is None and cause.advice is None:
        raise one.wrong("id", f"the cause {cause.id} neither names a fix nor gives advice", "add `fix:` or `advice:`")
    return cause


def _fix(one: Section, name: str) -> Fix:
    known_keys(one, FIX)
    if one["risk"] not in tuple(Risk):
        raise one.wrong("risk", f"risk is {one['risk']!r}", "write `low` or `high`")
    within = one.get("within", 15)
    if not isinstance(within, int) or isinstance(within, bool) or not 1 <= within <= LONGEST_WITHIN:
        raise one.wrong("within", f"within is not a number of seconds from 1 to {LONGEST_WITHIN}", "write e.g. `within: 30`")
    fix = Fix(
        id=name,
        risk=Risk(str(one["risk"])),
        safety=text(one, "safety"),
        steps=tuple(_step(step) for step in sections(one, "steps")),
        before=_conditions(one, "before"),
        after=_conditions(one, "after"),
        within=within,
        undo=() if one["undo"] == "none" else tuple(_step(step) for step in sections(one, "undo")),
    )
    for key in ("steps", "before", "after"):
        if not getattr(fix, key):
            raise one.wrong(key, f"the fix {name} has no `{key}`", "a fix says what it does and how it knows that it worked")
    return fix


def _step(one: Section) -> StepUse:
    parameters: dict[str, str | int | bool | FactPath | None] = {}
    for key, value in one.items():
        if key == "operation":
            continue
        match value:
            case {"fact": str(path), **rest} if not rest:
                parameters[key] = FactPath(path=path)
            case str() | int() | bool():
                parameters[key] = value
            case _:
                raise one.wrong(key, f"the parameter {key} is neither a literal nor a fact", "write `{ fact: path }`")
    return StepUse(operation=word(one, "operation"), parameters=parameters)


def _lab(one: Section) -> LabCase:
    known_keys(one, LAB)
    known_keys(expected := section(one, "expect"), EXPECTED)
    paste = one.get("paste", "")
    if not isinstance(paste, str):
        raise one.wrong("paste", "the paste is not a text", "write `paste: |` and the text below it")
    return LabCase(
        id=word(one, "id"),
        breaks=words(one, "break"),
        trigger=words(one, "trigger"),
        cause=word(expected, "cause"),
        hosts=words(one, "hosts"),
        check=words(one, "check"),
        mend=words(one, "mend"),
        paste=paste,
    )


__all__ = ["KnowledgeError", "problem"]
