"""What do places outside the bot remember? Reads the lines that messages, system logs and hosts' journals keep.

Any text may be given, such as the whole output of journalctl: what is no testimony is counted and left out. The forms are:

    … audit:17:0123456789abcdef…                          a head: Slack's cards, the system log of the bot's machine
    {"actor":…,"sequence":17,"digest":…}                  a line of an earlier `postmedic audit export`
    … execution 1f…9c step 0 runs: loopback-up            a host's own journal: this was really done there

It compares, and never decides what is true: a head or a step that the chain does not know is for people to explain.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bot.audit import chain
from bot.model.event import Anchor, Event

_HEAD = re.compile(r"(?<![A-Za-z0-9:])audit:([0-9]{1,18}):([0-9a-f]{12,64})(?![0-9A-Za-z])")
_STEP = re.compile(r"(?<![A-Za-z0-9])execution ([A-Za-z0-9][A-Za-z0-9_-]{0,63}) step ([0-9]{1,3}) runs: ([ -~]{1,2048})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """One step that a host's journal says was begun there."""

    execution: str
    index: int
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Testimony:
    """Everything that was remembered, and how many lines held nothing."""

    anchors: frozenset[Anchor] = frozenset()
    done: frozenset[Done] = frozenset()
    other_lines: int = 0


def read(lines: Iterable[str]) -> Testimony:
    """Gather the testimony of these lines."""
    anchors: set[Anchor] = set()
    done: set[Done] = set()
    other = 0
    for line in lines:
        heads, steps = _heads(line), _steps(line)
        anchors |= heads
        done |= steps
        other += bool(line.strip()) and not heads and not steps
    return Testimony(anchors=frozenset(anchors), done=frozenset(done), other_lines=other)


class Unexplained:
    """Which of the steps that hosts remember does a chain not tell of? Sees every event once, then answers.

    With a `host`, by its name in the inventory, only what the chain tells of that host explains a step.
    """

    def __init__(self, done: Iterable[Done], host: str = "") -> None:
        self._done = frozenset(done)
        self._host = host
        self._told: set[Done] = set()

    def see(self, event: Event) -> None:
        """Note the step that this event tells of, or that it was never sent."""
        said = event.details
        if not said.get("index", "").isdecimal() or self._host not in ("", said.get("host")):
            return
        number = int(said["index"][:4])
        if event.kind == "step.started":
            told = Done(execution=event.subject, index=number, words=said.get("step", ""))
            self._told |= {told} & self._done
        elif event.kind == "step.not-sent":
            self._told = {one for one in self._told if (one.execution, one.index) != (event.subject, number)}

    def left(self) -> tuple[Done, ...]:
        """The steps that were done on a host and are not told."""
        return tuple(sorted(self._done - self._told, key=lambda one: (one.execution, one.index, one.words)))


def _heads(line: str) -> set[Anchor]:
    if line.lstrip().startswith("{"):
        event = chain.read(line.strip())
        if event is not chain.UNREADABLE:
            return {event.head}
    return {Anchor(sequence=int(found[1]), digest=found[2]) for found in _HEAD.finditer(line)}


def _steps(line: str) -> set[Done]:
    return {Done(execution=one[1], index=int(one[2]), words=one[3].strip()) for one in _STEP.finditer(line)}
