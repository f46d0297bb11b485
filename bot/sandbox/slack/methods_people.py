"""users.*, usergroups.*, bots.info, team.info and files.info: who is who, and which file is this?"""

from __future__ import annotations

from . import objects
from .shapes import Json, Refusal
from .wire import flag, text
from .workspace import Workspace


def user_info(ws: Workspace, arguments: Json) -> Json:
    """users.info"""
    user = text(arguments, "user")
    if user == ws.identity.bot_user:
        return {"user": objects.bot_user(ws.identity)}
    person = ws.store.people.get(user)
    if person is None:
        raise Refusal("user_not_found")
    return {"user": objects.user(person, ws.identity, locale=flag(arguments, "include_locale"))}


def user_list(ws: Workspace, arguments: Json) -> Json:
    """users.list"""
    locale = flag(arguments, "include_locale")
    own = [person for person in ws.store.people.values() if not person.stranger]
    members = [objects.user(person, ws.identity, locale=locale) for person in own]
    return {"members": [*members, objects.bot_user(ws.identity)], "response_metadata": {"next_cursor": ""}}


def usergroup_list(ws: Workspace, arguments: Json) -> Json:
    """usergroups.list"""
    groups = [objects.usergroup(group, ws.identity) for group in ws.store.usergroups.values()]
    if not flag(arguments, "include_users"):
        groups = [{name: value for name, value in group.items() if name != "users"} for group in groups]
    return {"usergroups": groups}


def usergroup_users(ws: Workspace, arguments: Json) -> Json:
    """usergroups.users.list"""
    group = ws.store.usergroups.get(text(arguments, "usergroup"))
    if group is None:
        raise Refusal("no_such_subteam")
    gone = {person.id for person in ws.store.people.values() if person.deleted}
    return {"users": [user for user in group.users if user not in gone or flag(arguments, "include_disabled")]}


def bot_info(ws: Workspace, arguments: Json) -> Json:
    """bots.info"""
    identity = ws.identity
    if arguments.get("bot", identity.bot_id) != identity.bot_id:
        raise Refusal("bot_not_found")
    bot = {"id": identity.bot_id, "app_id": identity.app_id, "user_id": identity.bot_user}
    return {"bot": bot | {"name": identity.bot_name, "deleted": False}}


def team_info(ws: Workspace, arguments: Json) -> Json:
    """team.info"""
    identity = ws.identity
    return {"team": {"id": identity.team_id, "name": identity.team_name, "domain": identity.team_domain}}


def file_info(ws: Workspace, arguments: Json) -> Json:
    """files.info, for files shared where the bot is."""
    file = ws.store.files.get(text(arguments, "file"))
    if file is None or not visible_to_bot(ws, file["id"]):
        raise Refusal("file_not_found")
    content = ws.store.file_bodies[file["id"]].decode()
    return {"file": file, "content": content, "is_truncated": False, "comments": []}


def visible_to_bot(ws: Workspace, file_id: str) -> bool:
    """Say whether the file was shared in a conversation the bot is in."""
    return any(
        ws.identity.bot_user in conversation.members
        and any(file["id"] == file_id for message in conversation.messages.values() for file in message.get("files", ()))
        for conversation in ws.store.conversations.values()
    )


METHODS = {
    "users.info": user_info,
    "users.list": user_list,
    "usergroups.list": usergroup_list,
    "usergroups.users.list": usergroup_users,
    "bots.info": bot_info,
    "team.info": team_info,
    "files.info": file_info,
}
