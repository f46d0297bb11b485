"""What happens when a person clicks: buttons, menus, modals, shortcuts, Home. Only what is on screen can be clicked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import payloads, views
from .blockkit import check_options
from .delivery import Undelivered
from .messages import tell_app_of
from .shapes import Denied, Json, Refusal
from .typing_in import report, seen_by
from .workspace import Workspace

DEFAULT_QUERY_LENGTH = 3
"""Slack asks an external select for options from the third character on, unless min_query_length says otherwise."""
TROUBLE = "We had some trouble connecting. Try again?"
_CHOSEN = ("value", "selected_option", "selected_options", "selected_user", "selected_users", "selected_channel")
_CHOSEN_MORE = ("selected_conversation", "selected_date", "selected_time", "selected_date_time", "rich_text_value")


async def act(ws: Workspace, user: str, container: Json, block_id: str, action: Json, state: Json) -> str:
    """Press a button or choose from a menu; returns the problem shown to the person, or nothing."""
    payload, blocks = _container(ws, "block_actions", user, container)
    element = _element(blocks, block_id, str(action.get("action_id", "")))
    done = _performed(element, action) | {"block_id": block_id}
    try:
        await ws.dispatcher.ask("interactive", payloads.with_action(ws, payload, done, _state(state)))
    except Undelivered as failure:
        return report(ws, user, f'{ws.identity.bot_name} did not answer this click ("{failure.shown}").')
    return ""


async def suggest(ws: Workspace, user: str, container: Json, block_id: str, action_id: str, value: str) -> Json:
    """Ask the app for the options of an external select."""
    payload, blocks = _container(ws, "block_suggestion", user, container)
    element = _element(blocks, block_id, action_id)
    if len(value) < element.get("min_query_length", DEFAULT_QUERY_LENGTH):
        return {"options": []}
    asked = {"action_id": action_id, "block_id": block_id, "value": value}
    try:
        answer = await ws.dispatcher.ask("interactive", payload | asked)
    except Undelivered as failure:
        report(ws, user, f'The menu could not be filled ("{failure.shown}").')
        return {"options": []}
    if complaints := check_options(answer):
        report(ws, user, f"The menu could not be filled: {complaints[0]}")
        return {"options": []}
    return answer


async def submit(ws: Workspace, user: str, view_id: str, state: Json) -> Json:
    """Press a modal's submit button; returns {"errors": {block_id: text}} when the modal stays open for them."""
    view = _top_modal(ws, user, view_id)
    given = _state(state)
    if missing := _missing(view, given["values"]):
        return {"errors": missing}
    view["state"] = given
    try:
        answer = await ws.dispatcher.ask("interactive", payloads.view_submission(ws, user, view, given))
        return _after_submission(ws, user, view, answer)
    except (Undelivered, Refusal) as failure:
        report(ws, user, f"{TROUBLE} ({failure})")
        return {"problem": TROUBLE}


def _after_submission(ws: Workspace, user: str, view: Json, answer: Json) -> Json:
    match answer.get("response_action"):
        case None:
            views.close(ws, user, everything=False)
        case "clear":
            views.close(ws, user, everything=True)
        case "update":
            views.update(ws, view["id"], views.checked(answer.get("view")))
        case "push":
            views.push_modal(ws, user, views.checked(answer.get("view")))
        case "errors":
            inputs = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
            errors = answer.get("errors")
            if not isinstance(errors, dict) or not errors or not errors.keys() <= inputs:
                raise Refusal("the errors do not name input blocks of the view")
            return {"errors": errors}
        case other:
            raise Refusal(f"{other!r} is not a response_action")
    return {}


async def close(ws: Workspace, user: str, view_id: str) -> None:
    """Dismiss the topmost modal, and tell the app if the modal asked for that."""
    view = _top_modal(ws, user, view_id)
    cleared = bool(view["clear_on_close"])
    for closed in views.close(ws, user, everything=cleared):
        if closed["notify_on_close"]:
            try:
                payload = payloads.view_closed(ws, user, closed, cleared=cleared)
                await ws.dispatcher.ask("interactive", payload)
            except Undelivered as failure:
                report(ws, user, f"{TROUBLE} ({failure})")


async def shortcut(ws: Workspace, user: str, callback_id: str, channel: str, message_ts: str) -> str:
    """Use a message shortcut; returns the problem shown to the person, or nothing."""
    conversation = seen_by(ws, user, channel)
    message = ws.store.message_seen_by(conversation, user, message_ts)
    if ws.manifest.shortcut(callback_id) is None or message is None:
        raise Denied("unknown_shortcut", "This message has no such shortcut.")
    payload = payloads.message_shortcut(ws, user, conversation, message, callback_id)
    try:
        await ws.dispatcher.ask("interactive", payload)
    except Undelivered as failure:
        return report(ws, user, f'The shortcut failed with the error "{failure.shown}"')
    return ""


def open_home(ws: Workspace, user: str) -> Json | None:
    """Open the app's Home tab; returns what is published there now."""
    if user not in ws.store.people:
        raise Denied("user_not_found", f"Nobody here has the id {user!r}.")
    view = ws.store.views.get(ws.store.homes.get(user, ""))
    event: Json = {"user": user, "channel": ws.store.open_im(user).id, "tab": "home"}
    tell_app_of(ws, "app_home_opened", event | ({"view": view} if view else {}))
    return view


def _container(ws: Workspace, kind: str, user: str, container: Json) -> tuple[Json, list[Json]]:
    if not ws.manifest.interactive:
        raise Denied("not_interactive", "This app is not configured to handle interactive responses.")
    if "view_id" in container:
        view = _own_view(ws, user, str(container["view_id"]))
        return payloads.in_view(ws, kind, user, view), view["blocks"]
    conversation = seen_by(ws, user, str(container.get("channel", "")))
    message = ws.store.message_seen_by(conversation, user, str(container.get("message_ts", "")))
    if message is None:
        raise Denied("message_not_found", "This message is gone.")
    return payloads.in_message(ws, kind, user, conversation, message), message.get("blocks", [])


def _own_view(ws: Workspace, user: str, view_id: str) -> Json:
    open_views = {*ws.store.stacks.get(user, []), ws.store.homes.get(user, "")}
    if view_id not in open_views or view_id not in ws.store.views:
        raise Denied("view_not_found", "This view is closed.")
    view: Json = ws.store.views[view_id]
    return view


def _top_modal(ws: Workspace, user: str, view_id: str) -> Json:
    """The modal on top, the only one a person can submit or dismiss."""
    if view_id not in ws.store.stacks.get(user, [])[-1:]:
        raise Denied("view_not_found", "This view is closed.")
    view: Json = ws.store.views[view_id]
    return view


def _elements(blocks: list[Json]) -> Iterator[tuple[str, Json]]:
    for block in blocks:
        for element in [*block.get("elements", ()), block.get("accessory"), block.get("element")]:
            if isinstance(element, dict):
                yield block["block_id"], element


def _element(blocks: list[Json], block_id: str, action_id: str) -> Json:
    for found, element in _elements(blocks):
        if found == block_id and element.get("action_id") == action_id:
            return element
    raise Denied("action_not_found", "What you clicked is no longer there.")


def _performed(element: Json, action: Json) -> Json:
    """The action as Slack reports it: a button's value is the one on screen, never one the click brought along."""
    done: Json = {"type": element["type"], "action_id": element["action_id"]}
    if element["type"] in ("button", "workflow_button"):
        return done | {name: element[name] for name in ("text", "value", "style", "url", "confirm") if name in element}
    done |= {name: action[name] for name in (*_CHOSEN, *_CHOSEN_MORE) if name in action}
    offered: list[Any] = [*element.get("options", ())]
    for group in element.get("option_groups", ()):
        offered += group["options"]
    if element["type"] in ("static_select", "overflow", "radio_buttons"):
        values = [option["value"] for option in offered]
        if (done.get("selected_option") or {}).get("value", values[0]) not in values:
            raise Denied("invalid_option", "This choice is not in the menu.")
    return done


def _state(state: Json) -> Json:
    """Slack's form of a state, whether the page sent the values alone or wrapped."""
    return {"values": state["values"]} if "values" in state else {"values": state}


def _missing(view: Json, values: Json) -> dict[str, str]:
    """The required input blocks left empty: Slack tells the person so itself and does not bother the app."""
    errors = {}
    for block in view["blocks"]:
        if block["type"] != "input" or block.get("optional"):
            continue
        element = block["element"]
        given = values.get(block["block_id"], {}).get(element.get("action_id"), {})
        if not any(given.get(name) for name in (*_CHOSEN, *_CHOSEN_MORE)):
            errors[block["block_id"]] = "Please complete this required field."
    return errors
