"""What is asked of every host, and which known problems stand in its queue and its log? Pure but for what it is handed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence, Set

from bot.facts.queue import Queue, Wait
from bot.model.checkup import Seen, Source
from bot.model.fact import Facts, FactUse
from bot.model.match import Recognition
from bot.model.moment import moment

USES = (
    FactUse(name="service", arguments=("postfix",)),
    FactUse(name="listeners"),
    FactUse(name="smtp-greeting"),
    FactUse(name="config-warnings"),
    FactUse(name="queue"),
    FactUse(name="log"),
    FactUse(name="log-times"),
)

_NUMBERS = re.compile(r"[0-9A-F]*[0-9][0-9A-F]*")  # process ids, queue ids, addresses, sizes
_ROOM = 60 * 1024  # less than a paste may hold

Recognise = Callable[[str], Recognition]


def seen(facts: Facts, recognise: Recognise, passing: Set[str] = frozenset()) -> tuple[Seen, ...]:
    """Group the host's queue reasons and log lines by problem: known ones first, the most causal before its consequences.

    `passing` are the ids of the problems for which mail waits, and then goes out by itself.
    """
    found = [*_in_queue(facts, recognise, passing), *_in_log(facts, recognise)]
    return tuple(sorted(found, key=lambda one: (not one.sure, one.match is None, one.source is Source.LOG)))


def _in_queue(facts: Facts, recognise: Recognise, passing: Set[str]) -> Iterator[Seen]:
    queue = facts.look("queue")
    if not isinstance(queue, Queue):
        return
    groups: dict[str, list[Wait]] = {}
    recognised: dict[str, Recognition] = {}
    for wait in queue.reasons:
        recognition = recognise(_as_log_line(wait.text))
        match = next(iter(recognition.sure or recognition.near), None)
        known = match.problem if match else wait.text
        recognised.setdefault(known, recognition)
        groups.setdefault(known, []).append(wait)
    together = recognise("\n".join(_as_log_line(wait.text) for wait in queue.reasons))
    causal = [match.problem for match in (*together.sure, *together.near)]
    for known in sorted(groups, key=lambda one: causal.index(one) if one in causal else len(causal)):
        waits, recognition = groups[known], recognised[known]
        arrivals = [at for wait in waits for at in (wait.oldest, wait.newest) if at]
        yield Seen(
            source=Source.QUEUE,
            count=sum(wait.count for wait in waits),
            match=next(iter(recognition.sure or recognition.near), None),
            sure=bool(recognition.sure),
            text=waits[0].text,
            oldest=moment(min(arrivals)) if arrivals else "",
            newest=moment(max(arrivals)) if arrivals else "",
            passing=known in passing,
        )


def _as_log_line(reason: str) -> str:
    """Give a normalised reason the form it has in the log, so that the same signatures fit."""
    named = reason.replace("HOST", "host.example[192.0.2.1]")
    return f"postfix/smtp[1]: 4ABCDEF0123: to=<user@example.com>, status=deferred ({named})"


def _in_log(facts: Facts, recognise: Recognise) -> Iterator[Seen]:
    lines, times = facts.look("log"), facts.look("log-times")
    if not isinstance(lines, tuple):
        return
    shown = _kinds([str(line) for line in lines])
    recognition = recognise("\n".join(text for text, _ in shown))
    for match in (*recognition.sure, *(one for one in recognition.near if one not in recognition.sure)):
        met = sorted(place for number in match.numbers for place in shown[number - 1][1])
        at = [str(times[place]) for place in met] if isinstance(times, tuple) and len(times) == len(lines) else []
        told = [one for one in at if one]
        yield Seen(
            source=Source.LOG,
            count=len(met),
            match=match,
            sure=match in recognition.sure,
            text=match.lines[0].text if match.lines else "",
            oldest=told[0] if told else "",
            newest=told[-1] if told else "",
        )


def _kinds(lines: Sequence[str]) -> list[tuple[str, list[int]]]:
    """Lines that differ in their numbers only count as one kind, with the places of all of them; the latest kinds are kept.

    A log repeats itself, and more text than a paste may hold would not be read to its end.
    """
    kinds: dict[str, tuple[str, list[int]]] = {}
    for place, line in enumerate(lines):
        if line.strip():
            _, places = kinds.setdefault(_NUMBERS.sub("0", line), (line.replace("\n", " "), []))
            places.append(place)
    kept: list[tuple[str, list[int]]] = []
    room = _ROOM
    for text, places in sorted(kinds.values(), key=lambda kind: -kind[1][-1]):
        room -= len(text.encode()) + 1
        if room < 0:
            break
        kept.append((text, places))
    return sorted(kept, key=lambda kind: kind[1][0])
