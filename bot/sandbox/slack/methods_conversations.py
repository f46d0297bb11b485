"""conversations.* and reactions.*: what may the bot read where, and in which order does Slack give it?"""

from __future__ import annotations

import base64
import re

from .messages import react
from .payloads import conversation_object, public
from .scopes import SCOPE_PREFIX
from .shapes import Json, Refusal
from .store import Conversation
from .wire import flag, number, optional, text
from .workspace import Workspace

_EMOJI_NAME = re.compile(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?")


def conversation_of(ws: Workspace, arguments: Json) -> Conversation:
    """The conversation a call names, by id or #name; refuses one the bot cannot know of."""
    conversation = ws.store.find(text(arguments, "channel"))
    if conversation is None or (conversation.kind == "group" and ws.identity.bot_user not in conversation.members):
        raise Refusal("channel_not_found")
    return conversation


def _scoped(ws: Workspace, arguments: Json, verb: str) -> Conversation:
    conversation = conversation_of(ws, arguments)
    ws.manifest.require(f"{SCOPE_PREFIX[conversation.kind]}:{verb}")
    return conversation


def _readable(ws: Workspace, arguments: Json) -> Conversation:
    conversation = _scoped(ws, arguments, "history")
    if ws.identity.bot_user not in conversation.members:
        raise Refusal("not_in_channel")
    return conversation


def _page(messages: list[Json], arguments: Json, default: int) -> Json:
    """One page of messages inside oldest … latest, with Slack's cursor to the next."""
    oldest, latest = optional(arguments, "oldest"), optional(arguments, "latest")
    inclusive = flag(arguments, "inclusive")

    def inside(ts: str) -> bool:
        if inclusive and ts in (oldest, latest):
            return True
        return (not oldest or float(ts) > float(oldest)) and (not latest or float(ts) < float(latest))

    metadata = flag(arguments, "include_all_metadata")

    def shown(message: Json) -> Json:
        return public(message) | ({"metadata": message["metadata"]} if metadata and "metadata" in message else {})

    wanted = [shown(message) for message in messages if inside(message["ts"])]
    limit = min(number(arguments, "limit", default), 1000)
    start = _offset(optional(arguments, "cursor"))
    more = start + limit < len(wanted)
    answer: Json = {"messages": wanted[start : start + limit], "has_more": more}
    if more:
        cursor = base64.b64encode(f"next:{start + limit}".encode()).decode()
        answer["response_metadata"] = {"next_cursor": cursor}
    return answer


def _offset(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return int(base64.b64decode(cursor).decode().removeprefix("next:"))
    except ValueError as broken:
        raise Refusal("invalid_cursor") from broken


def info(ws: Workspace, arguments: Json) -> Json:
    """conversations.info"""
    return {"channel": conversation_object(ws, _scoped(ws, arguments, "read"))}


def members(ws: Workspace, arguments: Json) -> Json:
    """conversations.members"""
    conversation = _scoped(ws, arguments, "read")
    return {"members": sorted(conversation.members), "response_metadata": {"next_cursor": ""}}


def history(ws: Workspace, arguments: Json) -> Json:
    """conversations.history, newest first."""
    return _page(_readable(ws, arguments).top_level()[::-1], arguments, 100)


def replies(ws: Workspace, arguments: Json) -> Json:
    """conversations.replies: the root and its replies, oldest first; asked with a reply's ts, that reply alone."""
    conversation, ts = _readable(ws, arguments), text(arguments, "ts")
    if ts not in conversation.messages:
        raise Refusal("thread_not_found")
    return _page(conversation.thread(ts), arguments, 1000)


def open_conversation(ws: Workspace, arguments: Json) -> Json:
    """conversations.open with one person."""
    users = [user for user in optional(arguments, "users").split(",") if user]
    if len(users) > 1:
        ws.manifest.require("mpim:write")
    if len(users) != 1:
        raise Refusal("invalid_arguments")
    person = ws.store.people.get(users[0])
    if person is None:
        raise Refusal("user_not_found")
    if person.deleted:
        raise Refusal("user_disabled")
    conversation = ws.store.open_im(person.id)
    full = flag(arguments, "return_im")
    return {"channel": conversation_object(ws, conversation) if full else {"id": conversation.id}}


def memberships(ws: Workspace, arguments: Json) -> Json:
    """users.conversations: where the bot is a member, by the kinds that were asked for."""
    kinds = {"public_channel": "channel", "private_channel": "group", "im": "im"}
    asked = [kinds[kind] for kind in (optional(arguments, "types") or "public_channel").split(",") if kind in kinds]
    for kind in asked:
        ws.manifest.require(f"{SCOPE_PREFIX[kind]}:read")
    mine = [one for one in ws.store.conversations.values() if one.kind in asked and ws.identity.bot_user in one.members]
    return {"channels": [conversation_object(ws, one) for one in mine], "response_metadata": {"next_cursor": ""}}


def _react(ws: Workspace, arguments: Json, *, add: bool) -> Json:
    conversation = conversation_of(ws, arguments)
    message = conversation.messages.get(text(arguments, "timestamp"))
    if message is None:
        raise Refusal("message_not_found")
    name = text(arguments, "name").strip(":")
    if not _EMOJI_NAME.fullmatch(name):
        raise Refusal("invalid_name")
    react(ws, conversation, message, name, ws.identity.bot_user, add=add)
    return {}


def add_reaction(ws: Workspace, arguments: Json) -> Json:
    """reactions.add"""
    return _react(ws, arguments, add=True)


def remove_reaction(ws: Workspace, arguments: Json) -> Json:
    """reactions.remove"""
    return _react(ws, arguments, add=False)


METHODS = {
    "conversations.info": info,
    "conversations.members": members,
    "conversations.history": history,
    "conversations.replies": replies,
    "conversations.open": open_conversation,
    "users.conversations": memberships,
    "reactions.add": add_reaction,
    "reactions.remove": remove_reaction,
}
