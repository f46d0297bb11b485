"""What happens when a person types: a message, a long paste, a mention, a slash command. Denied is what Slack would say."""

from __future__ import annotations

import secrets
from typing import Any

from .delivery import Undelivered
from .inbound import SNIPPET_FROM, Typed, transform
from .messages import post, tell_app_of
from .objects import snippet
from .payloads import public, slash_command
from .responses import say
from .shapes import Denied, Json, Refusal
from .store import Conversation, new_id
from .workspace import Workspace


def seen_by(ws: Workspace, user: str, channel: str) -> Conversation:
    """A conversation this person is in."""
    if user not in ws.store.people:
        raise Denied("user_not_found", f"Nobody here has the id {user!r}.")
    conversation = ws.store.conversations.get(channel)
    if conversation is None or user not in conversation.members:
        raise Denied("not_in_channel", "You are not in this conversation.")
    return conversation


def write(ws: Workspace, user: str, channel: str, text: str, thread_ts: str = "", attached: str = "") -> str:
    """Post a person's message and return its ts; a long text, or `attached`, becomes a snippet file."""
    conversation = seen_by(ws, user, channel)
    if not text.strip() and not attached:
        raise Denied("no_text", "There is nothing to send.")
    if len(text) > SNIPPET_FROM and not attached:
        text, attached = "", text
    typed = _typed(ws, text)
    message: Json = {
        "type": "message",
        "user": user,
        "team": ws.identity.team_id,
        "client_msg_id": secrets.token_hex(16),
        "text": typed.text,
    }
    if typed.text:
        message["blocks"] = typed.blocks
    if attached:
        message |= {"subtype": "file_share", "upload": False, "files": [_keep_snippet(ws, user, attached)]}
    try:
        posted = post(ws, conversation, message, thread_ts)
    except Refusal as refusal:
        raise Denied(refusal.error, "This thread is gone.") from refusal
    _mention(ws, conversation, posted)
    return str(posted["ts"])


def _typed(ws: Workspace, text: str) -> Typed:
    for person in ws.store.people.values():  # a full name has a space, which ends a mention
        text = text.replace(f"@{person.real_name}", f"@{person.name}")
    return transform(text, lambda name: _mentioned(ws, name), secrets.token_urlsafe(4))


def _mentioned(ws: Workspace, name: str) -> dict[str, Any] | None:
    """Turn a typed @name or #name into the mention Slack's composer would make of it."""
    called = name[1:]
    if name[0] == "#":
        known = next((c for c in ws.store.conversations.values() if c.name == called), None)
        return {"type": "channel", "channel_id": known.id} if known else None
    if called in ("here", "channel", "everyone"):
        return {"type": "broadcast", "range": called}
    if called in (ws.identity.bot_name, ws.identity.bot_user):
        return {"type": "user", "user_id": ws.identity.bot_user}
    person = next((p for p in ws.store.people.values() if called in (p.name, p.id)), None)
    if person is not None:
        return {"type": "user", "user_id": person.id}
    group = next((g for g in ws.store.usergroups.values() if g.handle == called), None)
    return {"type": "usergroup", "usergroup_id": group.id} if group else None


def _keep_snippet(ws: Workspace, user: str, content: str) -> Json:
    file_id = new_id("F")
    file = snippet(file_id, user, "Untitled", content, ws.base_url, int(ws.clock()))
    ws.store.files[file_id] = file
    ws.store.file_bodies[file_id] = content.encode()
    return file


def _mention(ws: Workspace, conversation: Conversation, message: Json) -> None:
    """Tell the app it was mentioned; where it is not a member, tell the person, as Slackbot does."""
    if f"<@{ws.identity.bot_user}>" not in message["text"] or conversation.kind == "im":
        return
    if ws.identity.bot_user not in conversation.members:
        name = ws.identity.bot_name
        ws.problem(f"You mentioned @{name}, but they're not in this channel. Invite them first.", message["user"])
        return
    event = public(message) | {"channel": conversation.id, "event_ts": message["ts"]}
    tell_app_of(ws, "app_mention", event | {"type": "app_mention"})


async def command(ws: Workspace, user: str, channel: str, text: str) -> str:
    """Run a slash command; returns the problem shown to the person, or nothing."""
    conversation = seen_by(ws, user, channel)
    name, _, rest = text.strip().partition(" ")
    if ws.manifest.command(name) is None:
        raise Denied("unknown_command", f"{name} is not a valid command.")
    payload = slash_command(ws, user, conversation, name, rest.strip())
    try:
        answer = await ws.dispatcher.ask("slash_commands", payload)
        if answer:
            say(ws, conversation, user, answer)
    except Undelivered as failure:
        return report(ws, user, f'{name} failed with the error "{failure.shown}"')
    except Refusal as refusal:
        return report(ws, user, f'{name} failed with the error "{refusal.error}"')
    return ""


def report(ws: Workspace, user: str, text: str) -> str:
    """Show a problem to a person and return it."""
    ws.problem(text, user)
    return text
