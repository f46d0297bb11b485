"""What may an editor offer and refuse while an entry or a case is written? JSON Schemas made of the forms that are checked.

A schema says less than `postmedic knowledge check`, never anything else: it refuses no file that the check accepts.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot import facts, operations  # both fill their catalogues
from bot.facts.base import DERIVATIONS, FACTS
from bot.knowledge import cases, entry, shape
from bot.knowledge.shape import Keys
from bot.model.problem import Risk
from bot.operations.base import OPERATIONS

__all__ = ["case", "facts", "operations", "problem"]

Form = Mapping[str, object]
_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_WORD: Form = {"type": "string", "pattern": r"\S"}
_ANY_TEXT: Form = {"type": "string"}
_WORDS: Form = {"type": "array", "items": _WORD}
_LITERAL: Form = {"type": ["string", "integer", "boolean", "null"]}
_CONDITION: Form = {"$ref": "#/$defs/condition"}
_STEP: Form = {"$ref": "#/$defs/step"}
_STEPS: Form = {"type": "array", "items": _STEP}
_BASE64: Form = {
    "type": "string",
    "pattern": r"^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$",
}


def problem() -> dict[str, object]:
    """The schema of a problem.yaml, with the names of all facts, derived facts and operations."""
    conditions: Form = {"anyOf": [{"type": "array", "items": _CONDITION, "minItems": 1}, _CONDITION]}
    text = _object(shape.TEXT, {"en": _WORD, "zh": _WORD})
    cause = _object(
        entry.CAUSE, {"id": _WORD, "when": _CONDITION, "says": text, "fix": _or_null(_WORD), "advice": _or_null(text)}
    )
    helps = [{"required": [key], "properties": {key: {"not": {"type": "null"}}}} for key in ("fix", "advice")]
    fix = _object(
        entry.FIX,
        {
            "risk": {"enum": [risk.value for risk in Risk]},
            "safety": text,
            "steps": {**_STEPS, "minItems": 1},
            "before": conditions,
            "after": conditions,
            "within": {"type": "integer", "minimum": 1, "maximum": entry.LONGEST_WITHIN},
            "undo": {"anyOf": [{"const": "none"}, _STEPS]},
        },
    )
    lab = _object(
        entry.LAB,
        {
            "id": _WORD,
            "break": _WORDS,
            "trigger": _WORDS,
            "expect": _object(entry.EXPECTED, {"cause": _WORD}),
            "hosts": _WORDS,
            "check": _WORDS,
            "mend": _WORDS,
            "paste": _ANY_TEXT,
        },
    )
    forms = {
        "id": _WORD,
        "version": {"type": "integer"},
        "title": text,
        "references": _WORDS,
        "signatures": _WORDS,
        "phrases": _or_null(_object(entry.PHRASES, {"en": _WORDS, "zh": _WORDS})),
        "yields-to": _WORDS,
        "passing": {"type": "boolean"},
        "facts": {"type": "array", "minItems": 1, "items": _calls({one.name: len(one.parameters) for one in FACTS.values()})},
        "derive": _or_null(_mapping(_calls({one.name: one.arity for one in DERIVATIONS.values()}))),
        "causes": {"type": "array", "items": {**cause, "anyOf": helps}},
        "fixes": _or_null(_mapping(fix)),
        "lab": {"type": "array", "items": lab},
    }
    top = _object(entry.PROBLEM, forms)
    return {"$schema": _DRAFT, "title": "A problem that postmedic knows", **top, "$defs": _definitions()}


def case() -> dict[str, object]:
    """The schema of a case below cases/."""
    reading = _object(
        cases.READING,
        {
            "exit": {"type": ["integer", "null"]},
            "stdout": _ANY_TEXT,
            "stderr": _ANY_TEXT,
            "stdout-base64": _BASE64,
            "stderr-base64": _BASE64,
            "truncated": {"type": "boolean"},
        },
    )
    expect = {"match": _WORD, "confirmed": _WORDS, "ruled-out": _WORDS, "unmeasured": _WORDS, "plan": _WORDS}
    forms = {
        "paste": _ANY_TEXT,
        "recorded": _or_null(_mapping(_ANY_TEXT)),
        "probes": _or_null(_mapping(_ANY_TEXT)),
        "readings": _or_null(_mapping(reading)),
        "expect": _object(cases.EXPECT, expect),
    }
    return {"$schema": _DRAFT, "title": "What a host answered, and what follows", **_object(cases.CASE, forms)}


def _object(keys: Keys, forms: Mapping[str, Form]) -> dict[str, object]:
    """A mapping with these keys; a key without a form, or a form without its key, would leave the two apart."""
    if set(forms) != keys.needed | keys.others:
        raise ValueError(f"forms and keys differ: {sorted(set(forms) ^ (keys.needed | keys.others))}")
    return {"type": "object", "properties": dict(forms), "required": sorted(keys.needed), "additionalProperties": False}


def _mapping(each: Form) -> dict[str, object]:
    return {"type": "object", "additionalProperties": each}


def _or_null(form: Form) -> Form:
    return {"anyOf": [{"type": "null"}, form]}


def _calls(arities: Mapping[str, int]) -> Form:
    """A name, or a name with as many arguments as it takes."""
    bare = sorted(name for name, arity in arities.items() if arity == 0)
    names: dict[int, list[str]] = {}
    for name, arity in sorted(arities.items()):
        names.setdefault(arity, []).append(name)
    patterns = [
        rf"^(?:{'|'.join(listed)})\([^(),]*{'(?:,[^(),]*)' * (arity - 1)}\)$"
        for arity, listed in sorted(names.items())
        if arity
    ]
    return {"anyOf": [*([{"enum": bare}] if bare else []), *({"type": "string", "pattern": one} for one in patterns)]}


def _definitions() -> dict[str, object]:
    path: Form = {"type": "string"}
    forms: list[dict[str, Form]] = [
        {"fact": path, "is": _LITERAL},
        {"fact": path, "in": {"type": "array", "items": _LITERAL, "minItems": 1}},
        {"all": {"type": "array", "items": _CONDITION, "minItems": 1}},
        {"any": {"type": "array", "items": _CONDITION, "minItems": 1}},
        {"not": _CONDITION},
    ]
    value: Form = {
        "anyOf": [{"type": ["string", "integer", "boolean"]}, _object(Keys(needed=frozenset({"fact"})), {"fact": path})]
    }
    parameters = [
        {
            "if": {"properties": {"operation": {"const": one.name}}},
            "then": {"required": list(one.parameters), "propertyNames": {"enum": ["operation", *one.parameters]}},
        }
        for one in sorted(OPERATIONS.values(), key=lambda one: one.name)
    ]
    step = {
        "type": "object",
        "properties": {"operation": {"enum": sorted(OPERATIONS)}},
        "required": ["operation"],
        "additionalProperties": value,
        "allOf": parameters,
    }
    return {"condition": {"anyOf": [_object(Keys(needed=frozenset(one)), one) for one in forms]}, "step": step}
