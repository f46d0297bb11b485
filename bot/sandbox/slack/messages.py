"""How does a message come to be, change and go? Keeps threads counted, tells the pages, and tells the app what it may hear."""

from __future__ import annotations

import copy
from typing import Any

from .objects import CANNOT_DISPLAY, with_defaults
from .payloads import event_callback, public
from .shapes import Json, Refusal
from .store import Conversation
from .workspace import Workspace

MESSAGE_EVENT = {"channel": "message.channels", "group": "message.groups", "im": "message.im"}
LONGEST_TEXT = 40_000


def from_bot(ws: Workspace, text: str, blocks: list[Json] | None, attachments: list[Json] | None = None) -> Json:
    """A message by the app's bot, not yet posted."""
    identity = ws.identity
    message: Json = {
        "type": "message",
        "user": identity.bot_user,
        "bot_id": identity.bot_id,
        "app_id": identity.app_id,
        "team": identity.team_id,
        "text": (text or (CANNOT_DISPLAY if blocks else ""))[:LONGEST_TEXT],
        "bot_profile": {
            "id": identity.bot_id,
            "app_id": identity.app_id,
            "name": identity.bot_name,
            "team_id": identity.team_id,
            "deleted": False,
        },
    }
    if blocks:
        message["blocks"] = with_defaults(blocks)
    if attachments:
        message["attachments"] = copy.deepcopy(attachments)
    return message


def post(ws: Workspace, conversation: Conversation, message: Json, thread_ts: str = "") -> Json:
    """Post a message and return it with its ts; raises Refusal when the thread does not exist."""
    root = _thread_root(conversation, thread_ts) if thread_ts else None
    message = {**message, "ts": ws.store.next_ts()}
    if root is not None:
        message |= {"thread_ts": thread_ts, "parent_user_id": root.get("user", "")}
    conversation.messages[message["ts"]] = message
    if root is not None:
        _count_replies(ws, conversation, root)
    ws.feed.publish({"type": "message", "channel": conversation.id, "message": copy.deepcopy(message)})
    tell_app(ws, conversation, public(message))
    return message


def _thread_root(conversation: Conversation, thread_ts: str) -> Json:
    root = conversation.messages.get(thread_ts)
    if root is None:
        raise Refusal("thread_not_found")
    if root.get("thread_ts", thread_ts) != thread_ts:
        # Slack only advises against naming a reply here; it is always a mistake, so it is refused.
        raise Refusal("cannot_reply_to_message")
    return root


def _count_replies(ws: Workspace, conversation: Conversation, root: Json) -> None:
    replies = [message for message in conversation.thread(root["ts"]) if message is not root]
    writers = list(dict.fromkeys(reply["user"] for reply in replies))
    root |= {"reply_count": len(replies), "reply_users": writers, "reply_users_count": len(writers)}
    if replies:
        root |= {"thread_ts": root["ts"], "latest_reply": replies[-1]["ts"]}
    _show_change(ws, conversation, root)


def change(ws: Workspace, conversation: Conversation, ts: str, new: Json) -> Json:
    """Replace fields of a posted message (None removes one) and return it."""
    message = conversation.messages[ts]
    before = public(message)
    for name, value in new.items():
        if value is None:
            message.pop(name, None)
        else:
            message[name] = value
    message["edited"] = {"user": message.get("bot_id", message["user"]), "ts": ws.store.next_ts()}
    _show_change(ws, conversation, message)
    event = {"subtype": "message_changed", "message": public(message), "previous_message": before, "hidden": True}
    tell_app(ws, conversation, {"type": "message", "ts": ws.store.next_ts()} | event)
    return message


def delete(ws: Workspace, conversation: Conversation, ts: str) -> None:
    """Remove a posted message."""
    before = conversation.messages.pop(ts)
    root = conversation.messages.get(before.get("thread_ts", ""))
    if root is not None:
        _count_replies(ws, conversation, root)
    ws.feed.publish({"type": "message_deleted", "channel": conversation.id, "ts": ts})
    event = {"subtype": "message_deleted", "deleted_ts": ts, "previous_message": public(before), "hidden": True}
    tell_app(ws, conversation, {"type": "message", "ts": ws.store.next_ts()} | event)


def react(ws: Workspace, conversation: Conversation, message: Json, name: str, user: str, *, add: bool) -> None:
    """Add or take back a reaction; raises Refusal when it is there already, or is not."""
    reactions: list[Json] = message.setdefault("reactions", [])
    known = next((reaction for reaction in reactions if reaction["name"] == name), None)
    users: list[str] = known["users"] if known else []
    if add == (user in users):
        raise Refusal("already_reacted" if add else "no_reaction")
    users = [*users, user] if add else [other for other in users if other != user]
    changed: Json = {"name": name, "users": users, "count": len(users)}
    kept = [reaction for reaction in reactions if reaction is not known]
    message["reactions"] = [*kept, changed] if users else kept
    _show_change(ws, conversation, message)
    item = {"type": "message", "channel": conversation.id, "ts": message["ts"]}
    tell_app_of(ws, f"reaction_{'added' if add else 'removed'}", {"user": user, "reaction": name, "item": item})


def post_ephemeral(ws: Workspace, conversation: Conversation, user: str, message: Json, thread_ts: str = "") -> Json:
    """Show a message to one person only: kept for their page, never in history and never an event."""
    marks: Json = {"is_ephemeral": True, "ephemeral": True, "ts": ws.store.next_ts()}
    message = message | marks | ({"thread_ts": thread_ts} if thread_ts else {})
    conversation.ephemerals[user, message["ts"]] = message
    show_ephemeral(ws, conversation, user, message)
    return message


def show_ephemeral(ws: Workspace, conversation: Conversation, user: str, message: Json) -> None:
    """Tell a person's page about an ephemeral, new or replaced (the ts tells which)."""
    shown = {"type": "ephemeral", "channel": conversation.id, "user": user, "message": copy.deepcopy(message)}
    ws.feed.publish(shown)


def _show_change(ws: Workspace, conversation: Conversation, message: Json) -> None:
    shown = {"type": "message_changed", "channel": conversation.id, "message": copy.deepcopy(message)}
    ws.feed.publish(shown)


def tell_app(ws: Workspace, conversation: Conversation, event: Json) -> None:
    """Send a message event if the app is in the conversation and subscribed to this kind of it."""
    if ws.identity.bot_user not in conversation.members:
        return
    kind = MESSAGE_EVENT[conversation.kind]
    rest = {"channel": conversation.id, "event_ts": event["ts"], "channel_type": conversation.kind}
    if ws.manifest.delivers(kind):
        ws.dispatcher.event(event_callback(ws, event | rest))


def tell_app_of(ws: Workspace, kind: str, event: dict[str, Any]) -> None:
    """Send any other event the app subscribed to."""
    if ws.manifest.delivers(kind):
        stamped = {"type": kind, "event_ts": ws.store.next_ts()} | event
        ws.dispatcher.event(event_callback(ws, stamped))
