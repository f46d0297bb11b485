"""What of a Slack payload is kept? Only what handling needs, with secrets masked, under Slack's own id."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.matching.unwrap import unwrapped
from bot.render.discretion import Discretion

Json = Mapping[str, Any]

LONGEST = 65_536  # bytes of one paste that are read
MOST_FILES = 3
DIRECT = "D"  # begins the id of a direct message's channel
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Whom postmedic serves: one workspace, through its own user, in these channels (empty: every one it is in)."""

    team: str
    bot_user: str
    channels: frozenset[str]
    discretion: Discretion = field(default_factory=Discretion)

    def here(self, channel: str) -> bool:
        """Whether it answers in this channel."""
        return not self.channels or channel in self.channels


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One thing that has an effect: its key is the same at each redelivery, its payload holds no secret that was pasted."""

    key: str
    kind: str
    payload: dict[str, Any]


def masked(raw: str, served: Served) -> dict[str, Any]:
    """The text as the person saw it, cut to the size that is read, as it may be kept, and how many secrets were masked."""
    data = raw.encode("utf-8", "replace")
    cut = len(data) > LONGEST
    text, count = served.discretion.counted(unwrapped(data[:LONGEST].decode("utf-8", "ignore") if cut else raw))
    return {"text": text, "masked": count, "cut": cut}


def content(message: Json, text: str, served: Served) -> dict[str, Any]:
    """What of a message is read: its text as it may be kept, and its first files by id and name; `cut` where there are more."""
    listed = [one for one in message.get("files") or () if one.get("id")]
    named = [{"id": str(one["id"]), "name": served.discretion(str(one.get("name") or ""))[:100]} for one in listed]
    kept = masked(text, served)
    return {**kept, "files": named[:MOST_FILES], "cut": kept["cut"] or len(named) > MOST_FILES}


def opaque(value: object) -> str:
    """An id that a button or modal of ours may carry; anything else, and anything long, is the empty text."""
    return value if isinstance(value, str) and _ID.fullmatch(value) else ""


def own_team(body: Json, served: Served) -> bool:
    """Whether an interaction comes from a person of the workspace that is served, and was sent for it."""
    team = body.get("team_id") or (body.get("team") or {}).get("id")
    person = body.get("user") or {}
    return team == served.team and person.get("team_id", served.team) == served.team


def event_of(body: Json, kind: str, served: Served) -> Json | None:
    """The event of this type that the body carries for the served workspace, else None."""
    event = body.get("event") or {}
    ours = body.get("type") == "event_callback" and event.get("type") == kind and body.get("team_id") == served.team
    return event if ours else None


def click(body: Json, action_id: re.Pattern[str], served: Served) -> tuple[dict[str, Any], Json] | None:
    """Who clicked where, and the one action itself; None when it is another action, several at once, or a stranger's."""
    done: list[Any] = list(body.get("actions") or ())
    if body.get("type") != "block_actions" or len(done) != 1 or not own_team(body, served):
        return None
    action = done[0]
    channel = str((body.get("channel") or {}).get("id") or "")
    if not action_id.fullmatch(str(action.get("action_id", ""))) or not channel or not served.here(channel):
        return None
    container = body.get("container") or {}
    where = {
        "channel": channel,
        "thread": str(container.get("thread_ts") or ""),
        "user": str((body.get("user") or {}).get("id") or ""),
        "response_url": str(body.get("response_url") or ""),
    }
    return where, action


def click_key(body: Json) -> str:
    """Slack's own id of a click, command, shortcut or submission: each trigger is handed out once."""
    return f"trigger:{body['trigger_id']}"
