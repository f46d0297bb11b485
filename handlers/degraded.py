"""What can postmedic still do when it can write nothing down? It measures and says so; it proposes, approves and runs nothing.

Answers go straight to Slack, because the outbox is in the same database. A crash in between loses them, which is why this is
never the ordinary way.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from aiohttp import ClientError
from slack_sdk.errors import SlackClientError

from bot.engine import measured_matches
from bot.errors import StoreUnavailable
from bot.model.diagnosis import Diagnosis
from bot.model.host import Host
from bot.model.text import Lang
from bot.render.answer import answer
from bot.render.blocks import Message
from bot.render.checkup_card import checkup_card
from bot.render.replies import note, notes, unknown_paste
from handlers.checking import said
from handlers.commands import Verb, Words, postfix, words
from handlers.desk import Desk
from handlers.diagnosing import Question
from handlers.files import with_files
from handlers.incoming import Incoming
from handlers.messages import paste

LOG = logging.getLogger(__name__)
KINDS = (paste.KIND, postfix.KIND)


async def answer_without_record(desk: Desk, incoming: Incoming) -> None:
    """Answer a paste or a command as far as reading goes; never raises, as nobody waits for it."""
    got = incoming.payload
    try:
        if incoming.kind == postfix.KIND:
            await _command(desk, incoming)
        elif got["here"]:
            await _paste(desk, incoming)
    except Exception as error:
        # The text of a foreign error may hold what was pasted.
        LOG.error("%s was not answered while nothing can be written: %s", incoming.kind, type(error).__name__)


async def _command(desk: Desk, incoming: Incoming) -> None:
    got = incoming.payload
    lang = await desk.people.lang(got["user"])
    order = words(got["text"]) if desk.served.here(got["channel"]) else None
    answered = note("database-away", lang) if order is None else await _ordered(desk, order, got["channel"], lang)
    await desk.respond(got["response_url"], answered)


async def _ordered(desk: Desk, order: Words, channel: str, lang: Lang) -> Message:
    if order.verb is not Verb.FREEZE:  # a freeze that is not written down stops nothing
        with suppress(StoreUnavailable):  # even reading may fail
            found = await said(desk, order, channel, lang)
            shown = found if isinstance(found, Message) else await _checked(desk, found, lang)
            return notes(note("degraded", lang), shown)
    return note("database-away", lang)


async def _paste(desk: Desk, incoming: Incoming) -> None:
    got = incoming.payload
    lang = await desk.people.lang(got["user"])
    if (order := paste.ordered(got)) is not None:
        await _post(desk, got["channel"], got["thread"], await _ordered(desk, order, got["channel"], lang))
        return
    question = Question(
        id="",
        channel=got["channel"],
        thread=got["thread"],
        user=got["user"],
        insisted=got["insisted"],
        text=got["text"],
        masked=got["masked"],
        cut=got["cut"],
    )
    found = await _diagnosed(desk, await with_files(desk, question, got["files"]), lang)
    if found is None:
        return
    await _post(desk, question.channel, question.thread, notes(note("degraded", lang), found))


async def _post(desk: Desk, channel: str, thread: str, message: Message) -> None:
    try:
        await desk.client.chat_postMessage(
            channel=channel,
            thread_ts=thread,
            text=message.text,
            blocks=list(message.blocks),
            unfurl_links=False,
            unfurl_media=False,
        )
    except (SlackClientError, ClientError, TimeoutError) as error:
        LOG.warning("an answer was not taken: %s", type(error).__name__)


async def _diagnosed(desk: Desk, question: Question, lang: Lang) -> Message | None:
    """The diagnosis of a paste that names its host; None where nobody insisted and nothing is sure."""
    recognition = await asyncio.to_thread(desk.engine.recognise, question.text)
    matches = measured_matches(recognition)
    if not matches:
        return unknown_paste(lang) if question.insisted else None
    hosts = [host for host in desk.engine.named(recognition).hosts if desk.discusses(host, question.channel)]
    if len(hosts) != 1:
        return note("degraded-host", lang)
    reader = desk.engine.reader(hosts[0])
    found: list[Diagnosis] = [await desk.engine.diagnose(hosts[0], match, reader) for match in matches]
    return answer(found, hosts[0], lang)


async def _checked(desk: Desk, host: Host, lang: Lang) -> Message:
    checkup = await desk.engine.check(host, desk.engine.reader(host))
    titles = {problem.id: problem.title for problem in desk.engine.library.values()}
    return checkup_card(checkup, host, titles, lang)
