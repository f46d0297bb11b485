"""What is asked of every host, and which known problems stand in its queue and its log? Pure but for what it is handed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bot.facts.queue import Queue
from bot.model.checkup import Seen, Source
from bot.model.fact import Facts, FactUse
from bot.model.match import Recognition

USES = (
    FactUse(name="service", arguments=("postfix",)),
    FactUse(name="listeners"),
    FactUse(name="smtp-greeting"),
    FactUse(name="config-warnings"),
    FactUse(name="queue"),
    FactUse(name="log"),
)

Recognise = Callable[[str], Recognition]


def seen(facts: Facts, recognise: Recognise) -> tuple[Seen, ...]:
    """Group the host's queue reasons and log lines by problem: known ones first, then by count."""
    found = [*_in_queue(facts, recognise), *_in_log(facts, recognise)]
    return tuple(sorted(found, key=lambda one: (not one.sure, one.match is None, one.source is Source.LOG, -one.count)))


def _in_queue(facts: Facts, recognise: Recognise) -> Iterator[Seen]:
    queue = facts.look("queue")
    if not isinstance(queue, Queue):
        return
    groups: dict[str, Seen] = {}
    for wait in queue.reasons:
        recognition = recognise(_as_log_line(wait.text))
        match = next(iter(recognition.sure or recognition.near), None)
        known = match.problem if match else wait.text
        earlier = groups[known].count if known in groups else 0
        groups[known] = Seen(
            source=Source.QUEUE, count=earlier + wait.count, match=match, sure=bool(recognition.sure), text=wait.text
        )
    yield from groups.values()


def _as_log_line(reason: str) -> str:
    """Give a normalised reason the form it has in the log, so that the same signatures fit."""
    named = reason.replace("HOST", "host.example[192.0.2.1]")
    return f"postfix/smtp[1]: 4ABCDEF0123: to=<user@example.com>, status=deferred ({named})"


def _in_log(facts: Facts, recognise: Recognise) -> Iterator[Seen]:
    lines = facts.look("log")
    if not isinstance(lines, tuple):
        return
    recognition = recognise("\n".join(str(line) for line in lines))
    for match in recognition.near:
        text = match.lines[0].text if match.lines else ""
        yield Seen(source=Source.LOG, count=match.count, match=match, sure=match in recognition.sure, text=text)
