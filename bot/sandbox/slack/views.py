"""Modals and the Home tab: opened, pushed, updated, closed, each change checked first. It never talks to the app."""

from __future__ import annotations

import copy
import json
import secrets
from typing import Any

from .blockkit import check_view
from .blockkit_limits import VIEW_BYTES
from .objects import with_defaults
from .shapes import Json, Refusal
from .store import new_id
from .workspace import Workspace

DEEPEST_STACK = 3


def checked(view: Any) -> Json:
    """Return the view as given; refuses one Slack would refuse."""
    complaints = check_view(view)
    if complaints:
        messages = [f"[ERROR] {complaint}" for complaint in complaints]
        raise Refusal("invalid_arguments", response_metadata={"messages": messages})
    if len(json.dumps(view)) > VIEW_BYTES:
        raise Refusal("view_too_large")
    given: Json = view
    return given


def open_modal(ws: Workspace, user: str, view: Json) -> Json:
    """Open the first modal of a stack, in place of whatever was open."""
    close(ws, user, everything=True)
    stored = _store(ws, view, root="", previous="")
    ws.store.stacks[user] = [stored["id"]]
    _show(ws, "view_opened", user, stored)
    return stored


def push_modal(ws: Workspace, user: str, view: Json) -> Json:
    """Put a modal on top of the open ones; refuses the fourth."""
    stack = ws.store.stacks.get(user, [])
    if not stack:
        raise Refusal("not_found")
    if len(stack) >= DEEPEST_STACK:
        raise Refusal("push_limit_reached")
    stored = _store(ws, view, root=stack[0], previous=stack[-1])
    stack.append(stored["id"])
    _show(ws, "view_opened", user, stored)
    return stored


def update(ws: Workspace, view_id: str, view: Json) -> Json:
    """Replace the content of an open view."""
    old = ws.store.views[view_id]
    kept = {name: old[name] for name in ("id", "root_view_id", "previous_view_id")}
    stored = _complete(ws, view) | kept
    ws.store.views[view_id] = stored
    if stored["type"] == "home":
        _show(ws, "home", next(user for user, home in ws.store.homes.items() if home == view_id), stored)
    else:
        _show(ws, "view_updated", owner(ws, view_id), stored)
    return stored


def publish(ws: Workspace, user: str, view: Json) -> Json:
    """Publish a person's Home tab."""
    if user in ws.store.homes:
        return update(ws, ws.store.homes[user], view)
    stored = _store(ws, view, root="", previous="")
    ws.store.homes[user] = stored["id"]
    _show(ws, "home", user, stored)
    return stored


def close(ws: Workspace, user: str, *, everything: bool) -> list[Json]:
    """Close the topmost modal, or all; returns the closed views, topmost first."""
    stack = ws.store.stacks.get(user, [])
    closing = list(reversed(stack)) if everything else stack[-1:]
    ws.store.stacks[user] = [view_id for view_id in stack if view_id not in closing]
    for view_id in closing:
        ws.feed.publish({"type": "view_closed", "user": user, "view_id": view_id})
    return [ws.store.views.pop(view_id) for view_id in closing]


def owner(ws: Workspace, view_id: str) -> str:
    """The person in front of whom a modal is open; refuses a closed one."""
    for user, stack in ws.store.stacks.items():
        if view_id in stack:
            return user
    raise Refusal("not_found")


def _store(ws: Workspace, view: Json, *, root: str, previous: str) -> Json:
    external = view.get("external_id")
    if external and any(known["external_id"] == external for known in ws.store.views.values()):
        raise Refusal("duplicate_external_id")
    view_id = new_id("V")
    stored = _complete(ws, view) | {
        "id": view_id,
        "root_view_id": root or view_id,
        "previous_view_id": previous or None,
    }
    ws.store.views[view_id] = stored
    return stored


def _complete(ws: Workspace, view: Json) -> Json:
    defaults: Json = {
        "callback_id": "",
        "private_metadata": "",
        "external_id": "",
        "title": {"type": "plain_text", "text": "View Title", "emoji": True},
        "close": None,
        "submit": None,
        "clear_on_close": False,
        "notify_on_close": False,
    }
    return (
        defaults
        | view
        | {
            "blocks": with_defaults(view["blocks"]),
            "team_id": ws.identity.team_id,
            "app_installed_team_id": ws.identity.team_id,
            "app_id": ws.identity.app_id,
            "bot_id": ws.identity.bot_id,
            "state": {"values": {}},
            "hash": f"{int(ws.clock())}.{secrets.token_hex(4)}",
        }
    )


def _show(ws: Workspace, kind: str, user: str, view: Json) -> None:
    ws.feed.publish({"type": kind, "user": user, "view": copy.deepcopy(view)})
