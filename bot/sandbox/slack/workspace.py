"""The local workspace itself: one team with one installed app, holding everything the other modules work on."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from .delivery import Dispatcher
from .faults import Faults
from .feed import Feed
from .identity import Identity
from .journal import Journal
from .scopes import Manifest
from .seed import CHANNELS, PEOPLE, SAMPLES, USERGROUPS, Channel, Person, Sample, Usergroup
from .shapes import Clock, Timing
from .sockets import Sockets
from .store import Store
from .tickets import Tickets


class Workspace:
    """A Slack workspace in memory.

    `manifest` is the app's manifest file: its scopes, events, commands and shortcuts are what the app gets here.
    `clock` gives seconds since 1970 and drives message timestamps and the life of trigger ids and response URLs.
    """

    def __init__(
        self,
        manifest: Path,
        *,
        people: Iterable[Person] = PEOPLE,
        channels: Iterable[Channel] = CHANNELS,
        usergroups: Iterable[Usergroup] = USERGROUPS,
        samples: Iterable[Sample] = SAMPLES,
        clock: Clock = time.time,
        timing: Timing | None = None,
    ) -> None:
        self.manifest = Manifest.read(manifest)
        self.identity = Identity(bot_name=self.manifest.name)
        self.clock = clock
        self.timing = timing or Timing()
        self.samples = tuple(samples)
        self.store = Store(people, channels, usergroups, clock)
        self.feed = Feed(self.store)
        self.journal = Journal()
        self.faults = Faults()
        self.tickets = Tickets(clock, self.timing)
        self.sockets = Sockets(self.identity, self.timing, self.journal)
        self.dispatcher = Dispatcher(self.sockets, self.faults, self.journal, clock)
        self.base_url = ""

    def problem(self, text: str, user: str = "") -> None:
        """Show what Slack would show a person (or everyone) when something went wrong."""
        shown = {"type": "problem", "text": text} | ({"user": user} if user else {})
        self.journal.problems.append(shown | {"at": self.clock()})
        self.feed.publish(shown)
