"""A plan, its people, and a machine that does what steps say: enough to carry plans out without a network.

The machine keeps a journal as the host's dispatcher does. What it may get wrong is told it step by step.
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.connectors.base import Reader, StepState, Writer
from bot.errors import ConnectionDropped, HostUnreachable, UnknownHost
from bot.execution.enrolment import expected
from bot.execution.means import Means, Pace
from bot.model.diagnosis import Diagnosis
from bot.model.enrolment import Enrolment
from bot.model.execution import StepResult
from bot.model.fact import Facts, Reason, Unknown
from bot.model.host import Account, Approvers, Host, Via
from bot.model.plan import Change, Plan, Step
from bot.model.probe import Reading
from bot.model.problem import Phrases, Problem, Risk
from bot.model.review import Actor, Decision, Review
from bot.model.text import Text
from bot.store.store import Store

TEAM = "T0001"
KEY = base64.b64encode(b"the public key of the host").decode()
FINGERPRINT = "SHA256:" + base64.b64encode(hashlib.sha256(b"the public key of the host").digest()).decode().rstrip("=")
ANNE = Actor(team=TEAM, id="U0ANNE", name="Anne")
BERT = Actor(team=TEAM, id="U0BERT", name="Bert", groups=frozenset({"S0POST"}))
REQUESTER = "U0PAUL"
APPROVERS = Approvers(users=frozenset({"U0ANNE", REQUESTER}), groups=frozenset({"S0POST"}))
DOWN = '{"fact":"loopback.state","is":"down"}'
UP = '{"fact":"loopback.state","is":"up"}'
BOOTED = Reading(key="boot-id", exit=0, stdout=b"6c0e4f2b-9d5a-4c61-8b7e-1f3a5d7c9e02 8\n")


def step(operation: str, *tokens: str) -> Step:
    change = Change(what="loopback", before="down", after="up")
    return Step(operation=operation, tokens=tokens, script="ip link set lo up\n", changes=(change,))


def plan(id: str = "plan-1", **other: Any) -> Plan:
    now = time.time()
    values: dict[str, Any] = {
        "id": id,
        "host": "mx1",
        "host_key": FINGERPRINT,
        "problem": "startup-no-local-interface",
        "problem_digest": "d1",
        "cause": "loopback-down",
        "fix": "raise-loopback",
        "risk": Risk.LOW,
        "captures": (("address", "127.0.0.1"),),
        "steps": (step("loopback-up"), step("service-start", "postfix")),
        "undo": (step("loopback-down"),),
        "before": (DOWN,),
        "after": (UP,),
        "within": 0,
        "facts": (("loopback.state", "down"),),
        "requester": REQUESTER,
        "created_at": now,
        "expires_at": now + 4 * 3600,  # some are made when tests are collected, and run much later
    }
    return Plan(**(values | other))


def review(plan: Plan, actor: Actor = ANNE, decision: Decision = Decision.APPROVE, at: float | None = None) -> Review:
    return Review(plan_digest=plan.digest, actor=actor, decision=decision, at=time.time() if at is None else at)


def host(name: str = "mx1", **other: Any) -> Host:
    account = Account(user="postmedic", key="/etc/postmedic/key")
    values: dict[str, Any] = {
        "name": name,
        "address": "127.0.0.1",
        "port": 22,
        "host_keys": (f"ssh-ed25519 {KEY}",),
        "reader": account,
        "writer": account,
        "via": Via.ENROLLED,
        "approvers": APPROVERS,
    }
    return Host(**(values | other))


def problem(digest: str = "d1") -> Problem:
    text = Text(en="No local interface", zh="没有本地接口")
    return Problem(
        id="startup-no-local-interface",
        version=1,
        title=text,
        references=(),
        signatures=(),
        phrases=Phrases(),
        yields_to=(),
        facts=(),
        derived=(),
        causes=(),
        fixes={},
        lab=(),
        digest=digest,
    )


Behaviour = Callable[["Machine", int], StepResult]


@dataclass(kw_only=True)
class Machine:
    """A host: what is true on it, what ran on it, and how steps behave that do not simply work."""

    facts: dict[str, object] = field(default_factory=lambda: {"loopback.state": "down"})
    ran: list[tuple[str, int, str]] = field(default_factory=list)
    journal: dict[tuple[str, int], StepResult | None] = field(default_factory=dict)
    behave: dict[str, Behaviour] = field(default_factory=dict)
    host: Host = field(default_factory=host)
    unknown: bool = False
    enrolled: Enrolment | None = field(default_factory=expected)
    problem_digest: str = "d1"
    measured: int = 0
    reachable: bool = True
    journal_answers: bool = True

    def reader(self, host: Host) -> Reader:
        raise AssertionError("an execution measures through the engine")

    def writer(self, host: Host) -> Writer | None:
        return self if host.writer else None

    def host_of(self, name: str) -> Host:
        if self.unknown:
            raise UnknownHost(name=name, known="")
        return self.host

    async def run(self, execution: str, index: int, step: Step) -> StepResult:
        if not self.reachable:
            raise HostUnreachable(host="mx1", detail="no route")
        assert (execution, index) not in self.journal, "a step was sent twice"
        self.ran.append((execution, index, step.wire))
        self.journal[execution, index] = None
        result = self.behave.get(step.operation, works)(self, index)
        self.journal[execution, index] = result
        return result

    async def enrolment(self) -> Enrolment | None:
        return self.enrolled

    async def ask(self, execution: str, index: int) -> tuple[StepState, StepResult | None]:
        if not self.journal_answers:
            raise HostUnreachable(host="mx1", detail="no route")
        if (execution, index) not in self.journal:
            return StepState.UNSEEN, None
        result = self.journal[execution, index]
        return (StepState.ENDED, result) if result else (StepState.RUNNING, None)

    async def measure(self, plan: Plan) -> Diagnosis:
        self.measured += 1
        return Diagnosis(
            problem=problem(self.problem_digest),
            host=plan.host,
            match=None,
            facts=Facts(self.facts),
            verdicts=(),
            measured_at=time.time(),
        )

    def cannot_measure(self) -> None:
        self.facts = {"loopback.state": Unknown(reason=Reason.UNREACHABLE, detail="no route")}


def works(machine: Machine, index: int) -> StepResult:
    """The default: `loopback-up` raises the loopback, `loopback-down` takes it back, anything else just ends."""
    operation = machine.ran[-1][2].split()[0]
    if operation in ("loopback-up", "loopback-down"):
        machine.facts["loopback.state"] = operation.removeprefix("loopback-")
    return StepResult(exit=0, stdout="done, password=hunter2\n")


def fails(machine: Machine, index: int) -> StepResult:
    return StepResult(exit=1, stderr="no such device\n")


def nothing(machine: Machine, index: int) -> StepResult:
    return StepResult(exit=0)


def drops_after(machine: Machine, index: int) -> StepResult:
    """The step works, but its end is only in the host's journal."""
    execution, _, _ = machine.ran[-1]
    machine.journal[execution, index] = works(machine, index)
    raise ConnectionDropped(host="mx1", detail="reset by peer")


def drops_before(machine: Machine, index: int) -> StepResult:
    """The connection is lost before the host hears of the step."""
    execution, _, _ = machine.ran.pop()
    del machine.journal[execution, index]
    raise ConnectionDropped(host="mx1", detail="reset by peer")


def hangs(machine: Machine, index: int) -> StepResult:
    """The connection is lost and the step never ends."""
    raise ConnectionDropped(host="mx1", detail="reset by peer")


def means(store: Store, machine: Any, **other: Any) -> Means:
    async def actor_now(actor: Actor) -> Actor:
        return actor

    values: dict[str, Any] = {
        "store": store,
        "connector": machine,
        "host_of": machine.host_of,
        "measure": machine.measure,
        "actor_now": actor_now,
        "redact": lambda text: text.replace("hunter2", "[secret]"),
        "clock": time.time,
        "team": TEAM,
        "owner": "worker-1",
        "pace": Pace(poll=0.01, step=5, journal=0.05, measure=5),
    }
    return Means(**(values | other))
