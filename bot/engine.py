"""What can postmedic do? The verbs behind Slack and the command line alike: recognise, diagnose, check, propose, review.

It knows nothing of Slack. Reading and changing meet only here.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.connectors.base import Connector, Reader
from bot.diagnosis.checkup import USES, seen
from bot.diagnosis.gather import Arrived, gather
from bot.diagnosis.once import OnceReader
from bot.diagnosis.verdict import diagnose
from bot.errors import NotFound, Refused, UnknownHost
from bot.facts.boot import BOOT
from bot.inventory import Inventory
from bot.knowledge.library import Library
from bot.matching import Matcher
from bot.model.checkup import Checkup
from bot.model.diagnosis import Diagnosis
from bot.model.fact import Facts
from bot.model.host import Host
from bot.model.match import Kind, Match, Recognition
from bot.model.plan import Plan
from bot.planning.planner import plan
from bot.render.discretion import Discretion

MOST_PROBLEMS = 3  # of one paste that are measured; the others are named


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Which hosts a paste speaks of: those of the inventory, and names the inventory does not hold."""

    hosts: tuple[Host, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The problems in use, compiled; `refused` says why a newer state of their folders is not in use, else it is empty."""

    library: Library
    matcher: Matcher
    refused: str = ""


def compiled(library: Library) -> Known:
    """The problems of a library, ready for use. Raises `KnowledgeError` for a signature or phrase that does not compile."""
    return Known(library=library, matcher=Matcher(library.values()))


class Engine:
    """The verbs over one inventory, one knowledge and one way to reach hosts.

    `known` may be replaced at any time by one assignment. Who recognised a problem that is gone a moment later meets
    `NotFound`, and a plan made from an entry that has changed since is stale.
    """

    def __init__(
        self,
        *,
        inventory: Inventory,
        library: Library,
        connector: Connector,
        clock: Callable[[], float],
        plan_seconds: float,
        discretion: Discretion = Discretion(),  # noqa: B008  # frozen
    ) -> None:
        self.inventory = inventory
        self.discretion = discretion
        self.known = compiled(library)
        self._connector = connector
        self._clock = clock
        self._plan_seconds = plan_seconds

    @property
    def library(self) -> Library:
        """The problems in use now."""
        return self.known.library

    @property
    def matcher(self) -> Matcher:
        """What recognises the problems in use now."""
        return self.known.matcher

    def recognise(self, text: str) -> Recognition:
        """Name the problems a paste shows. Pure."""
        return self.matcher.recognise(text)

    def named(self, recognition: Recognition) -> Named:
        """Look the host names of a paste up in the inventory, in their order, without repeats."""
        hosts: dict[str, Host] = {}
        unknown: list[str] = []
        for name in recognition.hosts:
            try:
                host = self.inventory.find(name)
            except UnknownHost:
                unknown.append(name)
            else:
                hosts[host.name] = host
        return Named(hosts=tuple(hosts.values()), unknown=tuple(unknown))

    def reader(self, host: Host) -> OnceReader:
        """A way to measure on `host` for one question: nothing is asked twice."""
        return OnceReader(self._connector.reader(host))

    async def diagnose(self, host: Host, match: Match, reader: Reader, arrived: Arrived | None = None) -> Diagnosis:
        """Measure and judge one recognised problem on one host; a host that cannot be asked is in `error`.

        The boot of the host is measured with every problem, because plans are bound to it.
        """
        problem = self.library.get(match.problem)
        if problem is None:
            raise NotFound(what=match.problem)
        measured = await gather((*problem.facts, BOOT), problem.derived, match.captures, reader, arrived)
        facts, error = self._discreet(*measured)
        return diagnose(problem, host.name, match, facts, self._clock(), error)

    async def check(self, host: Host, reader: Reader, arrived: Arrived | None = None) -> Checkup:
        """Measure the general health of a host, and judge the known problems that stand in its queue and its log."""
        facts, error = self._discreet(*await gather(USES, (), {}, reader, arrived))
        groups = seen(facts, self.recognise, {one.id for one in self.library.values() if one.passing})
        known = {one.match.problem: one.match for one in reversed(groups) if one.match and one.sure}
        diagnoses = [await self.diagnose(host, match, reader) for match in list(reversed(known.values()))[:MOST_PROBLEMS]]
        return Checkup(
            host=host.name, facts=facts, seen=groups, diagnoses=tuple(diagnoses), measured_at=self._clock(), error=error
        )

    def plans(self, diagnosis: Diagnosis, host: Host, reader: Reader, requester: str) -> tuple[Plan, ...]:
        """Make a plan for each confirmed cause with a fix; none for a host without an account for fixes, or not enrolled.

        A fix whose values could not be measured makes no plan: the cause is still shown, and its safety text as advice.
        """
        if host.mender is None:
            return ()
        made: dict[str, Plan] = {}
        for verdict in diagnosis.confirmed:
            if verdict.cause.fix is None or verdict.cause.fix in made:
                continue
            try:
                made[verdict.cause.fix] = plan(
                    diagnosis,
                    verdict,
                    plan_id=secrets.token_hex(8),
                    host_key=reader.host_key,
                    requester=requester,
                    now=self._clock(),
                    lifetime=self._plan_seconds,
                )
            except Refused:
                continue
        return tuple(made.values())

    def _discreet(self, facts: Facts, error: str) -> tuple[Facts, str]:
        """What was measured, as it may be kept and shown."""
        return Facts({path: self.discretion.value(value) for path, value in facts.items()}), self.discretion(error)

    async def measure(self, planned: Plan) -> Diagnosis:
        """Run the diagnosis a plan was made from again, on fresh facts and with the same captures."""
        match = Match(problem=planned.problem, kind=Kind.EXACT, score=100.0, captures=dict(planned.captures))
        host = self.inventory.find(planned.host)
        return await self.diagnose(host, match, self.reader(host))


def measured_matches(recognition: Recognition) -> Sequence[Match]:
    """Which of the recognised problems are measured on the host."""
    return recognition.sure[:MOST_PROBLEMS]
