"""What the workspace remembers: users, conversations, messages, files, ephemerals, views. Memory only; it decides nothing."""

from __future__ import annotations

import itertools
import secrets
import string
from collections.abc import Iterable
from dataclasses import dataclass, field

from .seed import BOT_USER, Channel, Person, Usergroup
from .shapes import Clock, Json

_ALPHABET = string.ascii_uppercase + string.digits


def new_id(prefix: str) -> str:
    """Make a Slack-looking id such as F0A1B2C3D4E."""
    return prefix + "0" + "".join(secrets.choice(_ALPHABET) for _ in range(9))


@dataclass(slots=True, kw_only=True)
class Conversation:
    """One channel, private channel or direct message, with its messages by timestamp, oldest first."""

    id: str
    name: str
    kind: str  # channel | group | im
    members: set[str]
    topic: str = ""
    user: str = ""  # the person of a direct message
    messages: dict[str, Json] = field(default_factory=dict)
    ephemerals: dict[tuple[str, str], Json] = field(default_factory=dict)  # (user, ts)

    def top_level(self) -> list[Json]:
        """Messages of the channel itself, oldest first."""
        return [m for m in self.messages.values() if m.get("thread_ts", m["ts"]) == m["ts"] or "reply_broadcast" in m]

    def thread(self, root: str) -> list[Json]:
        """The root message and its replies, oldest first."""
        return [m for m in self.messages.values() if m["ts"] == root or m.get("thread_ts") == root]


class Store:
    """Everything that exists in the workspace."""

    def __init__(
        self, people: Iterable[Person], channels: Iterable[Channel], usergroups: Iterable[Usergroup], clock: Clock
    ) -> None:
        self.people = {person.id: person for person in people}
        self.usergroups = {group.id: group for group in usergroups}
        self.conversations: dict[str, Conversation] = {}
        self.files: dict[str, Json] = {}
        self.file_bodies: dict[str, bytes] = {}
        self.views: dict[str, Json] = {}
        self.stacks: dict[str, list[str]] = {}  # user -> ids of the open modals, topmost last
        self.homes: dict[str, str] = {}  # user -> id of the published Home tab
        self._clock = clock
        self._last_ts = 0
        self._numbers = itertools.count(1)
        for channel in channels:
            kind = "group" if channel.private else "channel"
            self.conversations[channel.id] = Conversation(
                id=channel.id, name=channel.name, kind=kind, members=set(channel.members), topic=channel.topic
            )
        for person in self.people.values():
            if not person.is_bot and not person.deleted and not person.stranger:
                self.open_im(person.id)

    def open_im(self, user: str) -> Conversation:
        """Return the direct message between the bot and a person."""
        known = next((c for c in self.conversations.values() if c.kind == "im" and c.user == user), None)
        if known is None:
            known = Conversation(id="D" + user[1:], name="", kind="im", members={user, BOT_USER}, user=user)
            self.conversations[known.id] = known
        return known

    def next_ts(self) -> str:
        """A timestamp no other message has, in Slack's form 1700000000.000100."""
        self._last_ts = max(int(self._clock() * 1_000_000), self._last_ts + 1)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def find(self, channel: str) -> Conversation | None:
        """A conversation by id, by #name, or the direct message with a user id."""
        if channel in self.conversations:
            return self.conversations[channel]
        if channel in self.people and not self.people[channel].deleted:
            return self.open_im(channel)
        return next((c for c in self.conversations.values() if c.name and c.name == channel.removeprefix("#")), None)

    def message_seen_by(self, conversation: Conversation, user: str, ts: str) -> Json | None:
        """A message or an ephemeral the user can see."""
        return conversation.messages.get(ts) or conversation.ephemerals.get((user, ts))
