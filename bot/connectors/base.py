"""What must every way to a host offer? `Reader` and `Writer` are different objects over different accounts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from enum import StrEnum
from typing import Protocol

from bot.model.enrolment import Enrolment
from bot.model.execution import StepResult
from bot.model.host import Host
from bot.model.plan import Step
from bot.model.probe import Reading, Request


class StepState(StrEnum):
    """What the host itself knows about one step of one execution."""

    UNSEEN = "unseen"  # the host never started it
    RUNNING = "running"
    ENDED = "ended"


class Reader(Protocol):
    """Measures on one host; cannot change it."""

    @property
    def host_key(self) -> str:
        """SHA256 fingerprint of the key the host showed, empty before the first read."""

    def read(self, requests: Sequence[Request]) -> AsyncIterator[Reading]:
        """Yield one reading per request as each arrives, all over one connection.

        Raises `HostError` subclasses when the host cannot be asked; readings that came before are valid.
        """


class Writer(Protocol):
    """Runs steps of approved plans on one host, each at most once per (execution, index)."""

    async def run(self, execution: str, index: int, step: Step) -> StepResult:
        """Run one step and give its result; where the host refuses the words, the result carries its refusal's exit status
        (64 not in its closed list, 65 same step asked for before with other words, 73 no journal, 77 no right), nothing ran.

        Raises `ConnectionDropped` when it cannot be known whether or how the step ended, other `HostError`s only when
        nothing was sent.
        """

    async def enrolment(self) -> Enrolment | None:
        """Ask which programs of postmedic the host has, without running anything; None when it does not say so.

        Raises `HostError`s when the host cannot be asked.
        """

    async def ask(self, execution: str, index: int) -> tuple[StepState, StepResult | None]:
        """Ask the host's journal about a step, without running anything; raises `HostError`s when it gives no answer.

        A step whose processes died with the host has ended too: its result has exit 137 and says that it was interrupted.
        """


class Connector(Protocol):
    """Opens ways to the hosts of the inventory."""

    def reader(self, host: Host) -> Reader:
        """The way to measure on `host`."""

    def writer(self, host: Host) -> Writer | None:
        """The way to change `host`, or None where it has no account for fixes or is not enrolled."""
