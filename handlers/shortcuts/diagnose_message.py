"""A person chose "Diagnose this message". Messages of other bots, such as alerts, may be diagnosed too: a person asked."""

from __future__ import annotations

from collections.abc import Iterator

from slack_bolt.async_app import AsyncApp

from bot.render.replies import note
from bot.store.inbox import Received
from handlers.acknowledging import acknowledge
from handlers.commands import subject
from handlers.commands.postfix import present
from handlers.desk import Desk
from handlers.diagnosing import Question, diagnose
from handlers.files import with_files
from handlers.incoming import Incoming, Json, Served, click_key, content, own_team

KIND = "shortcut"
CALLBACK = "diagnose_message"


def read(body: Json, served: Served) -> Incoming | None:
    """Keep the message's text and files, and who asked."""
    ours = body.get("type") == "message_action" and body.get("callback_id") == CALLBACK
    if not ours or not own_team(body, served):
        return None
    message = body.get("message") or {}
    channel = str((body.get("channel") or {}).get("id") or "")
    here = served.here(channel)
    payload = {
        "channel": channel,
        "thread": str(message.get("thread_ts") or message.get("ts") or body.get("message_ts") or ""),
        "user": str((body.get("user") or {}).get("id") or ""),
        "response_url": str(body.get("response_url") or ""),
        "here": here,
        **content(message if here else {}, "\n".join(_texts(message)) if here else "", served),
    }
    return Incoming(key=click_key(body), kind=KIND, payload=payload)


def register(app: AsyncApp, desk: Desk) -> None:
    """Acknowledge at once."""
    app.shortcut(CALLBACK)(acknowledge)


async def handle(desk: Desk, received: Received) -> None:
    """Answer in the message's thread, always."""
    got = received.payload
    if not got["here"] or not await present(desk, got["channel"], got["user"]):
        name = "invite-me" if got["here"] else "refused-here"
        await desk.respond(got["response_url"], note(name, await desk.people.lang(got["user"])))
        return
    question = Question(
        id=subject(received.key),
        channel=got["channel"],
        thread=got["thread"],
        user=got["user"],
        insisted=True,
        text=got["text"],
        masked=got["masked"],
        cut=got["cut"],
    )
    await diagnose(desk, await with_files(desk, question, got["files"]))


def _texts(message: Json) -> Iterator[str]:
    for part in (message, *(message.get("attachments") or ())):
        said = str(part.get("text") or part.get("fallback") or "")
        yield from [said] if said else _words(part.get("blocks"))


def _words(node: object) -> Iterator[str]:
    """The texts of blocks, in their order, as bots write alerts that have no other text."""
    match node:
        case {"type": str(kind), "elements": list(parts)} if kind.startswith("rich_text_") and kind != "rich_text_list":
            yield "".join(one for part in parts for one in _words(part))
        case {"text": str(text)}:
            yield text
        case dict():
            for value in node.values():
                yield from _words(value)
        case list():
            for value in node:
                yield from _words(value)
