"""B9: a connection lost in a step is doubt, never failure: the host's journal is asked, and without it a person decides."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest

from bot.connectors.answers import Hearing
from bot.connectors.ssh import SshConnector, SshWriter
from bot.errors import ConnectionDropped, HostUnreachable
from bot.execution.enrolment import expected
from bot.execution.executor import Executor
from bot.execution.fingerprints import fingerprints
from bot.execution.means import Pace
from bot.model.diagnosis import Diagnosis
from bot.model.enrolment import Enrolment
from bot.model.execution import State, StepResult
from bot.model.fact import Facts
from bot.model.plan import Plan, Step
from bot.model.progress import Why
from bot.store.store import Store
from tests.contract.hosts.catalogue import Operation
from tests.contract.hosts.hostile import Open, hostile
from tests.contract.hosts.openssh import sshd
from tests.contract.hosts.proxy import Wire
from tests.support.plans import APPROVERS, Machine, drops_after, fails, means, plan, problem, review
from tests.support.stores import opened

# It says 12 kB after a second, so that a cut can lie before, inside and behind its answer.
TALKS = Operation(
    name="talks", parameters={"file": "path"}, script='echo ran >>"/$1"\nsleep 1\nhead -c 12000 /dev/zero | tr "\\0" x'
)
PACE = Pace(poll=0.1, step=20, journal=3, measure=5)


class Scissors(Wire):
    """A wire that carries so many bytes from the host once armed, and is then cut; `dead`: nobody gets through afterwards."""

    def __init__(self, port: int, *, dead: bool) -> None:
        super().__init__(port)
        self.left: int | None = None
        self.snipped = False
        self._dead = dead

    def arm(self, bytes_carried: int) -> None:
        self.left = bytes_carried
        if not bytes_carried:
            self._snip()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.snipped and self._dead:
            writer.transport.abort()
            return
        await super()._accept(reader, writer)

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        from_host = target is not self._writers[-1]
        try:
            while received := await source.read(256):
                if self.left is not None and from_host and not self.snipped:
                    received, self.left = received[: self.left], self.left - len(received)
                target.write(received)
                await target.drain()
                if self.left is not None and self.left <= 0 and not self.snipped:
                    self._snip()
            target.close()
        except OSError:
            return

    def _snip(self) -> None:
        self.snipped = True
        self.cut()


@pytest.fixture
def folder() -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("the dispatcher for fixes runs as root")
    made = Path(tempfile.mkdtemp(prefix="postmedic-b9."))
    yield made
    shutil.rmtree(made)


@pytest.mark.parametrize("dead", [True, False], ids=["host stays away", "host answers again"])
@pytest.mark.parametrize("carried", [0, 6000, 11900], ids=["byte 0", "mid-output", "before the exit status"])
async def test_a_cut_connection_is_doubt_and_nothing_runs_twice(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, carried: int, dead: bool
) -> None:
    async def enrolment(self: SshWriter) -> Enrolment:
        return expected()  # of the catalogues; the host here has an operation of its own

    monkeypatch.setattr(SshWriter, "enrolment", enrolment)
    effects = folder / "effects"
    with sshd(folder, operations=(TALKS,)) as real:
        async with Scissors(real.port, dead=dead) as wire, opened(str(tmp_path / "postmedic.db")) as store:
            host = replace(real, port=wire.port, approvers=APPROVERS)
            connector = SshConnector(connect_timeout=2, step_seconds=20)

            async def measure(planned: Plan) -> Diagnosis:
                facts = Facts({"loopback.state": "up" if effects.exists() else "down"})
                return Diagnosis(
                    problem=problem(), host=planned.host, match=None, facts=facts, verdicts=(), measured_at=time.time()
                )

            parts = replace(means(store, Machine()), connector=connector, host_of=lambda name: host, measure=measure, pace=PACE)
            executor = Executor(parts)
            (host_key,) = fingerprints(host)
            steps = (Step(operation="talks", tokens=(str(effects)[1:],), script=TALKS.script),)
            one = plan(host=host.name, host_key=host_key, steps=steps)
            await executor.propose(one)
            await executor.review(one.id, review(one), APPROVERS)
            carrying = asyncio.create_task(executor.carry(one.id))
            async with asyncio.timeout(60):
                while not effects.exists():
                    await asyncio.sleep(0.02)
            wire.arm(carried)
            assert await carrying
            progress = await store.plans.progress(one.id)
            connector.close()
            ran = effects.read_text().splitlines()
    assert wire.snipped
    assert ran == ["ran"]
    if dead:
        assert (progress.state, progress.why) == (State.IN_DOUBT, Why.JOURNAL_SILENT)
    else:  # the journal says how it ended
        assert progress.state is State.SUCCEEDED
    assert (progress.steps[0].result is None) is dead  # a result is known exactly where the host could still say it


def lost(machine: Machine, index: int) -> StepResult:
    raise ConnectionDropped(host="mx1", detail="reset by peer")


def unforeseen(machine: Machine, index: int) -> StepResult:
    raise ValueError("who knows")


def unreachable(machine: Machine, index: int) -> StepResult:
    execution, index, _ = machine.ran.pop()
    del machine.journal[execution, index]
    raise HostUnreachable(host="mx1", detail="no route")


class Silent(Machine):
    """A host that says nothing about a step, over a connection that stands."""

    async def run(self, execution: str, index: int, step: Step) -> StepResult:
        self.journal[execution, index] = None
        await asyncio.Event().wait()
        raise AssertionError


@pytest.mark.parametrize(
    ("machine", "number"),
    [
        (Machine(behave={"loopback-up": lost}), 0),
        (Machine(behave={"service-start": lost}), 1),
        (Machine(behave={"service-start": fails, "loopback-down": lost}), 2),  # while the change is taken back
        (Machine(behave={"loopback-up": unforeseen}), 0),
        (Silent(), 0),
    ],
    ids=["first step", "last step", "undo", "an error nobody foresaw", "silence"],
)
async def test_doubt_whichever_step_it_was_and_however_it_was_lost(store: Store, machine: Machine, number: int) -> None:
    machine.journal.clear()
    executor = Executor(means(store, machine, pace=Pace(poll=0.01, step=0.5, journal=0.05, measure=5)))
    one = plan()
    await executor.propose(one)
    await executor.review(one.id, review(one), APPROVERS)
    assert await executor.carry(one.id)
    progress = await store.plans.progress(one.id)
    assert (progress.state, progress.why) == (State.IN_DOUBT, Why.STILL_RUNNING)
    assert (progress.steps[-1].index, progress.steps[-1].result) == (number, None)
    assert max(index for _, index in machine.journal) == number  # nothing was sent after it


async def test_an_undo_whose_end_was_lost_is_no_success_of_the_fix(store: Store) -> None:
    """As many steps ended well as the fix has: one of them, and the undo, as the other one was never sent."""
    machine = Machine(behave={"service-start": unreachable, "loopback-down": drops_after})
    executor, one = Executor(means(store, machine)), plan()
    await executor.propose(one)
    await executor.review(one.id, review(one), APPROVERS)
    assert await executor.carry(one.id)
    progress = await store.plans.progress(one.id)
    assert [(step.undo, step.result and step.result.exit) for step in progress.steps] == [(False, 0), (True, 0)]
    assert (progress.state, progress.why) == (State.IN_DOUBT, Why.STOPPED_MIDWAY)


class CutsAtTheStart(asyncssh.SSHServerSession[bytes]):
    """The command has arrived, and whoever sent it never hears so."""

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self._chan = chan

    def exec_requested(self, command: str) -> bool:
        self._chan.get_connection().abort()
        return True


class Cutting(Open):
    def session_requested(self) -> CutsAtTheStart:
        return CutsAtTheStart()


async def test_a_connection_that_is_lost_as_a_step_arrives_may_have_brought_it(tmp_path: Path) -> None:
    async with hostile(tmp_path, Cutting) as host:
        connector = SshConnector(connect_timeout=2)
        writer = connector.writer(host)
        assert writer is not None
        with pytest.raises(ConnectionDropped):
            await writer.run("e1", 0, Step(operation="talks", tokens=(), script=TALKS.script))
        connector.close()


def test_no_beginning_of_an_answer_is_one() -> None:
    whole = b"ended 0 fresh 5 3\nhelloerr"
    for length in range(len(whole) + 1):
        heard = Hearing()
        heard.hear(whole[:length], False)
        heard.close(None)
        assert (heard.answer() is not None) is (length == len(whole))
