"""How is a condition written? Two directions: the YAML/JSON form to `Condition`, and back in one canonical form."""

from __future__ import annotations

import json
from typing import assert_never

from bot.model.condition import All, Any, Condition, In, Is, Not

FORMS = "`{fact: path, is: value}`, `{fact: path, in: [values]}`, `all`, `any` or `not`"


def parse(data: object) -> Condition:
    """Read a condition from plain data; raises `ValueError` that says what is expected."""
    match data:
        case {"fact": str(path), "is": literal, **rest} if not rest and _is_literal(literal):
            return Is(path=path, literal=literal)
        case {"fact": str(path), "in": [*literals], **rest} if not rest and literals and all(map(_is_literal, literals)):
            return In(path=path, literals=tuple(literals))
        case {"all": [*parts], **rest} if not rest and parts:
            return All(parts=tuple(parse(part) for part in parts))
        case {"any": [*parts], **rest} if not rest and parts:
            return Any(parts=tuple(parse(part) for part in parts))
        case {"not": part, **rest} if not rest:
            return Not(part=parse(part))
        case _:
            raise ValueError(f"this is not a condition: use {FORMS}")


def data(condition: Condition) -> dict[str, object]:
    """Give the plain form of a condition; `parse(data(c)) == c`."""
    match condition:
        case Is(path=path, literal=literal):
            return {"fact": path, "is": literal}
        case In(path=path, literals=literals):
            return {"fact": path, "in": list(literals)}
        case All(parts=parts):
            return {"all": [data(part) for part in parts]}
        case Any(parts=parts):
            return {"any": [data(part) for part in parts]}
        case Not(part=part):
            return {"not": data(part)}
        case _:
            assert_never(condition)


def canonical(condition: Condition) -> str:
    """One JSON text per condition, the form that plans carry and digests cover."""
    return json.dumps(data(condition), sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def from_canonical(text: str) -> Condition:
    """Read a condition back from a plan."""
    return parse(json.loads(text))


def _is_literal(value: object) -> bool:
    return value is None or isinstance(value, str | int | bool)
