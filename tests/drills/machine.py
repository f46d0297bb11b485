"""The host's side of a drill: files that outlive the bot's processes, as a real host does.

`arrivals` has one line for each step that ever arrived, before anything else is done with it; `effects` one for each that was
carried out. The journal is one file per step, made exclusively, with the result written when the step has ended.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from bot.connectors.base import Reader, StepState, Writer
from bot.execution.enrolment import expected
from bot.model.diagnosis import Diagnosis
from bot.model.enrolment import Enrolment
from bot.model.execution import StepResult
from bot.model.fact import Facts
from bot.model.host import Host
from bot.model.plan import Plan, Step
from tests.support.plans import host, problem


class FileMachine:
    """A host in a folder; `point` is called wherever the bot's process may die."""

    def __init__(self, folder: Path, point: Callable[[], None]) -> None:
        self._folder = folder
        self._point = point

    def reader(self, host: Host) -> Reader:
        raise AssertionError("an execution measures through the engine")

    def writer(self, host: Host) -> Writer | None:
        return self

    def host_of(self, name: str) -> Host:
        return host(name)

    async def run(self, execution: str, index: int, step: Step) -> StepResult:
        self._point()
        append(self._folder / "arrivals", f"{execution} {index}")
        journal = self._folder / f"journal-{execution}-{index}"
        os.close(os.open(journal, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        self._point()
        append(self._folder / "effects", f"{execution} {index} {step.wire}")
        if step.operation in ("up", "down"):
            (self._folder / "loopback").write_text(step.operation)
        self._point()
        journal.write_text("0")
        self._point()
        return StepResult(exit=0)

    async def enrolment(self) -> Enrolment | None:
        return expected()

    async def ask(self, execution: str, index: int) -> tuple[StepState, StepResult | None]:
        self._point()
        journal = self._folder / f"journal-{execution}-{index}"
        if not journal.exists():
            return StepState.UNSEEN, None
        told = journal.read_text()
        return (StepState.ENDED, StepResult(exit=int(told))) if told else (StepState.RUNNING, None)

    async def measure(self, plan: Plan) -> Diagnosis:
        self._point()
        loopback = self._folder / "loopback"
        facts = Facts({"loopback.state": loopback.read_text() if loopback.exists() else "down"})
        return Diagnosis(problem=problem(), host=plan.host, match=None, facts=facts, verdicts=(), measured_at=time.time())


def append(path: Path, line: str) -> None:
    with path.open("a") as file:
        file.write(line + "\n")


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []
