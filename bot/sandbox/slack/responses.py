"""What may the app say through a response_url, or in the ack of a slash command? Slack's rules for who sees it."""

from __future__ import annotations

from typing import Any

from .blockkit import check_message, text_size
from .blockkit_limits import BLOCKS_TEXT
from .messages import change, delete, from_bot, post, post_ephemeral, show_ephemeral
from .objects import with_defaults
from .shapes import Json, Refusal
from .store import Conversation
from .tickets import ResponseUrl
from .workspace import Workspace


def refuse_bad_blocks(blocks: object, attachments: object = None) -> None:
    """Refuse, with Slack's error body, blocks that Slack would refuse in a message."""
    if text_size(blocks) > BLOCKS_TEXT:
        raise Refusal("msg_blocks_too_long")
    complaints = check_message(blocks, attachments)
    if complaints:
        errors = [str(complaint) for complaint in complaints]
        metadata = {"messages": [f"[ERROR] {error}" for error in errors]}
        raise Refusal("invalid_blocks", errors=errors, response_metadata=metadata)


def answer_interaction(ws: Workspace, response: ResponseUrl, body: Json) -> None:
    """Do what a body posted to a response_url asks for."""
    conversation = ws.store.conversations[response.channel]
    if body.get("delete_original"):
        _delete_original(ws, conversation, response)
        return
    text, blocks = checked_content(body)
    if body.get("replace_original") and response.message_ts:
        _replace_original(ws, conversation, response, text, blocks)
        return
    thread_ts = str(body.get("thread_ts") or "")
    say(ws, conversation, response.user, body, thread_ts)


def say(ws: Workspace, conversation: Conversation, user: str, body: Json, thread_ts: str = "") -> None:
    """Post an answer: to the person alone, unless it says in_channel."""
    text, blocks = checked_content(body)
    message = from_bot(ws, text, blocks)
    if body.get("response_type") == "in_channel":
        post(ws, conversation, message, thread_ts)
    else:
        post_ephemeral(ws, conversation, user, message, thread_ts)


def checked_content(body: Json) -> tuple[str, list[Json] | None]:
    """The text and blocks of a body; refuses a body with neither."""
    text, blocks = str(body.get("text") or ""), body.get("blocks")
    if blocks:
        refuse_bad_blocks(blocks)
    if not text and not blocks:
        raise Refusal("no_text")
    return text, blocks or None


def new_content(text: str, blocks: list[Json] | None) -> dict[str, Any]:
    """The fields of an edited message; text alone removes the old blocks, as in Slack."""
    return {"text": text, "blocks": with_defaults(blocks) if blocks else None}


def _replace_original(
    ws: Workspace, conversation: Conversation, response: ResponseUrl, text: str, blocks: list[Json] | None
) -> None:
    if not response.is_ephemeral:
        if response.message_ts not in conversation.messages:
            raise Refusal("message_not_found")
        change(ws, conversation, response.message_ts, new_content(text, blocks))
        return
    original = conversation.ephemerals.get((response.user, response.message_ts))
    if original is None:
        raise Refusal("message_not_found")
    marks = {name: original[name] for name in ("ts", "thread_ts", "is_ephemeral", "ephemeral") if name in original}
    replaced = from_bot(ws, text, blocks) | marks
    conversation.ephemerals[response.user, response.message_ts] = replaced
    show_ephemeral(ws, conversation, response.user, replaced)


def _delete_original(ws: Workspace, conversation: Conversation, response: ResponseUrl) -> None:
    if response.is_ephemeral:
        conversation.ephemerals.pop((response.user, response.message_ts), None)
        gone = {"type": "message_deleted", "channel": conversation.id, "ts": response.message_ts}
        ws.feed.publish(gone | {"user": response.user})
    elif response.message_ts in conversation.messages:
        delete(ws, conversation, response.message_ts)
    else:
        raise Refusal("message_not_found")
