"""The Web API: is this call allowed, and which method answers it? Every call is written down, unknown ones twice."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable

from aiohttp import web

from . import methods_chat, methods_conversations, methods_people, methods_views
from .blockkit import Complaint, check_message, check_view
from .scopes import METHOD_SCOPE
from .shapes import Json, Refusal
from .wire import decoded, read_arguments, token_of
from .workspace import Workspace

Method = Callable[[Workspace, Json], Json]
WITHOUT_TOKEN = {"blocks.validate"}


def auth_test(ws: Workspace, arguments: Json) -> Json:
    """auth.test: who the token belongs to."""
    identity = ws.identity
    return {
        "url": f"{ws.base_url}/",
        "team": identity.team_name,
        "user": identity.bot_name,
        "team_id": identity.team_id,
        "user_id": identity.bot_user,
        "bot_id": identity.bot_id,
        "is_enterprise_install": False,
    }


def connections_open(ws: Workspace, arguments: Json) -> Json:
    """apps.connections.open: where to connect for Socket Mode."""
    return {"url": ws.base_url.replace("http", "ws", 1) + ws.sockets.link()}


def blocks_validate(ws: Workspace, arguments: Json) -> Json:
    """blocks.validate: check blocks, a message or a view without posting anything."""
    given = [name for name in ("blocks", "message", "view") if arguments.get(name) is not None]
    if len(given) != 1:
        raise Refusal("invalid_arguments")
    value = decoded(arguments, given[0], "invalid_json")
    found: list[Complaint]
    match given[0], value:
        case "blocks", _:
            found = check_message(value)
        case "view", _:
            found = check_view(value)
        case "message", dict():
            found = check_message(value.get("blocks", []), value.get("attachments"))
        case _:
            raise Refusal("invalid_arguments")
    if found:
        errors = [{"pointer": complaint.pointer, "message": complaint.message} for complaint in found]
        raise Refusal("invalid_blocks", errors=errors)
    return {}


METHODS: dict[str, Method] = {
    "auth.test": auth_test,
    "apps.connections.open": connections_open,
    "blocks.validate": blocks_validate,
    **methods_chat.METHODS,
    **methods_conversations.METHODS,
    **methods_people.METHODS,
    **methods_views.METHODS,
}


async def call(ws: Workspace, request: web.Request) -> web.Response:
    """Answer one Web API call."""
    method = request.match_info["method"]
    record: Json = {"at": ws.clock(), "method": method, "arguments": {}}
    ws.journal.calls.append(record)
    if fault := ws.faults.strike("slow", method):
        await asyncio.sleep(fault.seconds)
    headers: dict[str, str] = {}
    status, answer = 200, Json()
    try:
        arguments = await read_arguments(request)
        token = token_of(request, arguments)
        record["arguments"] = copy.deepcopy(arguments)
        if fault := ws.faults.strike("429", method):
            status, headers["Retry-After"] = 429, str(max(1, round(fault.seconds)))
            raise Refusal("ratelimited")
        if ws.faults.strike("5xx", method):
            status = 503
            raise Refusal("service_unavailable")
        if token == ws.identity.bot_token:
            headers["X-OAuth-Scopes"] = ws.manifest.provided
        _authenticate(ws, method, token)
        answer = {"ok": True} | METHODS[method](ws, arguments)
    except Refusal as refusal:
        answer = {"ok": False, "error": refusal.error} | refusal.extra
    record |= {"status": status, "answer": answer}
    return web.json_response(answer, status=status, headers=headers)


def _authenticate(ws: Workspace, method: str, token: str) -> None:
    if method not in METHODS:
        ws.journal.unknown_methods.append(method)
        raise Refusal("unknown_method", req_method=method)
    if method in WITHOUT_TOKEN:
        return
    if not token:
        raise Refusal("not_authed")
    if token not in (ws.identity.bot_token, ws.identity.app_token):
        raise Refusal("invalid_auth")
    if ws.faults.strike("token_revoked", method):
        raise Refusal("token_revoked")
    if (token == ws.identity.app_token) != (method == "apps.connections.open"):
        raise Refusal("not_allowed_token_type")
    scope = METHOD_SCOPE[method]
    if not scope.startswith("*"):
        ws.manifest.require(scope)
    if method.startswith("usergroups.") and ws.faults.strike("plan_upgrade_required", method):
        raise Refusal("plan_upgrade_required")
