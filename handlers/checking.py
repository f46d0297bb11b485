"""How is an order in words carried out: the health check or history of a host, the list of hosts, help?"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import assert_never

from bot.audit.accounts import accounts
from bot.diagnosis.checkup import USES
from bot.errors import PostmedicError, UnknownHost
from bot.model.host import Host
from bot.model.text import Lang
from bot.render.blocks import Message
from bot.render.checkup_card import checking, checkup_card
from bot.render.history import history
from bot.render.replies import helped, hosts, note, unknown_host, usage
from bot.store.conversations import Conversation
from bot.store.outbox import ANSWER
from handlers.commands import Verb, Words
from handlers.desk import Desk
from handlers.diagnosing import Question, propose, telling
from handlers.freezing import freeze

LOOK_SECONDS = 0.2  # between two looks whether Slack has taken a message
PATIENCE_SECONDS = 900.0  # for Slack to take it
MOST_EVENTS = 500  # of a host's history; a change has about a dozen


async def command(desk: Desk, question: Question, words: Words) -> None:
    """Carry out an order given to postmedic itself, in the thread of the message."""
    if words.verb is Verb.FREEZE:  # before anything that would take time
        told = await freeze(desk, question.user, words.name)
        await desk.show(question.id, question.channel, question.thread, told)
        return
    lang = await desk.people.lang(question.user)
    earlier = await desk.store.conversations.in_thread(question.channel, question.thread)
    name = words.name or (earlier.host if earlier is not None else "")
    found = await said(desk, Words(verb=words.verb, name=name), question.channel, lang)
    if isinstance(found, Message):
        await desk.show(question.id, question.channel, question.thread, found)
        return
    conversation = Conversation(
        id=question.id,
        channel=question.channel,
        thread=question.thread,
        requester=question.user,
        lang=lang,
        host=found.name,
    )
    await check(desk, await desk.store.conversations.open(conversation), found)


async def said(desk: Desk, words: Words, channel: str, lang: Lang) -> Message | Host:
    """What is said at once, or the host that must be checked first."""
    match words.verb:
        case Verb.HELP:
            return helped(lang)
        case Verb.HOSTS:
            return hosts(desk.hosts(channel), lang, await desk.store.gate.frozen())
        case Verb.FREEZE:
            raise ValueError("a freeze is carried out before anything is said")
        case Verb.UNFREEZE:
            return note("unfreeze-how", lang)
        case Verb.CHECK:
            return _named(desk, words.name, channel, lang)
        case Verb.HISTORY:
            host = _named(desk, words.name, channel, lang)
            return host if isinstance(host, Message) else await _history(desk, host, lang)
        case _:
            assert_never(words.verb)


def _named(desk: Desk, name: str, channel: str, lang: Lang) -> Message | Host:
    """The host that is meant, where it may be discussed, or why there is none."""
    if not name:
        return usage(lang)
    try:
        host = desk.engine.inventory.find(name)
    except UnknownHost:
        return unknown_host(name, [one.name for one in desk.hosts(channel)], lang)
    return host if desk.discusses(host, channel) else note("refused-channel", lang)


async def _history(desk: Desk, host: Host, lang: Lang) -> Message:
    events = await desk.store.events.about(host.name, MOST_EVENTS)
    return history(host.name, list(accounts(events).values()), lang)


async def check(desk: Desk, conversation: Conversation, host: Host) -> None:
    """Measure a host's health in one message; without a thread the message becomes the first one of its own."""
    lang = conversation.lang

    async def show(message: Message) -> None:
        await desk.show(conversation.id, conversation.channel, conversation.thread, message)

    async def progress(done: int, total: int) -> None:
        await show(checking(host.name, done, total, lang))

    await progress(0, 0)
    reader = desk.engine.reader(host)
    checkup = await desk.engine.check(host, reader, telling(len(USES), progress))
    await desk.alarm(host, checkup.facts, conversation.requester)
    titles = {problem.id: problem.title for problem in desk.engine.library.values()}
    await show(checkup_card(checkup, host, titles, lang))
    if not conversation.thread:
        # Plans are shown in the thread of this message, and later messages there are about this host.
        conversation = replace(conversation, thread=await _posted(desk, conversation.id))
        await desk.store.conversations.open(conversation)
    await propose(desk, conversation.id, host, reader, checkup.diagnoses, conversation.requester)


async def _posted(desk: Desk, subject: str) -> str:
    """The ts of the message about `subject`, as soon as Slack has taken it."""
    loop = asyncio.get_running_loop()
    ends = loop.time() + PATIENCE_SECONDS
    while not (ts := await desk.store.outbox.ts(ANSWER, subject)):
        if loop.time() >= ends or (ANSWER, subject) in await desk.store.outbox.problems():
            raise PostmedicError(detail="Slack did not take the answer, so no fix can be shown below it")
        await asyncio.sleep(LOOK_SECONDS)
    return ts
