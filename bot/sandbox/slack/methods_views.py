"""views.*: may this modal be opened now, by this trigger, and may this view still be changed?"""

from __future__ import annotations

from . import views
from .shapes import Json, Refusal
from .wire import decoded, optional, text
from .workspace import Workspace


def _given(arguments: Json, kind: str) -> Json:
    view = views.checked(decoded(arguments, "view", "invalid_arguments"))
    if view["type"] != kind:
        messages = [f"[ERROR] must be a {kind} [json-pointer:/view/type]"]
        raise Refusal("invalid_arguments", response_metadata={"messages": messages})
    return view


def _trigger_id(arguments: Json) -> str:
    return text(arguments, "trigger_id" if "trigger_id" in arguments else "interactivity_pointer")


def open_view(ws: Workspace, arguments: Json) -> Json:
    """views.open"""
    view = _given(arguments, "modal")
    trigger = ws.tickets.exchange(_trigger_id(arguments))
    return {"view": views.open_modal(ws, trigger.user, view)}


def push_view(ws: Workspace, arguments: Json) -> Json:
    """views.push, only from an interaction inside a modal."""
    view = _given(arguments, "modal")
    trigger = ws.tickets.exchange(_trigger_id(arguments))
    if not trigger.in_modal:
        raise Refusal("invalid_trigger_id")
    return {"view": views.push_modal(ws, trigger.user, view)}


def update_view(ws: Workspace, arguments: Json) -> Json:
    """views.update, by view_id or external_id."""
    external = optional(arguments, "external_id")
    view_id = optional(arguments, "view_id") or next(
        (known["id"] for known in ws.store.views.values() if external and known["external_id"] == external), ""
    )
    stored = ws.store.views.get(view_id)
    if stored is None:
        raise Refusal("not_found")
    if arguments.get("hash") not in (None, "", stored["hash"]):
        raise Refusal("hash_conflict")
    return {"view": views.update(ws, view_id, _given(arguments, stored["type"]))}


def publish_view(ws: Workspace, arguments: Json) -> Json:
    """views.publish: a person's Home tab."""
    user = text(arguments, "user_id")
    if user not in ws.store.people:
        raise Refusal("invalid_arguments")
    if not ws.manifest.home_tab:
        raise Refusal("not_enabled")
    home = ws.store.views.get(ws.store.homes.get(user, ""))
    if home is not None and arguments.get("hash") not in (None, "", home["hash"]):
        raise Refusal("hash_conflict")
    return {"view": views.publish(ws, user, _given(arguments, "home"))}


METHODS = {
    "views.open": open_view,
    "views.push": push_view,
    "views.update": update_view,
    "views.publish": publish_view,
}
