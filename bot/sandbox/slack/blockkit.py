"""Would Slack accept these blocks? Shapes: blockkit.schema.json; sizes: blockkit_limits; wording: Slack's own.

It answers with every complaint and where it is; it never repairs or drops anything.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from .blockkit_limits import (
    ALLOWED_BLOCKS,
    BY_PROPERTY,
    MARKDOWN_TOTAL,
    SECTION_FIELD,
    TABLE_COLUMNS,
    TEXT,
    Size,
    Surface,
)

Json = dict[str, Any]
_SCHEMA_FILE = Path(__file__).with_name("blockkit.schema.json")
_TEXT_TYPES = {"plain_text", "mrkdwn"}
_JSON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "number": (int, float),
    "null": (type(None),),
}


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing Slack would refuse: `pointer` is a JSON pointer such as /blocks/0/text/text."""

    pointer: str
    message: str

    def __str__(self) -> str:
        return f"{self.message} [json-pointer:{self.pointer}]"


def check_message(blocks: object, attachments: object = None) -> list[Complaint]:
    """Return what Slack would refuse in the blocks and attachments of a message; empty means accepted."""
    if not isinstance(blocks, list):
        return [Complaint("/blocks", "must provide an array")]
    found = [*_count(blocks, BY_PROPERTY["message", "blocks"], "/blocks"), *_check_blocks(blocks, "message", "/blocks")]
    for position, attachment in enumerate(attachments if isinstance(attachments, list) else []):
        found += _fits(attachment, {"$ref": "#/definitions/MessageAttachment"}, f"/attachments/{position}")
    return found


def text_size(node: object) -> int:
    """How many characters of text are in these blocks, all together."""
    if isinstance(node, dict):
        own = node.get("text")
        return (len(own) if isinstance(own, str) else 0) + sum(text_size(child) for child in node.values())
    return sum(text_size(child) for child in node) if isinstance(node, list) else 0


def check_view(view: object) -> list[Complaint]:
    """Return what Slack would refuse in a modal or a Home tab; empty means accepted."""
    if not isinstance(view, dict):
        return [Complaint("/view", "must provide an object")]
    kind = view.get("type")
    if kind not in ("modal", "home"):
        return [Complaint("/view/type", "must be a valid enum value")]
    name = "ModalView" if kind == "modal" else "HomeView"
    blocks = view.get("blocks")
    frame = {**view, "blocks": []} if isinstance(blocks, list) else view
    found = list(_fits(frame, {"$ref": f"#/definitions/{name}"}, "/view"))
    found += _properties_sizes(view, kind, "/view")
    if isinstance(blocks, list):
        found += _check_blocks(blocks, kind, "/view/blocks")
        asks = any(isinstance(block, dict) and block.get("type") == "input" for block in blocks)
        if kind == "modal" and asks and "submit" not in view:
            found.append(Complaint("/view/submit", "missing required field: submit"))
    return found


def check_options(answer: Json) -> list[Complaint]:
    """Return what Slack would refuse in the answer to a block_suggestion."""
    select: Json = {"type": "static_select", "action_id": "x", **answer}
    return [
        *_fits(select, {"$ref": "#/definitions/StaticSelect"}, ""),
        *_sizes(select, ""),
        *([] if {"options", "option_groups"} & answer.keys() else [Complaint("", "missing required field: options")]),
    ]


def _check_blocks(blocks: list[Any], surface: Surface, pointer: str) -> Iterator[Complaint]:
    block_ids: set[str] = set()
    for position, block in enumerate(blocks):
        where = f"{pointer}/{position}"
        if not isinstance(block, dict):
            yield Complaint(where, "must provide an object")
            continue
        kind = block.get("type")
        if kind is None:
            yield Complaint(where, "missing required field: type")
            continue
        if kind not in ALLOWED_BLOCKS[surface]:
            yield Complaint(f"{where}/type", f"unsupported type: {kind}")
            continue
        yield from _fits(block, {"$ref": "#/definitions/KnownBlock"}, where)
        yield from _sizes(block, where)
        yield from _particulars(block, where)
        if isinstance(name := block.get("block_id"), str):
            if name in block_ids:
                yield Complaint(where, f'`block_id` "{name}" already exists')
            block_ids.add(name)
    markdown = [block for block in blocks if isinstance(block, dict) and block.get("type") == "markdown"]
    if sum(len(str(block.get("text", ""))) for block in markdown) > MARKDOWN_TOTAL:
        yield Complaint(pointer, f"markdown blocks must be less than {MARKDOWN_TOTAL + 1} characters together")


def _particulars(block: Json, where: str) -> Iterator[Complaint]:
    kind = block.get("type")
    if kind == "section" and not ({"text", "fields"} & block.keys()):
        yield Complaint(where, "missing required field: text")
    if kind == "table":
        for position, row in enumerate(block.get("rows") or []):
            if isinstance(row, list) and len(row) > TABLE_COLUMNS:
                yield Complaint(f"{where}/rows/{position}", f"no more than {TABLE_COLUMNS} items allowed")
    elements = [element for element in block.get("elements") or [] if isinstance(element, dict)]
    action_ids: set[str] = set()
    for element in [*elements, block.get("accessory"), block.get("element")]:
        if not isinstance(element, dict):
            continue
        if element.get("type") in ("static_select", "multi_static_select") and not (
            {"options", "option_groups"} & element.keys()
        ):
            yield Complaint(where, "missing required field: options")
        if isinstance(name := element.get("action_id"), str):
            if name in action_ids:
                yield Complaint(where, f'`action_id` "{name}" already exists')
            action_ids.add(name)


def _sizes(node: Any, pointer: str, role: str = "") -> Iterator[Complaint]:
    """Walk every object below `node`; `role` names objects that carry no type of their own, such as an option."""
    if isinstance(node, list):
        for position, item in enumerate(node):
            yield from _sizes(item, f"{pointer}/{position}", role)
    if not isinstance(node, dict) or node.get("type") in _TEXT_TYPES:
        return
    owner = role or str(node.get("type", ""))
    yield from _properties_sizes(node, owner, pointer)
    for key, value in node.items():
        if isinstance(value, dict | list) and key != "text":
            yield from _sizes(value, f"{pointer}/{key}", _role(key))


def _role(key: str) -> str:
    match key:
        case "confirm":
            return "confirm"
        case "options" | "initial_option" | "initial_options":
            return "option"
        case "option_groups":
            return "option_group"
        case _:
            return ""


def _properties_sizes(node: Json, owner: str, pointer: str) -> Iterator[Complaint]:
    for key, value in node.items():
        where = f"{pointer}/{key}"
        size = BY_PROPERTY.get((owner, key)) or BY_PROPERTY.get(("*", key))
        if size is not None and size.unit == "items" and isinstance(value, list):
            yield from _count(value, size, where)
        elif _is_text(value):
            yield from _length(value["text"], size or TEXT, f"{where}/text")
        elif size is not None and isinstance(value, str):
            yield from _length(value, size, where)
        if (owner, key, value) == ("text", "text", ""):  # a run of rich text
            yield Complaint(where, "must be more than 0 characters")
        if isinstance(value, list):
            own = SECTION_FIELD if (owner, key) == ("section", "fields") else TEXT
            for position, item in enumerate(value):
                if _is_text(item):
                    yield from _length(item["text"], own, f"{where}/{position}/text")


def _is_text(value: object) -> bool:
    return isinstance(value, dict) and value.get("type") in _TEXT_TYPES and isinstance(value.get("text"), str)


def _length(text: str, size: Size, pointer: str) -> Iterator[Complaint]:
    if len(text) > size.most:
        yield Complaint(pointer, f"must be less than {size.most + 1} characters")
    if not text and size.field not in ("value", "private_metadata"):
        yield Complaint(pointer, "must be more than 0 characters")


def _count(items: list[Any], size: Size, pointer: str) -> Iterator[Complaint]:
    if len(items) > size.most:
        yield Complaint(pointer, f"no more than {size.most} items allowed")
    if len(items) < size.least:
        yield Complaint(pointer, f"no less than {size.least} items allowed")


@cache
def _shapes() -> Json:
    shapes: Json = json.loads(_SCHEMA_FILE.read_text())["definitions"]
    return shapes


def _resolve(shape: Json) -> Json:
    while "$ref" in shape:
        shape = _shapes()[shape["$ref"].rsplit("/", 1)[1]]
    return shape


def _choices(shape: Json) -> list[Json]:
    """Flatten nested alternatives, so that the one with the right `type` can be picked."""
    shape = _resolve(shape)
    return [leaf for choice in shape["anyOf"] for leaf in _choices(choice)] if "anyOf" in shape else [shape]


def _fits(value: Any, shape: Json, pointer: str) -> Iterator[Complaint]:
    choices = _choices(shape)
    if len(choices) > 1:
        kind = value.get("type") if isinstance(value, dict) else None
        named = [choice for choice in choices if kind in _kinds(choice)] if kind is not None else choices
        if not named:
            yield Complaint(f"{pointer}/type", f"unsupported type: {kind}")
            return
        attempts = [list(_fits(value, choice, pointer)) for choice in named]
        if all(attempts):
            yield from attempts[0] if len(named) == 1 else [Complaint(pointer, "failed to match all allowed schemas")]
        return
    yield from _fits_one(value, choices[0], pointer)


def _kinds(shape: Json) -> set[str]:
    kind = shape.get("properties", {}).get("type", {})
    return {kind["const"]} if "const" in kind else set(kind.get("enum", ()))


def _fits_one(value: Any, shape: Json, pointer: str) -> Iterator[Complaint]:
    wanted = shape.get("type")
    names = [wanted] if isinstance(wanted, str) else list(wanted or [])
    if names and not any(_is_a(value, name) for name in names):
        yield Complaint(pointer, f"must provide {'an' if names[0][0] in 'aeiou' else 'a'} {names[0]}")
        return
    if "const" in shape and value != shape["const"]:
        yield Complaint(pointer, "must be a valid enum value")
    if "enum" in shape and value not in shape["enum"]:
        yield Complaint(pointer, "must be a valid enum value")
    if isinstance(value, dict) and "properties" in shape:
        for name in shape.get("required", ()):
            if name not in value:
                yield Complaint(pointer, f"missing required field: {name}")
        for name, item in value.items():
            if name in shape["properties"]:
                yield from _fits(item, shape["properties"][name], f"{pointer}/{name}")
            elif shape.get("additionalProperties") is False:
                yield Complaint(pointer, f"invalid additional property: {name}")
    if isinstance(value, list) and isinstance(shape.get("items"), dict):
        for position, item in enumerate(value):
            yield from _fits(item, shape["items"], f"{pointer}/{position}")


def _is_a(value: Any, name: str) -> bool:
    if name == "number" and isinstance(value, bool):
        return False
    return isinstance(value, _JSON_TYPES[name])
