"""The page's door into the workspace (/_control/*): state, history, a live stream, and everything a person can do."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from . import clicking, typing_in
from .shapes import Denied, Json
from .store import Conversation
from .workspace import Workspace

KEEP_ALIVE = 15.0


def routes(ws: Workspace) -> list[web.RouteDef]:
    """The control routes of one workspace."""

    def answered(handler: Callable[[Workspace, Json], Awaitable[Json]]) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def answer(request: web.Request) -> web.Response:
            try:
                return web.json_response(await handler(ws, await _asked(request)))
            except Denied as denied:
                return web.json_response({"error": denied.code, "message": denied.text}, status=400)

        return answer

    async def live(request: web.Request) -> web.StreamResponse:
        return await _stream(ws, request)

    posts = {
        "message": _message,
        "command": _command,
        "action": _action,
        "options": _options,
        "submit": _submit,
        "close": _close,
        "shortcut": _shortcut,
        "home": _home,
        "fault": _fault,
    }
    gets = {"state": _state, "history": _history, "views": _views, "file": _file, "log": _log}
    return [
        *(web.post(f"/_control/{name}", answered(handler)) for name, handler in posts.items()),
        *(web.get(f"/_control/{name}", answered(handler)) for name, handler in gets.items()),
        web.get("/_control/stream", live),
    ]


async def _asked(request: web.Request) -> Json:
    body: Json = {}
    if request.can_read_body:
        try:
            body = await request.json()
        except ValueError as broken:
            raise Denied("bad_request", f"The request is not JSON: {broken}.") from broken
    return dict(request.query) | body


def _need(request: Json, name: str) -> Any:
    if name not in request:
        raise Denied("missing_field", f"The request lacks {name!r}.")
    return request[name]


async def _stream(ws: Workspace, request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    await response.prepare(request)
    # A page that goes away closes its connection in the middle of a write; that is how it leaves.
    with ws.feed.subscribe(request.query.get("as", "")) as queue, contextlib.suppress(ConnectionResetError):
        await response.write(b": connected\n\n")
        while True:
            try:
                async with asyncio.timeout(KEEP_ALIVE):
                    change = await queue.get()
                line = f"data: {json.dumps(change)}\n\n"
            except TimeoutError:
                line = ": still here\n\n"
            await response.write(line.encode())
    return response


async def _state(ws: Workspace, request: Json) -> Json:
    identity = ws.identity
    people = [
        {
            "id": person.id,
            "name": person.name,
            "real_name": person.real_name,
            "role": person.role,
            "blurb": person.blurb,
            "locale": person.locale,
            "is_bot": person.is_bot,
        }
        for person in ws.store.people.values()
    ]
    bot = {"id": identity.bot_user, "name": identity.bot_name, "real_name": identity.bot_name, "role": "bot"}
    return {
        "team": {"id": identity.team_id, "name": identity.team_name},
        "users": [*people, bot | {"blurb": "", "locale": "en-US", "is_bot": True}],
        "channels": [_channel(conversation) for conversation in ws.store.conversations.values()],
        "usergroups": [
            {"id": group.id, "handle": group.handle, "name": group.name, "users": list(group.users)}
            for group in ws.store.usergroups.values()
        ],
        "commands": [
            {name: command.get(name, "") for name in ("command", "description", "usage_hint")}
            for command in ws.manifest.commands
        ],
        "shortcuts": [{name: shortcut[name] for name in ("name", "callback_id", "type")} for shortcut in ws.manifest.shortcuts],
        "samples": [{"title": s.title, "text": s.text, "channel": s.channel, "hint": s.hint} for s in ws.samples],
        "bot": {"name": identity.bot_name},
        "bot_user_id": identity.bot_user,
    }


def _channel(conversation: Conversation) -> Json:
    return {
        "id": conversation.id,
        "name": conversation.name,
        "kind": conversation.kind,
        "topic": conversation.topic,
        "user": conversation.user,
        "members": sorted(conversation.members),
    }


async def _history(ws: Workspace, request: Json) -> Json:
    conversation = typing_in.seen_by(ws, _need(request, "as"), _need(request, "channel"))
    thread = str(request.get("thread_ts", ""))
    shown = conversation.thread(thread) if thread else conversation.top_level()
    own = [
        message
        for (user, _), message in conversation.ephemerals.items()
        if user == _need(request, "as") and message.get("thread_ts", "") == thread
    ]
    return {"messages": sorted(copy.deepcopy([*shown, *own]), key=lambda message: float(message["ts"]))}


async def _views(ws: Workspace, request: Json) -> Json:
    """What is open in front of a person, topmost last, so that a reloaded page shows it again."""
    known, user = ws.store.views, _need(request, "as")
    home = known.get(ws.store.homes.get(user, ""))
    return {"modals": [known[view_id] for view_id in ws.store.stacks.get(user, [])], "home": home}


async def _file(ws: Workspace, request: Json) -> Json:
    """The whole text of a snippet, for a person who sees a message with it."""
    for conversation in ws.store.conversations.values():
        shared = [file["id"] for message in conversation.messages.values() for file in message.get("files", ())]
        if _need(request, "id") in shared and _need(request, "as") in conversation.members:
            return {"content": ws.store.file_bodies[_need(request, "id")].decode()}
    raise Denied("file_not_found", "This file is gone.")


async def _log(ws: Workspace, request: Json) -> Json:
    return ws.journal.as_json()


async def _message(ws: Workspace, request: Json) -> Json:
    rest = str(request.get("thread_ts") or ""), str(request.get("snippet") or "")
    return {"ts": typing_in.write(ws, _need(request, "as"), _need(request, "channel"), str(request.get("text") or ""), *rest)}


def _told(problem: str) -> Json:
    return {"problem": problem} if problem else {}


async def _command(ws: Workspace, request: Json) -> Json:
    return _told(await typing_in.command(ws, _need(request, "as"), _need(request, "channel"), _need(request, "text")))


async def _action(ws: Workspace, request: Json) -> Json:
    what = _need(request, "container"), _need(request, "block_id"), _need(request, "action"), request.get("state") or {}
    return _told(await clicking.act(ws, _need(request, "as"), *what))


async def _options(ws: Workspace, request: Json) -> Json:
    what = _need(request, "container"), _need(request, "block_id"), _need(request, "action_id"), str(request.get("value", ""))
    return await clicking.suggest(ws, _need(request, "as"), *what)


async def _submit(ws: Workspace, request: Json) -> Json:
    return await clicking.submit(ws, _need(request, "as"), _need(request, "view_id"), request.get("state") or {})


async def _close(ws: Workspace, request: Json) -> Json:
    await clicking.close(ws, _need(request, "as"), _need(request, "view_id"))
    return {}


async def _shortcut(ws: Workspace, request: Json) -> Json:
    what = _need(request, "callback_id"), _need(request, "channel"), _need(request, "message_ts")
    return _told(await clicking.shortcut(ws, _need(request, "as"), *what))


async def _home(ws: Workspace, request: Json) -> Json:
    return {"view": clicking.open_home(ws, _need(request, "as"))}


async def _fault(ws: Workspace, request: Json) -> Json:
    fault = ws.faults.arm(request)
    match fault.kind if fault else "none":
        case "disconnect":
            await ws.sockets.refresh()
        case "abort":
            ws.sockets.abort()
    return {}
