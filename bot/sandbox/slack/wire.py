"""How do a call's arguments arrive? Query string, form, multipart and JSON are merged, as Slack does."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from .shapes import Json, Refusal


async def read_arguments(request: web.Request) -> Json:
    """Merge every place arguments may stand in; refuses a body that is not JSON though it says so."""
    arguments: Json = dict(request.query)
    if request.content_type == "application/json":
        text = await request.text()
        try:
            body = json.loads(text) if text else {}
        except ValueError as broken:
            raise Refusal("invalid_json") from broken
        if not isinstance(body, dict):
            raise Refusal("json_not_object")
        arguments |= body
    elif request.can_read_body:
        arguments |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    return arguments


def token_of(request: web.Request, arguments: Json) -> str:
    """The token of a call, from its header or its arguments (where it is then removed)."""
    named = str(arguments.pop("token", "") or "")
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else named


def text(arguments: Json, name: str) -> str:
    """An argument that must be there, as text."""
    value = arguments.get(name)
    if value in (None, ""):
        messages = [f"[ERROR] missing required field: {name}"]
        raise Refusal("invalid_arguments", response_metadata={"messages": messages})
    return str(value)


def optional(arguments: Json, name: str) -> str:
    """An argument that may be missing, as text."""
    value = arguments.get(name)
    return "" if value is None else str(value)


def flag(arguments: Json, name: str) -> bool:
    """A boolean, which a query string carries as 1 or 0."""
    return arguments.get(name) in (True, "1", "true", "True", 1)


def number(arguments: Json, name: str, default: int) -> int:
    """A whole number."""
    try:
        return int(arguments.get(name) or default)
    except (TypeError, ValueError) as broken:
        raise Refusal("invalid_arguments") from broken


def decoded(arguments: Json, name: str, error: str) -> Any:
    """A structure, which a form or query string carries as JSON text; refuses other text with `error`."""
    value = arguments.get(name)
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError as broken:
        raise Refusal(error) from broken
