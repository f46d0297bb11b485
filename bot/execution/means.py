"""What does carrying out a plan need from the rest of the house? Handed in once by the composition root."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from bot.connectors.base import Connector, Writer
from bot.errors import OtherHost, UnknownHost
from bot.execution.fingerprints import fingerprints
from bot.model.diagnosis import Diagnosis
from bot.model.execution import StepResult
from bot.model.host import Host
from bot.model.person import Register
from bot.model.plan import Plan
from bot.model.review import Actor, Review
from bot.store.store import Store

SAID = 4096  # characters kept of what a step said


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long things are waited for, in seconds."""

    poll: float = 1.0  # between looks at the database and between measurements
    step: float = 900.0  # after which a silent step counts as lost; the host ends steps much earlier by itself
    journal: float = 90.0  # for a host to say how a lost step ended
    measure: float = 120.0
    fresh: float = 600.0  # how old facts may be when a person decides on them


async def _nobody_told(plan: Plan, review: Review) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """The parts an execution works with.

    `measure` runs the plan's diagnosis again, with its captures; `actor_now` asks again who a reviewer is, with
    `lookup_failed` set when nobody can say; `redact` takes secrets out of what a host said; `clock` gives UTC seconds;
    `alarm` tells everybody that the glass is broken, and whether anybody was told; `register` says who is one person;
    `team` is the workspace that is served; `owner` is a name no other process ever had.
    """

    store: Store
    connector: Connector
    host_of: Callable[[str], Host]  # raises `UnknownHost`
    measure: Callable[[Plan], Awaitable[Diagnosis]]
    actor_now: Callable[[Actor], Awaitable[Actor]]
    redact: Callable[[str], str]
    clock: Callable[[], float]
    team: str
    owner: str
    register: Register = field(default_factory=Register)
    alarm: Callable[[Plan, Review], Awaitable[bool]] = _nobody_told
    pace: Pace = field(default_factory=Pace)

    def readable(self, result: StepResult) -> StepResult:
        """Give a step's result as it may be kept and shown: without secrets and of bounded length."""
        return replace(result, stdout=self.redact(result.stdout)[:SAID], stderr=self.redact(result.stderr)[:SAID])

    def host(self, plan: Plan) -> Host:
        """The host of the plan; raises `UnknownHost`, and `OtherHost` where the inventory now means another one by its name."""
        host = self.host_of(plan.host)
        if plan.host_key not in fingerprints(host):
            raise OtherHost(host=plan.host)
        return host

    def writer(self, plan: Plan) -> Writer | None:
        """The way to change the host of the plan, or None where the inventory offers none (any more)."""
        try:
            return self.connector.writer(self.host(plan))
        except (UnknownHost, OtherHost):
            return None
