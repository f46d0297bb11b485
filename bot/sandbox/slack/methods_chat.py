"""chat.*: may the bot say this here, and what is stored when it does?"""

from __future__ import annotations

from .messages import change, delete, from_bot, post, post_ephemeral
from .methods_conversations import conversation_of
from .payloads import public
from .responses import new_content, refuse_bad_blocks
from .shapes import Json, Refusal
from .store import Conversation
from .wire import decoded, optional, text
from .workspace import Workspace

LONGEST_UPDATE = 4000


def _content(arguments: Json) -> tuple[str, list[Json] | None, list[Json] | None]:
    """The text, blocks and attachments of a call, as far as each was given."""
    if arguments.get("markdown_text") and (arguments.get("text") or arguments.get("blocks")):
        raise Refusal("markdown_text_conflict")
    blocks = decoded(arguments, "blocks", "invalid_blocks_format")
    attachments = decoded(arguments, "attachments", "invalid_attachments")
    if blocks is not None and not isinstance(blocks, list):
        raise Refusal("invalid_blocks_format")
    if blocks or attachments:
        refuse_bad_blocks(blocks or [], attachments)
    written = optional(arguments, "text") or optional(arguments, "markdown_text")
    if not written and not blocks and not attachments:
        raise Refusal("no_text")
    return written, blocks, attachments


def _metadata(arguments: Json) -> Json:
    """The metadata of a call as a field of the message, if it was given."""
    metadata = decoded(arguments, "metadata", "invalid_metadata_format")
    if metadata is None:
        return {}
    if not isinstance(metadata, dict) or not {"event_type", "event_payload"} <= metadata.keys():
        raise Refusal("invalid_metadata_schema")
    return {"metadata": metadata}


def _member(ws: Workspace, arguments: Json) -> Conversation:
    conversation = conversation_of(ws, arguments)
    if ws.identity.bot_user not in conversation.members:
        raise Refusal("not_in_channel")
    return conversation


def post_message(ws: Workspace, arguments: Json) -> Json:
    """chat.postMessage"""
    conversation = _member(ws, arguments)
    written, blocks, attachments = _content(arguments)
    metadata = _metadata(arguments)
    message = from_bot(ws, written, blocks, attachments) | metadata
    message = post(ws, conversation, message, optional(arguments, "thread_ts"))
    return {"channel": conversation.id, "ts": message["ts"], "message": public(message) | metadata}


def post_ephemeral_message(ws: Workspace, arguments: Json) -> Json:
    """chat.postEphemeral"""
    conversation = _member(ws, arguments)
    user = text(arguments, "user")
    if user not in conversation.members:
        raise Refusal("user_not_in_channel")
    written, blocks, attachments = _content(arguments)
    thread_ts = optional(arguments, "thread_ts")
    if thread_ts and thread_ts not in conversation.messages:
        raise Refusal("thread_not_found")
    message = post_ephemeral(ws, conversation, user, from_bot(ws, written, blocks, attachments), thread_ts)
    return {"message_ts": message["ts"]}


def update(ws: Workspace, arguments: Json) -> Json:
    """chat.update"""
    conversation = conversation_of(ws, arguments)
    message = _own_message(ws, conversation, text(arguments, "ts"), "cant_update_message")
    written, blocks, attachments = _content(arguments)
    if len(written) > LONGEST_UPDATE:
        raise Refusal("msg_too_long")
    content = new_content(from_bot(ws, written, blocks)["text"], blocks)
    if attachments is not None:
        content["attachments"] = attachments
    content |= _metadata(arguments)
    message = change(ws, conversation, message["ts"], content)
    answer = {"channel": conversation.id, "ts": message["ts"], "text": message["text"]}
    return answer | {"message": public(message)}


def delete_message(ws: Workspace, arguments: Json) -> Json:
    """chat.delete"""
    conversation = conversation_of(ws, arguments)
    message = _own_message(ws, conversation, text(arguments, "ts"), "cant_delete_message")
    delete(ws, conversation, message["ts"])
    return {"channel": conversation.id, "ts": message["ts"]}


def get_permalink(ws: Workspace, arguments: Json) -> Json:
    """chat.getPermalink"""
    conversation = conversation_of(ws, arguments)
    message = conversation.messages.get(text(arguments, "message_ts"))
    if message is None:
        raise Refusal("message_not_found")
    link = f"{ws.base_url}/archives/{conversation.id}/p{message['ts'].replace('.', '')}"
    if message.get("thread_ts", message["ts"]) != message["ts"]:
        link += f"?thread_ts={message['thread_ts']}&cid={conversation.id}"
    return {"channel": conversation.id, "permalink": link}


def _own_message(ws: Workspace, conversation: Conversation, ts: str, error: str) -> Json:
    message = conversation.messages.get(ts)
    if message is None:
        raise Refusal("message_not_found")
    if message.get("bot_id") != ws.identity.bot_id:
        raise Refusal(error)
    return message


METHODS = {
    "chat.postMessage": post_message,
    "chat.postEphemeral": post_ephemeral_message,
    "chat.update": update,
    "chat.delete": delete_message,
    "chat.getPermalink": get_permalink,
}
