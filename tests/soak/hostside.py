"""The hosts of a chaos run, in a process that nobody kills: steps go on when the bot that sent them is dead, as on a real host.

`log` only grows: one line when a step begins and one when it has ended, before anything is answered.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from pathlib import Path
from typing import Any

from bot.connectors.base import Reader, StepState, Writer
from bot.errors import ConnectionDropped, HostUnreachable
from bot.execution.enrolment import expected
from bot.model.diagnosis import Diagnosis
from bot.model.enrolment import Enrolment
from bot.model.execution import StepResult
from bot.model.fact import Facts
from bot.model.host import Host
from bot.model.plan import Plan, Step
from tests.drills.machine import append
from tests.support.plans import host, problem

LONGEST_STEP = 0.2


class HostSide:
    """Answers over a socket in `folder`; every step runs once and stays in the journal."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "log"
        self._socket = folder / "hosts.sock"
        self._journal: dict[tuple[str, int], asyncio.Task[None]] = {}
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> HostSide:
        self._server = await asyncio.start_unix_server(self._answer, self._socket)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        verb, execution, index, name = json.loads(await reader.readline())
        key = (execution, index)
        if verb == "run":
            if key in self._journal:
                append(self._log, f"again {execution} {index} {name}")
            step = self._journal.setdefault(key, asyncio.create_task(self._step(execution, index, name)))
            await asyncio.shield(step)
        running = key in self._journal and not self._journal[key].done()
        writer.write(f"{'running' if running else 'ended' if key in self._journal else 'unseen'}\n".encode())
        writer.close()

    async def _step(self, execution: str, index: int, name: str) -> None:
        append(self._log, f"begin {execution} {index} {name}")
        await asyncio.sleep(random.uniform(0, LONGEST_STEP))
        append(self._log, f"end {execution} {index} {name}")


class Remote:
    """The hosts as a replica sees them."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "hosts.sock"

    def reader(self, host: Host) -> Reader:
        raise AssertionError("an execution measures through the engine")

    def writer(self, host: Host) -> Writer | None:
        return _Writer(self, host.name)

    def host_of(self, name: str) -> Host:
        return host(name)

    async def measure(self, plan: Plan) -> Diagnosis:
        """The change helps from the end of its first step on."""
        facts = Facts({"loopback.state": "up" if await self.say("ask", plan.id, 0, plan.host) == "ended" else "down"})
        return Diagnosis(problem=problem(), host=plan.host, match=None, facts=facts, verdicts=(), measured_at=time.time())

    async def say(self, *words: Any) -> str:
        try:
            reader, writer = await asyncio.open_unix_connection(self._socket)
        except OSError as error:
            raise HostUnreachable(host=str(words[3]), detail="no socket") from error
        writer.write(json.dumps(words).encode() + b"\n")
        answer = (await reader.readline()).decode().strip()
        writer.close()
        if not answer:
            raise ConnectionDropped(host=str(words[3]), detail="no answer")
        return answer


class _Writer:
    def __init__(self, remote: Remote, name: str) -> None:
        self._remote, self._name = remote, name

    async def run(self, execution: str, index: int, step: Step) -> StepResult:
        await self._remote.say("run", execution, index, self._name)
        return StepResult(exit=0)

    async def enrolment(self) -> Enrolment:
        return expected()

    async def ask(self, execution: str, index: int) -> tuple[StepState, StepResult | None]:
        state = StepState(await self._remote.say("ask", execution, index, self._name))
        return state, StepResult(exit=0) if state is StepState.ENDED else None
