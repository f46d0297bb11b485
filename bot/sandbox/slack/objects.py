"""How Slack describes a user, a channel, a bot, a file: the objects the Web API and the payloads have in common."""

from __future__ import annotations

import copy
import secrets
import string
from typing import Any

from .identity import Identity
from .seed import Person, Usergroup
from .shapes import Json
from .store import Conversation

CANNOT_DISPLAY = "This content can't be displayed."
"""What Slack puts in `text` when an app sends blocks without any."""


def user(person: Person, identity: Identity, *, locale: bool) -> Json:
    """A user as users.info gives it."""
    described: Json = {
        "id": person.id,
        "team_id": person.team_id or identity.team_id,
        "name": person.name,
        "deleted": person.deleted,
        "real_name": person.real_name,
        "tz": person.tz,
        "profile": {
            "real_name": person.real_name,
            "display_name": person.name,
            "team": person.team_id or identity.team_id,
        },
        "is_admin": False,
        "is_owner": False,
        "is_restricted": person.restricted,
        "is_ultra_restricted": False,
        "is_bot": person.is_bot,
        "is_app_user": False,
        "updated": 1_700_000_000,
    }
    if person.stranger:
        described["is_stranger"] = True
    if locale:
        described["locale"] = person.locale
    return described


def bot_user(identity: Identity) -> Json:
    """The bot's own user."""
    person = Person(id=identity.bot_user, name=identity.bot_name, real_name=identity.bot_name, role="bot", is_bot=True)
    described = user(person, identity, locale=False)
    described["profile"] |= {"bot_id": identity.bot_id, "api_app_id": identity.app_id}
    return described


def channel(conversation: Conversation, identity: Identity) -> Json:
    """A conversation as conversations.info gives it."""
    described: Json = {
        "id": conversation.id,
        "is_channel": conversation.kind == "channel",
        "is_group": conversation.kind == "group",
        "is_im": conversation.kind == "im",
        "is_mpim": False,
        "is_private": conversation.kind != "channel",
        "is_archived": False,
        "context_team_id": identity.team_id,
    }
    if conversation.kind == "im":
        return described | {"user": conversation.user, "is_open": True}
    return described | {
        "name": conversation.name,
        "name_normalized": conversation.name,
        "is_member": identity.bot_user in conversation.members,
        "topic": {"value": conversation.topic, "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }


def usergroup(group: Usergroup, identity: Identity) -> Json:
    """A user group as usergroups.list gives it."""
    return {
        "id": group.id,
        "team_id": identity.team_id,
        "is_usergroup": True,
        "name": group.name,
        "handle": group.handle,
        "date_delete": 0,
        "user_count": len(group.users),
        "users": list(group.users),
    }


def snippet(file_id: str, owner: str, name: str, content: str, base_url: str, created: int) -> Json:
    """A text snippet file; `base_url` is where its bytes can be fetched with the bot token."""
    lines = content.count("\n") + 1
    preview = "\n".join(content.split("\n")[:5])[:400]
    path = f"{base_url}/files-pri/T0LOCAL-{file_id}"
    return {
        "id": file_id,
        "created": created,
        "timestamp": created,
        "name": name,
        "title": name,
        "mimetype": "text/plain",
        "filetype": "text",
        "pretty_type": "Plain Text",
        "user": owner,
        "editable": True,
        "size": len(content.encode()),
        "mode": "snippet",
        "is_external": False,
        "is_public": True,
        "file_access": "visible",
        "url_private": f"{path}/{name}",
        "url_private_download": f"{path}/download/{name}",
        "permalink": f"{base_url}/files/{owner}/{file_id}/{name}",
        "preview": preview,
        "lines": lines,
        "lines_more": max(0, lines - 5),
        "preview_is_truncated": len(preview) < len(content),
    }


def with_defaults(blocks: list[Json]) -> list[Json]:
    """Fill in what Slack fills in: ids for blocks and elements, and the flags of text objects."""
    filled = copy.deepcopy(blocks)
    for block in filled:
        block.setdefault("block_id", _short_id())
        for element in [*block.get("elements", ()), block.get("accessory"), block.get("element")]:
            is_interactive = isinstance(element, dict) and block["type"] in ("actions", "section", "input")
            if is_interactive and element["type"] != "image":
                element.setdefault("action_id", _short_id())
    _fill_texts(filled)
    return filled


def _fill_texts(node: Any) -> None:
    if isinstance(node, dict):
        if node.get("type") == "plain_text":
            node.setdefault("emoji", True)
        if node.get("type") == "mrkdwn":
            node.setdefault("verbatim", False)
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _fill_texts(child)


def _short_id() -> str:
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(5))
