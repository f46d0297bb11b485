"""The page's door into the workspace (/_control/*): state, history, a live stream, and everything a person can do."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Awaitable, Callable

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
                body: Json = await request.json() if request.can_read_body else {}
                return web.json_response(await handler(ws, dict(request.query) | body))
            except Denied as denied:
                return _refused(denied.code, denied.text)
            except KeyError as missing:
                return _refused("missing_field", f"The request lacks {missing}.")
            except ValueError as broken:
                return _refused("bad_request", f"The request cannot be read: {broken}.")

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
    gets = {"state": _state, "history": _history, "views": _views, "log": _log}
    return [
        *(web.post(f"/_control/{name}", answered(handler)) for name, handler in posts.items()),
        *(web.get(f"/_control/{name}", answered(handler)) for name, handler in gets.items()),
        web.get("/_control/stream", live),
    ]


def _refused(code: str, text: str) -> web.Response:
    return web.json_response({"error": code, "message": text}, status=400)


async def _stream(ws: Workspace, request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    await response.prepare(request)
    with ws.feed.subscribe(request.query.get("as", "")) as queue:
        await response.write(b": connected\n\n")
        while True:
            try:
                async with asyncio.timeout(KEEP_ALIVE):
                    change = await queue.get()
                line = f"data: {json.dumps(change)}\n\n"
            except TimeoutError:
                line = ": still here\n\n"
            await response.write(line.encode())


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
        "samples": [{"title": s.title, "text": s.text, "channel": s.channel} for s in ws.samples],
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
    conversation = typing_in.seen_by(ws, request["as"], request["channel"])
    thread = str(request.get("thread_ts", ""))
    shown = conversation.thread(thread) if thread else conversation.top_level()
    own = [
        message
        for (user, _), message in conversation.ephemerals.items()
        if user == request["as"] and message.get("thread_ts", "") == thread
    ]
    return {"messages": sorted(copy.deepcopy([*shown, *own]), key=lambda message: float(message["ts"]))}


async def _views(ws: Workspace, request: Json) -> Json:
    """What is open in front of a person, topmost last, so that a reloaded page shows it again."""
    known, user = ws.store.views, request["as"]
    home = known.get(ws.store.homes.get(user, ""))
    return {"modals": [known[view_id] for view_id in ws.store.stacks.get(user, [])], "home": home}


async def _log(ws: Workspace, request: Json) -> Json:
    return ws.journal.as_json()


async def _message(ws: Workspace, request: Json) -> Json:
    rest = str(request.get("thread_ts") or ""), str(request.get("snippet") or "")
    return {"ts": typing_in.write(ws, request["as"], request["channel"], str(request.get("text") or ""), *rest)}


def _told(problem: str) -> Json:
    return {"problem": problem} if problem else {}


async def _command(ws: Workspace, request: Json) -> Json:
    return _told(await typing_in.command(ws, request["as"], request["channel"], request["text"]))


async def _action(ws: Workspace, request: Json) -> Json:
    what = request["container"], request["block_id"], request["action"], request.get("state") or {}
    return _told(await clicking.act(ws, request["as"], *what))


async def _options(ws: Workspace, request: Json) -> Json:
    what = request["container"], request["block_id"], request["action_id"], str(request.get("value", ""))
    return await clicking.suggest(ws, request["as"], *what)


async def _submit(ws: Workspace, request: Json) -> Json:
    return await clicking.submit(ws, request["as"], request["view_id"], request.get("state") or {})


async def _close(ws: Workspace, request: Json) -> Json:
    await clicking.close(ws, request["as"], request["view_id"])
    return {}


async def _shortcut(ws: Workspace, request: Json) -> Json:
    what = request["callback_id"], request["channel"], request["message_ts"]
    return _told(await clicking.shortcut(ws, request["as"], *what))


async def _home(ws: Workspace, request: Json) -> Json:
    return {"view": clicking.open_home(ws, request["as"])}


async def _fault(ws: Workspace, request: Json) -> Json:
    fault = ws.faults.arm(request)
    match fault.kind if fault else "none":
        case "disconnect":
            await ws.sockets.refresh()
        case "abort":
            ws.sockets.abort()
    return {}
