"""How does one claimed plan get from `checking` to its end? Each row is written before what it allows is done.

A step is sent only after its row says that it may be on the host, and no row is written twice: whatever happens to this
process, nothing is ever sent a second time. A process that finds its plan in other hands stops at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from bot.connectors.base import Writer
from bot.errors import ConnectionDropped, Frozen, HostError, StoodStill, StoreUnavailable
from bot.execution.checking import Cleared, Stopped, checked
from bot.execution.means import Means
from bot.execution.measuring import measured_until_true
from bot.execution.probing import probe
from bot.model.execution import State
from bot.model.plan import Plan, Step
from bot.model.progress import Measurement, Stage, Why

LOG = logging.getLogger(__name__)
_NOT_SENT = (HostError, Frozen, StoodStill, StoreUnavailable)  # the database is asked before a step is sent, never after


class Lost(Exception):
    """The plan's row is no longer this process's; whoever has it now goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a sequence of steps ended: all well (`why` is none), or what stopped it."""

    why: Why = Why.NONE
    detail: str = ""
    sent: bool = True  # False: not even its first step was sent


class Carriage:
    """One plan held by one owner."""

    def __init__(self, means: Means, plan: Plan) -> None:
        self._means = means
        self._plan = plan

    async def carry(self) -> None:
        """Take a plan in `checking` to its end; raises `Lost` when another process has it."""
        outlook = await checked(self._means, await self._means.store.plans.progress(self._plan.id))
        match outlook:
            case Stopped(why=why, state=state, detail=detail, measured=found):
                await self._move(State.CHECKING, state, why=why, detail=detail, measured=found)
            case Cleared(writer=writer, measured=found):
                first = (0, self._plan.steps[0])
                try:
                    await self._move(State.CHECKING, State.APPLYING, measured=found, begins=first)
                except Frozen:  # nothing was sent, so it waits until the freeze is lifted or its time is over
                    await self._move(State.CHECKING, State.APPROVED)
                else:
                    await self._apply(writer)

    async def resume(self) -> None:
        """Find out about a plan in `probing`, and measure whether it helped where every step is known to have ended well."""
        finding = await probe(self._means, self._plan.id)
        if finding.ended_well:
            await self._move(State.PROBING, State.VERIFYING)
            await self._verify()
        else:
            await self._move(State.PROBING, State.IN_DOUBT, why=finding.why, detail=finding.detail, measured=finding.measured)

    async def _apply(self, writer: Writer) -> None:
        ended = await self._run(State.APPLYING, writer, self._plan.steps, first=0)
        match ended.why:
            case Why.NONE:
                await self._move(State.APPLYING, State.VERIFYING)
                await self._verify(writer)
            case Why.CONNECTION_LOST:
                await self._move(State.APPLYING, State.PROBING, why=ended.why, detail=ended.detail)
                await self.resume()
            case _ if self._plan.undo and ended.sent:
                await self._undo(State.APPLYING, writer, ended)
            case _:
                await self._move(State.APPLYING, State.FAILED, why=ended.why, detail=ended.detail)

    async def _verify(self, writer: Writer | None = None) -> None:
        """Say fixed only when `after` was measured true; unknown is not true, so it is undone like false."""
        found = await measured_until_true(self._means, self._plan, Stage.AFTER)
        if found.holds:
            await self._move(State.VERIFYING, State.SUCCEEDED, measured=found)
            return
        ended = Ended(why=Why.AFTER_NOT_REACHED, detail=found.error)
        writer = writer or self._means.writer(self._plan)
        if self._plan.undo and writer is not None:
            await self._undo(State.VERIFYING, writer, ended, found)
        else:
            await self._move(State.VERIFYING, State.FAILED, why=ended.why, detail=ended.detail, measured=found)

    async def _undo(self, source: State, writer: Writer, cause: Ended, found: Measurement | None = None) -> None:
        """Take the change back; the cause of it stays the plan's `why` when that worked."""
        first = len(self._plan.steps)
        begins = (first, self._plan.undo[0])
        try:
            await self._move(source, State.UNDOING, why=cause.why, detail=cause.detail, measured=found, begins=begins)
        except Frozen as error:
            await self._move(source, State.FAILED, why=Why.FROZEN, detail=str(error), measured=found)
            return
        ended = await self._run(State.UNDOING, writer, self._plan.undo, first=first)
        if ended.why is Why.CONNECTION_LOST:
            await self._move(State.UNDOING, State.PROBING, why=ended.why, detail=ended.detail)
            await self.resume()
            return
        if ended.why is not Why.NONE:
            why = ended.why if ended.why is Why.FROZEN else Why.UNDO_FAILED
            await self._move(State.UNDOING, State.FAILED, why=why, detail=ended.detail)
            return
        back = await measured_until_true(self._means, self._plan, Stage.UNDONE)
        if back.holds:
            await self._move(State.UNDOING, State.UNDONE, why=cause.why, detail=cause.detail, measured=back)
        else:
            await self._move(State.UNDOING, State.FAILED, why=Why.UNDO_NOT_VERIFIED, detail=back.error, measured=back)

    async def _run(self, state: State, writer: Writer, steps: Sequence[Step], *, first: int) -> Ended:
        """Run steps in order until one does not end well; the row of the first was written by the move that led here."""
        plans, owner = self._means.store.plans, self._means.owner
        for index, step in enumerate(steps, start=first):
            try:
                if index > first and not await plans.begin_step(self._plan.id, state, owner, index, step):
                    raise Lost
            except Frozen as error:
                return Ended(why=Why.FROZEN, detail=str(error))
            try:
                async with asyncio.timeout(self._means.pace.step):
                    result = await writer.run(self._plan.id, index, step)
            except ConnectionDropped as error:
                return Ended(why=Why.CONNECTION_LOST, detail=str(error))
            except _NOT_SENT as error:  # whichever it is, nothing was sent
                if not await plans.withdraw_step(self._plan.id, owner, index):
                    raise Lost from error
                why = Why.FROZEN if isinstance(error, Frozen) else Why.NOT_SENT
                return Ended(why=why, detail=str(error), sent=index > first)
            except Exception as error:  # an error nobody foresaw says nothing about the host, so the step may have run
                LOG.exception("step %d of plan %s", index, self._plan.id)
                return Ended(why=Why.CONNECTION_LOST, detail=type(error).__name__)
            if not await plans.end_step(self._plan.id, owner, index, self._means.readable(result)):
                raise Lost
            if result.exit != 0:
                return Ended(why=Why.STEP_FAILED, detail=f"{step.operation}: exit {result.exit}")
        return Ended()

    async def _move(
        self,
        source: State,
        target: State,
        *,
        why: Why = Why.NONE,
        detail: str = "",
        measured: Measurement | None = None,
        begins: tuple[int, Step] | None = None,
    ) -> None:
        moved = await self._means.store.plans.move(
            self._plan.id,
            source,
            target,
            owner=self._means.owner,
            why=why,
            detail=self._means.redact(detail),
            measured=measured,
            begins=begins,
        )
        if not moved:
            raise Lost
