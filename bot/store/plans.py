"""In which state is a plan, and who may move it? Every arrow is one compare-and-swap, in one transaction with its audit event
and what Slack must show. This file decides nothing: callers say what they want to move, the row says whether they may."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import NotFound, Refused, StoodStill
from bot.model.execution import ARROWS, ON_HOST, State, StepResult
from bot.model.gate import Caps, Waits
from bot.model.plan import Plan, Step
from bot.model.progress import Measurement, Progress, Why
from bot.model.review import Confirmation, Review, Standing
from bot.store import course, gate, schema
from bot.store.database import Conflict, Database
from bot.store.dialect import now
from bot.store.leases import alive, dead, renew

HELD = ON_HOST - {State.IN_DOUBT}  # states in which a living process works on the plan
_SENDING = (State.APPLYING, State.UNDOING)
_ROW = schema.plans.c
Judge = Callable[[tuple[Review, ...], tuple[Confirmation, ...]], Standing]


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphan:
    """A plan whose process died, in the state in which it was left."""

    plan_id: str
    state: State


class Plans:
    """The plans, their reviews, and the compare-and-swaps between their states."""

    def __init__(self, database: Database, caps: Caps) -> None:
        self._database = database
        self._caps = caps
        self._alive = alive(schema.plans, database.lease_seconds)

    async def propose(self, plan: Plan, conversation: str) -> None:
        """Store a new plan; the same plan again is nothing new, another plan under its id is `Refused`.

        So is one whose question was forgotten: nobody would see it.
        """
        question = schema.conversations.c.id
        held = select(question).where(question == conversation).with_for_update(read=True, key_share=True)
        try:
            async with self._database.writing() as connection:
                if conversation and not await connection.scalar(held):
                    raise Refused(detail="its question was forgotten meanwhile; run the diagnosis again")
                await connection.execute(
                    insert(schema.plans).values(
                        id=plan.id,
                        digest=plan.digest,
                        host=plan.host,
                        document=asdict(plan),
                        state=State.PROPOSED,
                        why=Why.NONE,
                        detail="",
                        conversation=conversation,
                        owner="",
                        lease_until=0.0,
                        expires_at=plan.expires_at,
                        changed_at=now(),
                    )
                )
                details = course.proposed_details(plan)
                await course.tell(connection, plan.id, kind="plan.proposed", actor=plan.requester, details=details)
        except Conflict:
            async with self._database.reading() as connection:
                stored = await connection.scalar(select(_ROW.digest).where(_ROW.id == plan.id))
            if stored != plan.digest:
                raise Refused(detail=f"another plan is already stored as {plan.id}") from None

    async def progress(self, plan_id: str) -> Progress:
        """Give everything that is known about a plan, as of one moment, or raise `NotFound`."""
        async with self._database.reading() as connection:
            found = await course.progress(connection, plan_id)
            frozen = await gate.frozen(connection) is not None
            waiting = found.state is State.APPROVED
            why = await gate.waits(connection, plan_id, self._caps) if waiting else Waits.NOTHING
            return replace(found, waits=why, frozen=frozen)

    async def state(self, plan_id: str) -> State:
        """Give the state alone, or raise `NotFound`."""
        async with self._database.reading() as connection:
            return await course.state(connection, plan_id)

    async def decide(self, said: Review | Confirmation, plan_id: str, judge: Judge, *, actor: str = "") -> bool:
        """Add a review or a confirmation and move the plan as `judge` sums all up; False when it was no longer proposed."""
        actor = said.actor.id if isinstance(said, Review) else actor
        async with self._database.writing() as connection:
            # The lock makes two reviewers of one plan take turns; without it neither might see the other's approval.
            found = await connection.scalar(select(_ROW.state).where(_ROW.id == plan_id).with_for_update())
            if found is None:
                raise NotFound(what=plan_id)
            if found != State.PROPOSED:
                return False
            if not await course.add(connection, plan_id, said, actor):
                return True
            standing = judge(await course.reviews(connection, plan_id), await course.confirmations(connection, plan_id))
            if standing is not Standing.PENDING:
                await self.swap(connection, plan_id, State.PROPOSED, State(standing), actor=actor)
            return True

    async def claim(self, plan_id: str, owner: str, at: float) -> bool:
        """Take an approved plan that has not expired at `at`; False when it is not one, or `gate.waits` says why not now."""
        try:
            async with self._database.writing() as connection:
                if await gate.waits(connection, plan_id, self._caps, alone=True) is not Waits.NOTHING:
                    return False
                return await self.swap(
                    connection, plan_id, State.APPROVED, State.CHECKING, _ROW.expires_at > at, actor=owner, owner=owner
                )
        except Conflict:  # the index over hosts: another plan is on this one
            return False

    async def move(
        self,
        plan_id: str,
        source: State,
        target: State,
        *,
        owner: str,
        actor: str = "",
        why: Why = Why.NONE,
        detail: str = "",
        measured: Measurement | None = None,
        begins: tuple[int, Step] | None = None,
    ) -> bool:
        """Move a plan that `owner` holds (in doubt: that nobody holds) along an arrow; False when it was not there any more.

        `begins` notes in the same transaction that the step with this index may be on the host from now on; an owner that was
        silent for longer than its lease, whose facts may be old, begins nothing. Raises `Frozen`.
        """
        async with self._database.writing() as connection:
            if begins is not None:
                await gate.step_through(connection)
            held = () if source is State.IN_DOUBT else (_ROW.owner == owner,)
            held = held if begins is None else (*held, self._alive)
            moved = await self.swap(
                connection,
                plan_id,
                source,
                target,
                *held,
                actor=actor or owner,
                owner=owner,
                why=why,
                detail=detail,
                measured=measured,
            )
            if moved and measured is not None:
                await course.keep_measurement(connection, plan_id, measured)
            if moved and begins is not None:
                await course.begin_step(connection, plan_id, owner, *begins, undo=target is State.UNDOING)
            return moved

    async def begin_step(self, plan_id: str, state: State, owner: str, index: int, step: Step) -> bool:
        """Note that a step may be on the host from now on; False when the plan was lost. Raises `Frozen`."""
        async with self._database.writing() as connection:
            await gate.step_through(connection)
            kept = await connection.execute(
                update(schema.plans)
                .where(_ROW.id == plan_id, _ROW.state == state, _ROW.owner == owner, self._alive)
                .values(lease_until=now() + self._database.lease_seconds, changed_at=now())
            )
            if kept.rowcount != 1:
                return False
            await course.begin_step(connection, plan_id, owner, index, step, undo=state is State.UNDOING)
            return True

    async def may_send(self, plan_id: str, owner: str) -> None:
        """Ask once more when the way to the host stands, as reaching it may take long; raises `Frozen` or `StoodStill`."""
        mine = (_ROW.id == plan_id, _ROW.owner == owner, _ROW.state.in_(_SENDING), self._alive)
        async with self._database.reading() as connection:
            await gate.step_through(connection, hold=False)
            if not await connection.scalar(select(_ROW.id).where(*mine)):
                raise StoodStill(plan=plan_id)

    async def end_step(self, plan_id: str, owner: str, index: int, result: StepResult) -> bool:
        """Keep how a step ended, whoever holds the plan now, because it is true; False when the plan was lost."""
        async with self._database.writing() as connection:
            await course.end_step(connection, plan_id, owner, index, result)
            return await connection.scalar(select(_ROW.owner).where(_ROW.id == plan_id)) == owner

    async def withdraw_step(self, plan_id: str, owner: str, index: int) -> bool:
        """Note that a step which had begun was certainly never sent; False when the plan was lost."""
        async with self._database.writing() as connection:
            await course.withdraw_step(connection, plan_id, owner, index)
            return await connection.scalar(select(_ROW.owner).where(_ROW.id == plan_id)) == owner

    async def keep_measurement(self, plan_id: str, measured: Measurement) -> None:
        """Keep fresh facts without a move, so that the message shows them."""
        async with self._database.writing() as connection:
            await course.keep_measurement(connection, plan_id, measured)
            details = course.measured_details(measured)
            await course.tell(connection, plan_id, kind="plan.measured", actor="postmedic", details=details)

    async def expire(self, at: float) -> int:
        """End every plan that nobody began to run and whose time is over at `at`; give how many."""
        waiting = (State.PROPOSED, State.APPROVED)
        due = select(_ROW.id, _ROW.state).where(_ROW.state.in_(waiting), _ROW.expires_at <= at)
        async with self._database.reading() as connection:
            rows = (await connection.execute(due)).all()
        for row in rows:
            async with self._database.writing() as connection:
                await self.swap(connection, row.id, State(row.state), State.EXPIRED, actor="postmedic")
        return len(rows)

    async def undecided(self) -> tuple[str, ...]:
        """Give the plans that wait for a person, oldest first: proposed ones, and those in doubt."""
        waiting = select(_ROW.id).where(_ROW.state.in_((State.PROPOSED, State.IN_DOUBT))).order_by(_ROW.changed_at, _ROW.id)
        async with self._database.reading() as connection:
            return tuple((await connection.scalars(waiting)).all())

    async def ready(self) -> tuple[str, ...]:
        """Give the approved plans that nothing keeps from beginning, oldest first, and of each host the oldest alone."""
        async with self._database.reading() as connection:
            return await gate.ready(connection, self._caps)

    async def listed(self, states: Collection[State]) -> tuple[str, ...]:
        """Give the plans in these states, the latest change first."""
        wanted = select(_ROW.id).where(_ROW.state.in_(states)).order_by(_ROW.changed_at.desc(), _ROW.id)
        async with self._database.reading() as connection:
            return tuple((await connection.scalars(wanted)).all())

    async def orphans(self) -> tuple[Orphan, ...]:
        """Give the plans whose process is silent for longer than its lease."""
        left = select(_ROW.id, _ROW.state).where(_ROW.state.in_(HELD), dead(schema.plans, self._database.lease_seconds))
        async with self._database.reading() as connection:
            return tuple(Orphan(plan_id=row.id, state=State(row.state)) for row in (await connection.execute(left)).all())

    async def adopt(self, orphan: Orphan, owner: str) -> State | None:
        """Take over an orphan: where nothing was sent it waits again, else only measuring is left; None when it is not one."""
        target = State.APPROVED if orphan.state is State.CHECKING else State.PROBING
        lost = dead(schema.plans, self._database.lease_seconds)
        async with self._database.writing() as connection:
            taken = await self.swap(
                connection, orphan.plan_id, orphan.state, target, lost, actor=owner, owner=owner, why=Why.PROCESS_LOST
            )
        return target if taken else None

    async def renew(self, owner: str, plan_ids: Collection[str]) -> None:
        """Extend the leases of plans that are worked on; one that has died stays dead, as another process may have seen it."""
        # Behind a crowd the lease of a plan whose step is running would die.
        await renew(self._database, schema.plans, "id", owner, plan_ids, self._alive, urgent=True)

    async def swap(
        self,
        connection: AsyncConnection,
        plan_id: str,
        source: State,
        target: State,
        *also: ColumnElement[bool],
        actor: str,
        owner: str = "",
        why: Why = Why.NONE,
        detail: str = "",
        measured: Measurement | None = None,
    ) -> bool:
        """Move a plan along an arrow in the caller's transaction, with all that belongs to it; False when it was not there."""
        if target not in ARROWS[source] and not (source is target is State.PROBING):  # probing may change hands
            raise ValueError(f"there is no arrow from {source} to {target}")
        held = target in HELD
        values: dict[str, Any] = {
            "state": target,
            "why": why,
            "detail": detail,
            "owner": owner if held else "",
            "lease_until": now() + self._database.lease_seconds if held else 0.0,
            "changed_at": now(),
        }
        swapped = await connection.execute(
            update(schema.plans).where(_ROW.id == plan_id, _ROW.state == source, *also).values(**values)
        )
        if swapped.rowcount != 1:
            return False
        details = {"from": source, "to": target, "why": why, "detail": detail}
        details |= course.measured_details(measured) if measured is not None else {}
        await course.tell(connection, plan_id, kind=f"plan.{target}", actor=actor, details=details)
        return True
