"""Who and what a fresh local workspace holds: the people of the "act as" picker, channels and the approvers' group."""

from __future__ import annotations

from dataclasses import dataclass

BOT_USER = "U0POSTMEDIC"
MAIL_OPS = "C0MAILOPS"
GENERAL = "C0GENERAL"
APPROVERS = "S0APPROVERS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A member of the workspace; `role` and `blurb` are what the picker shows."""

    id: str
    name: str
    real_name: str
    role: str
    blurb: str = ""
    locale: str = "en-US"
    tz: str = "Europe/Berlin"
    restricted: bool = False
    deleted: bool = False
    stranger: bool = False
    is_bot: bool = False
    team_id: str = ""  # empty: this workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A conversation; the bot's own user id among the members means it was invited."""

    id: str
    name: str
    topic: str = ""
    members: tuple[str, ...] = ()
    private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Usergroup:
    """A user group such as @mail-approvers."""

    id: str
    handle: str
    name: str
    users: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A paste offered on the page with one click."""

    title: str
    text: str
    channel: str = MAIL_OPS
    hint: str = ""


PEOPLE: tuple[Person, ...] = (
    Person(id="U0ANA", name="ana", real_name="Ana Ortega", role="asks", blurb="On call; may not approve her own fixes"),
    Person(id="U0BEN", name="ben", real_name="Ben Okafor", role="approves", blurb="In @mail-approvers"),
    Person(
        id="U0CHEN",
        name="chen",
        real_name="Chen Wei",
        role="approves",
        blurb="Reads Chinese; in @mail-approvers",
        locale="zh-CN",
        tz="Asia/Shanghai",
    ),
    Person(id="U0DORA", name="dora", real_name="Dora Lind", role="no rights", blurb="A colleague from another team"),
    Person(id="U0GUS", name="gus", real_name="Gus Marsh", role="guest", blurb="A guest account", restricted=True),
)

CHANNELS: tuple[Channel, ...] = (
    Channel(
        id=MAIL_OPS,
        name="mail-ops",
        topic="Mail servers: paste an error here",
        members=(BOT_USER, "U0ANA", "U0BEN", "U0CHEN", "U0DORA", "U0GUS"),
    ),
    Channel(
        id=GENERAL,
        name="general",
        topic="The bot has not been invited here",
        members=("U0ANA", "U0BEN", "U0CHEN", "U0DORA"),
    ),
)

USERGROUPS: tuple[Usergroup, ...] = (
    Usergroup(id=APPROVERS, handle="mail-approvers", name="Mail approvers", users=("U0BEN", "U0CHEN")),
)

SAMPLES: tuple[Sample, ...] = (
    Sample(
        title="Postfix does not start",
        text="postfix on host01 is down\n```fatal: parameter inet_interfaces: no local interface found for 127.0.0.1```",
    ),
)
