"""What does Slack send the app? One builder per payload, the same for Socket Mode and HTTP."""

from __future__ import annotations

import copy
from typing import Any

from .objects import channel as channel_object
from .shapes import Json
from .store import Conversation, new_id
from .workspace import Workspace


def event_callback(ws: Workspace, event: Json) -> Json:
    """The envelope of an Events API event; made once, so that every retry carries the same event_id."""
    identity = ws.identity
    return {
        "token": identity.verification_token,
        "team_id": identity.team_id,
        "context_team_id": identity.team_id,
        "context_enterprise_id": None,
        "api_app_id": identity.app_id,
        "event": copy.deepcopy(event),
        "type": "event_callback",
        "event_id": new_id("Ev"),
        "event_time": int(ws.clock()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": identity.team_id,
                "user_id": identity.bot_user,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": new_id("EC"),
    }


def slash_command(ws: Workspace, user: str, conversation: Conversation, command: str, text: str) -> Json:
    """A slash command; every value is text, as in the form Slack posts."""
    return {
        "token": ws.identity.verification_token,
        "team_id": ws.identity.team_id,
        "team_domain": ws.identity.team_domain,
        "channel_id": conversation.id,
        "channel_name": _name(conversation),
        "user_id": user,
        "user_name": ws.store.people[user].name,
        "command": command,
        "text": text,
        "api_app_id": ws.identity.app_id,
        "is_enterprise_install": "false",
        "response_url": ws.base_url + ws.tickets.response(channel=conversation.id, user=user),
        "trigger_id": ws.tickets.trigger(user),
    }


def _interaction(ws: Workspace, kind: str, user: str) -> Json:
    person = ws.store.people[user]
    team = ws.identity.team_id
    return {
        "type": kind,
        "user": {"id": user, "username": person.name, "name": person.name, "team_id": person.team_id or team},
        "api_app_id": ws.identity.app_id,
        "token": ws.identity.verification_token,
        "team": {"id": team, "domain": ws.identity.team_domain},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def in_message(ws: Workspace, kind: str, user: str, conversation: Conversation, message: Json) -> Json:
    """The part block_actions and block_suggestion share when they come from a message."""
    container = {
        "type": "message",
        "message_ts": message["ts"],
        "channel_id": conversation.id,
        "is_ephemeral": bool(message.get("is_ephemeral")),
    }
    if "thread_ts" in message:
        container["thread_ts"] = message["thread_ts"]
    return _interaction(ws, kind, user) | {
        "container": container,
        "channel": {"id": conversation.id, "name": _name(conversation)},
        "message": public(message),
    }


def in_view(ws: Workspace, kind: str, user: str, view: Json) -> Json:
    """The part block_actions, block_suggestion, view_submission and view_closed share when they come from a view."""
    return _interaction(ws, kind, user) | {
        "container": {"type": "view", "view_id": view["id"]},
        "view": copy.deepcopy(view),
    }


def with_action(ws: Workspace, payload: Json, action: Json, state: Json) -> Json:
    """Complete a block_actions payload with what was clicked, a fresh trigger and, for a message, a response_url."""
    user, container = payload["user"]["id"], payload["container"]
    if container["type"] == "view":
        payload["view"]["state"] = state
        rest: Json = {}
    else:
        path = ws.tickets.response(
            channel=container["channel_id"],
            user=user,
            message_ts=container["message_ts"],
            thread_ts=container.get("thread_ts", ""),
            is_ephemeral=container["is_ephemeral"],
        )
        rest = {"response_url": ws.base_url + path, "state": state}
    return (
        payload
        | rest
        | {
            "trigger_id": ws.tickets.trigger(user, in_modal=container["type"] == "view"),
            "actions": [action | {"action_ts": ws.store.next_ts()}],
        }
    )


def view_submission(ws: Workspace, user: str, view: Json, state: Json) -> Json:
    """A person pressed the submit button of a modal."""
    payload = in_view(ws, "view_submission", user, view)
    payload["view"]["state"] = state
    del payload["container"]
    return payload | {"trigger_id": ws.tickets.trigger(user, in_modal=True), "response_urls": []}


def view_closed(ws: Workspace, user: str, view: Json, *, cleared: bool) -> Json:
    """A person dismissed a modal that asked to be told."""
    payload = in_view(ws, "view_closed", user, view)
    del payload["container"]
    return payload | {"is_cleared": cleared}


def message_shortcut(ws: Workspace, user: str, conversation: Conversation, message: Json, callback_id: str) -> Json:
    """A person chose the app's shortcut on a message."""
    path = ws.tickets.response(channel=conversation.id, user=user, thread_ts=message.get("thread_ts", ""))
    return _interaction(ws, "message_action", user) | {
        "callback_id": callback_id,
        "trigger_id": ws.tickets.trigger(user),
        "response_url": ws.base_url + path,
        "action_ts": ws.store.next_ts(),
        "message_ts": message["ts"],
        "channel": {"id": conversation.id, "name": _name(conversation)},
        "message": public(message),
    }


def public(message: Json) -> Json:
    """A message as it travels to the app: without the workspace's own marks, and without metadata nobody asked for."""
    mark = {"is_ephemeral", "ephemeral", "metadata"}
    return {key: copy.deepcopy(value) for key, value in message.items() if key not in mark}


def conversation_object(ws: Workspace, conversation: Conversation) -> dict[str, Any]:
    """A conversation as the Web API gives it."""
    return channel_object(conversation, ws.identity)


def _name(conversation: Conversation) -> str:
    return {"im": "directmessage", "group": "privategroup"}.get(conversation.kind, conversation.name)
