"""A person typed `/postfix …`. Short answers are for them alone; a health check is a message in the channel."""

from __future__ import annotations

from aiohttp import ClientError
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackClientError

from bot.render.blocks import Message
from bot.render.replies import helped, note, usage
from bot.store.conversations import Conversation
from bot.store.inbox import Received
from handlers.acknowledging import acknowledge
from handlers.checking import check, said
from handlers.commands import Verb, subject, words
from handlers.desk import Desk
from handlers.freezing import freeze
from handlers.incoming import DIRECT, LONGEST, Incoming, Json, Served, click_key

KIND = "command"
COMMAND = "/postfix"
_LONGEST = 200  # characters of the words behind it


def read(body: Json, served: Served) -> Incoming | None:
    """Keep the words, and where the answer goes."""
    if body.get("command") != COMMAND or body.get("team_id") != served.team:
        return None
    payload = {
        "channel": str(body.get("channel_id") or ""),
        "thread": "",
        "user": str(body.get("user_id") or ""),
        "response_url": str(body.get("response_url") or ""),
        "text": served.discretion(str(body.get("text") or "")[:LONGEST])[:_LONGEST],
    }
    return Incoming(key=click_key(body), kind=KIND, payload=payload)


def register(app: AsyncApp, desk: Desk) -> None:
    """Acknowledge at once."""
    app.command(COMMAND)(acknowledge)


async def handle(desk: Desk, received: Received) -> None:
    """Carry the order out."""
    got = received.payload
    order = words(got["text"])
    if order is not None and order.verb is Verb.FREEZE and desk.served.here(got["channel"]):
        told = await freeze(desk, got["user"], order.name)  # before anything that would take time
        if await present(desk, got["channel"], got["user"]):
            await desk.show(subject(received.key), got["channel"], "", told)
        else:
            await desk.respond(got["response_url"], told)
        return
    lang = await desk.people.lang(got["user"])

    async def answer(message: Message) -> None:
        await desk.respond(got["response_url"], message)

    if not desk.served.here(got["channel"]):
        await answer(note("refused-here", lang))
        return
    if order is None:
        await answer(helped(lang, unknown=got["text"]) if got["text"].strip() else usage(lang))
        return
    found = await said(desk, order, got["channel"], lang)
    if isinstance(found, Message):
        await answer(found)
    elif not await present(desk, got["channel"], got["user"]):
        await answer(note("invite-me", lang))
    else:
        conversation = Conversation(
            id=subject(received.key), channel=got["channel"], thread="", requester=got["user"], lang=lang, host=found.name
        )
        await check(desk, conversation, found)


async def present(desk: Desk, channel: str, user: str) -> bool:
    """Whether postmedic is in the channel, so that a message there arrives; a channel it cannot see is one it is not in."""
    try:
        if channel.startswith(DIRECT):  # either its own conversation with this person, or one of two other people
            return bool((await desk.client.conversations_open(users=user))["channel"]["id"] == channel)
        info = (await desk.client.conversations_info(channel=channel))["channel"]
    except SlackClientError:
        return False
    except (ClientError, TimeoutError):
        return True  # the outbox will find out
    return bool(info.get("is_member"))
