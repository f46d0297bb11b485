"""What does a sample host answer to the words of its two accounts? The protocol of the dispatchers, over a scene, in memory."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.sandbox.hosts.scene import Recorded, Scene

REFUSED, OTHER_WORDS = 64, 65
_WORDS = re.compile(r"[A-Za-z0-9_.:@/+=, -]{1,16384}")
_ENROLMENT = "enrolment"  # the probe that asks which programs the host has
_MARK = re.compile(r"[0-9a-f]{24}")
_EXECUTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_INDEX = re.compile(r"0|[1-9][0-9]{0,2}")

Write = Callable[[bytes], None]


@dataclass(slots=True, kw_only=True)
class Claim:
    """One entry of the journal: the words of the first claim, and the result once the step ended."""

    words: str
    result: Recorded | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class SampleHost:
    """One host of the demo: its scene, the stage it is in, and the journal of its steps.

    `latency` is how long each probe takes, `step_seconds` each step; `enrolment` is what it says of its programs.
    """

    def __init__(self, scene: Scene, *, latency: float = 0.03, step_seconds: float = 0.3, enrolment: str = "") -> None:
        self.name = scene.host
        self.effects: list[str] = []  # the steps that really ran, in order
        self._scene = scene
        self._latency = latency
        self._step_seconds = step_seconds
        self._enrolment = enrolment.encode()
        self._stage = 0
        self._journal: dict[tuple[str, str], Claim] = {}
        self._running: set[asyncio.Task[None]] = set()

    def rewind(self) -> None:
        """Break the host again: back to the first stage; the journal stays, as it would on a real host."""
        self._stage = 0

    async def probe(self, command: str, out: Write, err: Write) -> int:
        """Answer the probe account; gives the exit status."""
        words = command.split(" ")
        if not _WORDS.fullmatch(command) or len(words) < 3 or words[0] != "read" or not _MARK.fullmatch(words[1]):
            return _refuse(err, "not a request to read")
        mark = words[1]

        def frame(rest: str) -> None:
            for write in (out, err):
                write(f"\n{mark} {rest}\n".encode())

        frame("begin")
        refused = 0
        for index, key in enumerate(_requests(words[2:])):
            await asyncio.sleep(self._latency)
            reading = self._scene.stages[self._stage].readings.get(key)
            if reading is None and key == _ENROLMENT and self._enrolment:
                reading = Recorded(exit=0, stdout=self._enrolment)
            if reading is None:
                refused = REFUSED
                reading = Recorded(exit=REFUSED, stderr=b"postmedic: this host has no probe of that name and form\n")
            out(reading.stdout)
            err(reading.stderr)
            frame(f"{index} {reading.exit}")
        frame("end")
        return refused

    async def fix(self, command: str, out: Write, err: Write) -> int:
        """Answer the account for fixes; gives the exit status of the dispatcher, not of the step."""
        match command.split(" ") if _WORDS.fullmatch(command) else []:
            case ["run", execution, index, operation, *tokens] if _is_step(execution, index):
                return await self._run((execution, index), " ".join((operation, *tokens)), out, err)
            case ["ask", execution, index] if _is_step(execution, index):
                return self._ask((execution, index), out)
            case ["version"] if self._enrolment:
                out(self._enrolment)
                return 0
            case _:
                return _refuse(err, "neither run nor ask")

    async def _run(self, step: tuple[str, str], words: str, out: Write, err: Write) -> int:
        claim = self._journal.get(step)
        if claim is not None:
            if claim.words != words:
                return _refuse(err, "this step was asked for before with other words", OTHER_WORDS)
            await claim.ended.wait()
            return _answer(claim, "replayed", out)
        following = self._scene.stages[self._stage + 1 : self._stage + 2]
        if not following or following[0].step != words:
            return _refuse(err, f"this sample host has no recording of `{words}` in its present state")
        claim = self._journal[step] = Claim(words=words)
        task = asyncio.create_task(self._perform(claim))  # a task of its own: a lost connection does not stop it
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        await claim.ended.wait()
        return _answer(claim, "fresh", out)

    async def _perform(self, claim: Claim) -> None:
        self.effects.append(claim.words)
        await asyncio.sleep(self._step_seconds)
        self._stage += 1
        claim.result = self._scene.stages[self._stage].result
        claim.ended.set()

    def _ask(self, step: tuple[str, str], out: Write) -> int:
        claim = self._journal.get(step)
        if claim is None:
            out(b"unseen\n")
        elif claim.result is None:
            out(b"running\n")
        else:
            _answer(claim, "replayed", out)
        return 0


def _requests(words: list[str]) -> list[str]:
    """Split words at `+` into the keys of readings."""
    requests: list[list[str]] = [[]]
    for word in words:
        if word == "+":
            requests.append([])
        elif word:
            requests[-1].append(word)
    return [" ".join(request) for request in requests if request]


def _is_step(execution: str, index: str) -> bool:
    return bool(_EXECUTION.fullmatch(execution) and _INDEX.fullmatch(index))


def _answer(claim: Claim, how: str, out: Write) -> int:
    result = claim.result
    if result is None:
        out(b"interrupted\n")
        return 0
    out(f"ended {result.exit} {how} {len(result.stdout)} {len(result.stderr)}\n".encode() + result.stdout + result.stderr)
    return 0


def _refuse(err: Write, why: str, code: int = REFUSED) -> int:
    err(f"postmedic: refused: {why}\n".encode())
    return code
