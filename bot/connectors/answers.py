"""What did the host's journal say about a step? Listens to one exec of the fix account and reads its single answer.

The answer carries its lengths before its bytes, so no output of a step can look like an answer.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

from bot.connectors.base import StepState
from bot.connectors.dispatcher import NO_JOURNAL, OTHER_WORDS, REFUSED
from bot.model.enrolment import Enrolment, told
from bot.model.execution import StepResult
from bot.model.probe import KILLED, NO_PERMISSION, NOT_INSTALLED

_LONGEST = 64 * 1024  # the dispatcher gives 16 KiB of each output
_NOTHING_RAN = frozenset({REFUSED, OTHER_WORDS, NO_JOURNAL, NO_PERMISSION, 126, NOT_INSTALLED})
_ENDED = re.compile(rb"ended (\d{1,3}) (fresh|replayed) (\d{1,6}) (\d{1,6})\n")
INTERRUPTED = StepResult(exit=KILLED, stderr="postmedic: the step was interrupted on the host before it ended", replayed=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the journal says; `result` is there when, and only when, the step ended."""

    state: StepState
    result: StepResult | None = None


class Hearing:
    """Collects the answer to one exec; beyond its limit the host is no longer listened to."""

    def __init__(self) -> None:
        self._stdout = bytearray()
        self._stderr = bytearray()
        self._exit: int | None = None
        self.closed = asyncio.Event()

    def hear(self, received: bytes, stderr: bool) -> None:
        """Take received bytes of one stream."""
        kept = self._stderr if stderr else self._stdout
        kept += received[: _LONGEST - len(kept)]
        if len(kept) == _LONGEST:
            self.closed.set()

    def close(self, exit: int | None) -> None:
        """Note that nothing more will come."""
        self._exit = exit
        self.closed.set()

    def refusal(self) -> StepResult | None:
        """How the dispatcher said that it ran nothing, as a result with its exit status; None when it did not."""
        if self._exit in _NOTHING_RAN and not self._stdout:
            return StepResult(exit=self._exit, stderr=self._stderr.decode("utf-8", "replace"))
        return None

    def enrolment(self) -> Enrolment | None:
        """Which programs the host says it has; None when it says anything else."""
        return told(self._stdout.decode("utf-8", "replace")) if self._exit == 0 else None

    def answer(self) -> Answer | None:
        """The complete answer, or None when the connection was lost before its last byte."""
        plain = {b"unseen\n": Answer(state=StepState.UNSEEN), b"running\n": Answer(state=StepState.RUNNING)}
        said = bytes(self._stdout)
        if said in plain:
            return plain[said]
        if said == b"interrupted\n":
            return Answer(state=StepState.ENDED, result=INTERRUPTED)
        header = _ENDED.match(said)
        if header is None:
            return None
        code, how, out, err = header.groups()
        body = said[header.end() :]
        if len(body) != int(out) + int(err):
            return None
        stdout, stderr = body[: int(out)].decode("utf-8", "replace"), body[int(out) :].decode("utf-8", "replace")
        result = StepResult(exit=int(code), stdout=stdout, stderr=stderr, replayed=how == b"replayed")
        return Answer(state=StepState.ENDED, result=result)
