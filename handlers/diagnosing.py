"""How does a question become a diagnosis in its thread? Which problem, which host, then facts as they arrive, then plans."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.connectors.base import Reader
from bot.diagnosis.gather import Arrived
from bot.engine import measured_matches
from bot.errors import NotFound, Refused, StoreUnavailable
from bot.matching.loglines import from_process
from bot.matching.similarity import sameness
from bot.model.diagnosis import Diagnosis
from bot.model.host import Host
from bot.model.match import Match, Recognition
from bot.model.text import Lang
from bot.render.answer import answer, measuring
from bot.render.blocks import Message
from bot.render.replies import note, notes, small_print, unknown_paste, which_host, which_problem
from bot.store.conversations import Conversation
from handlers.desk import Desk

LOG = logging.getLogger(__name__)
EDIT_SECONDS = 1.0  # between two looks at how far measuring has come


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a person asks in a thread; `insisted`: they asked postmedic itself and must get an answer."""

    id: str
    channel: str
    thread: str
    user: str
    insisted: bool
    text: str
    masked: int
    cut: bool
    problems: tuple[tuple[str, str], ...] = ()  # files that were not read: name of the text that says so, file name


async def diagnose(desk: Desk, question: Question) -> None:
    """Answer a new question, or stay silent where nobody insisted and nothing is sure; silence leaves nothing stored."""
    recognition = await asyncio.to_thread(desk.engine.recognise, question.text)
    if not question.insisted and not recognition.sure:
        return
    lang: Lang = "zh" if _chinese(recognition) else await desk.people.lang(question.user)
    unread = [note(name, lang, file=file) for name, file in question.problems]
    if not recognition.paste.text.strip():
        said = notes(*unread) if unread else note("empty-paste", lang)
        await desk.show(question.id, question.channel, question.thread, said)
        return
    earlier = await desk.store.conversations.in_thread(question.channel, question.thread)
    conversation = await desk.store.conversations.open(
        Conversation(
            id=question.id,
            channel=question.channel,
            thread=question.thread,
            requester=question.user,
            lang=lang,
            paste=question.text,
            host=_host(desk, question.channel, recognition, earlier),
            recognition={
                "masked": question.masked,
                "cut": question.cut or recognition.paste.cut,
                "near": [match.problem for match in recognition.near],
                "unread": [one.text for one in unread],
            },
        )
    )
    if not recognition.sure:
        await _keep(desk, question, recognition)
    await proceed(desk, conversation, recognition)


async def proceed(desk: Desk, conversation: Conversation, recognition: Recognition | None = None) -> None:
    """Go on with what is known: ask for the problem, ask for the host, or measure."""
    if recognition is None:
        recognition = await asyncio.to_thread(desk.engine.recognise, conversation.paste)
    lang, library = conversation.lang, desk.engine.library
    # The knowledge may have been exchanged since the paste was recognised.
    matches = [match for match in _matches(conversation, recognition) if match.problem in library]
    also = [library[one.problem].title for one in recognition.sure if one not in matches and one.problem in library]
    known: dict[str, Any] = dict(conversation.recognition)
    small = (*small_print(known.get("masked", 0), known.get("cut", False), also, lang), *known.get("unread", ()))
    if not matches:
        near = {place: library[one].title for place, one in enumerate(known.get("near", ())) if one in library}
        asked = which_problem(conversation.id, near, lang, small) if near else unknown_paste(lang, small)
        await _show(desk, conversation, asked)
    elif not conversation.host:
        await _show(desk, conversation, _ask_host(desk, conversation, recognition, matches, small))
    elif conversation.host not in desk.engine.inventory:
        await _show(desk, conversation, note("host-not-known", lang, host=conversation.host))
    else:
        await _measure(desk, conversation, desk.engine.inventory[conversation.host], matches, small)


async def propose(
    desk: Desk, conversation: str, host: Host, reader: Reader, found: Sequence[Diagnosis], requester: str
) -> None:
    """Propose each fix once per conversation, however often this runs; every plan gets its own card."""
    for diagnosis in found:
        for made in desk.engine.plans(diagnosis, host, reader, requester):
            words = "\0".join((conversation, made.host, made.problem, made.fix))
            plan = replace(made, id=hashlib.sha256(words.encode()).hexdigest()[:16])
            try:
                await desk.store.plans.state(plan.id)
            except NotFound:
                try:
                    await desk.executor.propose(plan, conversation)
                except Refused as error:
                    LOG.error("the fix %s of %s makes no plan: %s", plan.fix, plan.problem, error)
                except StoreUnavailable as error:
                    LOG.error("the fix %s could not be written down, so it is not offered: %s", plan.fix, error)
                    about = await desk.store.conversations.by_id(conversation)
                    await desk.show(f"{conversation}-degraded", about.channel, about.thread, note("degraded", about.lang))
                    return


def telling(total: int, show: Callable[[int, int], Any]) -> Arrived:
    """Count facts as they arrive and call `show(done, total)` now and then, never more often than people can read."""
    loop = asyncio.get_running_loop()
    done, last = 0, loop.time()

    async def arrived(path: str, value: object) -> None:
        nonlocal done, last
        done += 1
        if loop.time() - last >= EDIT_SECONDS:
            last = loop.time()
            await show(done, max(total, done))

    return arrived


async def _measure(desk: Desk, conversation: Conversation, host: Host, matches: Sequence[Match], small: Sequence[str]) -> None:
    library, lang = desk.engine.library, conversation.lang
    if not desk.discusses(host, conversation.channel):
        await _show(desk, conversation, note("refused-channel", lang))
        return
    first = matches[0]

    async def show(done: int, total: int) -> None:
        await _show(desk, conversation, measuring(library[first.problem], first, host.name, done, total, lang))

    await show(0, 0)
    reader = desk.engine.reader(host)
    arrived = telling(sum(len(library[match.problem].facts) for match in matches), show)
    found = [await desk.engine.diagnose(host, match, reader, arrived) for match in matches]
    await desk.alarm(host, found[0].facts, conversation.requester)
    await _show(desk, conversation, answer(found, host, lang, small))
    await propose(desk, conversation.id, host, reader, found, conversation.requester)


async def _keep(desk: Desk, question: Question, recognition: Recognition) -> None:
    """Keep what somebody asked about and nothing explains, so that an author can."""
    same = sameness(line.text for line in recognition.paste.lines)
    await desk.store.unmatched.keep(hashlib.sha256(same.encode()).hexdigest(), question.text, question.id)


def _matches(conversation: Conversation, recognition: Recognition) -> Sequence[Match]:
    """What is measured: the problem a person chose, else the sure ones."""
    chosen = conversation.recognition.get("problem")
    if chosen is None:
        return measured_matches(recognition)
    return [match for match in recognition.near if match.problem == chosen]


def _host(desk: Desk, channel: str, recognition: Recognition, earlier: Conversation | None) -> str:
    """The one host the paste names, else the thread's; empty where a person must say it.

    A log line that names a host nobody knows is about that host, so the thread's host is not taken for it.
    """
    named = desk.engine.named(recognition)
    if named.hosts:
        return named.hosts[0].name if len(named.hosts) == 1 else ""
    strangers = {line.host for line in recognition.paste.lines} & set(named.unknown)
    return earlier.host if earlier is not None and not strangers else ""


def _ask_host(
    desk: Desk, conversation: Conversation, recognition: Recognition, matches: Sequence[Match], small: Sequence[str]
) -> Message:
    if not desk.hosts(conversation.channel):
        return note("hosts-none", conversation.lang)
    named = desk.engine.named(recognition)
    titles = [problem.title for match in matches if (problem := desk.engine.library.get(match.problem))]
    several = [host.name for host in named.hosts if desk.discusses(host, conversation.channel)]
    return which_host(conversation.id, titles, several, named.unknown, conversation.lang, small)


def _chinese(recognition: Recognition) -> bool:
    """Whether the person's own words are mostly Chinese; what processes log says nothing about the person."""
    prose = "".join(line.text for line in recognition.paste.lines if not from_process(line.text))
    han = sum("\u4e00" <= char <= "\u9fff" for char in prose)
    latin = sum(char.isascii() and char.isalpha() for char in prose)
    return han >= 2 and han * 4 > latin  # a Chinese word has two characters where an English one has eight


async def _show(desk: Desk, conversation: Conversation, message: Message) -> None:
    await desk.show(conversation.id, conversation.channel, conversation.thread, message)
