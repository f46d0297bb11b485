"""A person wrote something: a paste, a snippet, or words to postmedic itself. It never answers machines, edits or itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncApp

from bot.render.replies import note
from bot.store.inbox import Received
from handlers import checking, commands
from handlers.desk import Desk
from handlers.diagnosing import Question, diagnose
from handlers.files import with_files
from handlers.incoming import Incoming, Json, Served, content, event_of

KIND = "message"
_WRITTEN = (None, "file_share", "thread_broadcast")
# A message and its mention are two events about one message, so both have the message's own key.
_EVENTS = ("message", "app_mention")


def read(body: Json, served: Served) -> Incoming | None:
    """Keep a person's new message; where postmedic is not set up to answer, only that it was mentioned."""
    event = next((found for kind in _EVENTS if (found := event_of(body, kind, served))), None)
    if event is None or event.get("subtype") not in _WRITTEN or event.get("edited") or event.get("hidden"):
        return None
    user, channel, ts = (str(event.get(name) or "") for name in ("user", "channel", "ts"))
    if not (user and channel and ts) or event.get("bot_id") or user in (served.bot_user, "USLACKBOT"):
        return None
    if event.get("user_team", served.team) != served.team or event.get("source_team", served.team) != served.team:
        return None
    text = str(event.get("text") or "")
    mentioned = event.get("type") == "app_mention" or f"<@{served.bot_user}>" in text
    here = served.here(channel)
    if not here and not mentioned:
        return None
    payload = {
        "channel": channel,
        "ts": ts,
        "thread": str(event.get("thread_ts") or ts),
        "user": user,
        "here": here,
        "insisted": mentioned or event.get("channel_type") == "im",
        **content(event if here else {}, text if here else "", served),
    }
    return Incoming(key=f"message:{channel}:{ts}", kind=KIND, payload=payload)


def register(app: AsyncApp, desk: Desk) -> None:
    """Bolt acknowledges events by itself; the row is there already."""

    async def heard() -> None:
        return

    for kind in _EVENTS:
        app.event(kind)(heard)


async def handle(desk: Desk, received: Received) -> None:
    """Answer in the message's thread: a command, a diagnosis, or a question; silence where nobody asked and nothing is sure."""
    got = received.payload
    channel, thread, user = got["channel"], got["thread"], got["user"]
    if not got["here"]:
        within = thread if thread != got["ts"] else ""  # a whisper in a thread that nobody opened is not seen
        await desk.whisper(channel, user, note("refused-here", await desk.people.lang(user)), within)
        return
    question = Question(
        id=commands.subject(received.key),
        channel=channel,
        thread=thread,
        user=user,
        insisted=got["insisted"],
        text=got["text"],
        masked=got["masked"],
        cut=got["cut"],
    )
    if (order := ordered(got)) is not None:
        await checking.command(desk, question, order)
        return
    await diagnose(desk, await with_files(desk, question, got["files"]))


def ordered(got: Mapping[str, Any]) -> commands.Words | None:
    """What a stored message orders postmedic to do, said to itself; None when it is something else."""
    said = commands.words(got["text"]) if got["insisted"] else None
    # Beside a file they are words about it; a picture of what goes wrong must not keep anybody from stopping it.
    return said if said is not None and (said.verb is commands.Verb.FREEZE or not got["files"]) else None
