"""Who takes decisions in, and who sees to it that every approved plan comes to an end? It never decides what would be done."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from bot.approval.policy import Refusal, resolver_refusal, review_refusal, standing
from bot.errors import ClockChanged, PostmedicError, Refused, UnknownHost
from bot.execution.answers import Answer, Said, answer
from bot.execution.carriage import Carriage, Lost
from bot.execution.clock import agreed
from bot.execution.means import Means
from bot.execution.measuring import measured
from bot.model.execution import State
from bot.model.host import Approvers
from bot.model.plan import Plan
from bot.model.progress import Progress, Stage, Why
from bot.model.review import Actor, Confirmation, Decision, Review, Standing
from bot.store.leases import holding

LOG = logging.getLogger(__name__)
_COUNTED = {State.PROPOSED: Said.RECORDED, State.DENIED: Said.DENIED, State.EXPIRED: Said.EXPIRED}


class Executor:
    """Takes reviews in and carries approved plans out; several, in several processes, may share one store."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._plans = means.store.plans
        self._awake = asyncio.Event()
        self._stopping = False
        self._carried: set[asyncio.Task[None]] = set()
        self._in_hand: set[str] = set()  # plans; one whose lease died is let go before it is taken anew

    async def propose(self, plan: Plan, conversation: str = "") -> None:
        """Store a plan for review; `conversation` is the id of the one whose thread shows it.

        Raises `Refused` for a plan that says nothing to do, or not how it is known that it may begin and has helped, or that
        nobody asked for: nobody could be kept from approving their own.
        """
        if not plan.requester:
            raise Refused(detail="a plan needs a person who asked for it")
        if not (plan.steps and plan.before and plan.after):
            raise Refused(detail="a plan needs steps, conditions before them, and conditions after them")
        await self._plans.propose(plan, conversation)

    async def review(self, plan_id: str, review: Review, approvers: Approvers) -> Answer:
        """Count one person's decision, as often as it arrives; the answer tells the stored state. Raises `NotFound`."""
        progress = await self._plans.progress(plan_id)
        plan = progress.plan
        breakglass, register = self._breakglass(plan), self._means.register
        if why := review_refusal(plan, review, approvers, breakglass, self._means.team, register):
            await self._refused("plan.review-refused", plan_id, review.actor, why)
            return answer(Said.REFUSED, progress, why)
        if review.plan_digest != plan.digest:
            await self._refused("plan.review-refused", plan_id, review.actor, Said.OTHER_PLAN)
            return answer(Said.OTHER_PLAN, progress)
        if progress.state is not State.PROPOSED:
            return answer(Said.EXPIRED if progress.state is State.EXPIRED else Said.DECIDED, progress)
        try:
            now = await self._now(plan)
        except ClockChanged as error:
            await self._refused("plan.review-refused", plan_id, review.actor, str(error))
            return answer(Said.CLOCK, progress)
        if now >= plan.expires_at:
            await self._plans.expire(now)
            return answer(Said.EXPIRED, await self._plans.progress(plan_id))

        def judge(reviews: tuple[Review, ...], confirmations: tuple[Confirmation, ...]) -> Standing:
            return standing(
                plan, reviews, approvers, now, breakglass=breakglass, register=register, confirmations=confirmations
            )

        if review.decision is Decision.BREAK_GLASS and not await self._means.alarm(plan, review):
            await self._refused("plan.review-refused", plan_id, review.actor, Refusal.NOBODY_TOLD)
            return answer(Said.REFUSED, progress, Refusal.NOBODY_TOLD)
        counted = await self._plans.decide(review, plan_id, judge)
        after = await self._plans.progress(plan_id)
        if not counted:
            return answer(Said.EXPIRED if after.state is State.EXPIRED else Said.DECIDED, after)
        self._awake.set()
        return answer(_COUNTED.get(after.state, Said.APPROVED), after)

    async def look_again(self, plan_id: str) -> Progress:
        """Measure the facts a person needs who has to say how a plan in doubt ended."""
        progress = await self._plans.progress(plan_id)
        if progress.state is State.IN_DOUBT:
            found, _ = await measured(self._means, progress.plan, Stage.DOUBT)
            await self._plans.keep_measurement(plan_id, found)
        return await self._plans.progress(plan_id)

    async def resolve(self, plan_id: str, actor: Actor, approvers: Approvers, *, succeeded: bool) -> Answer:
        """Let an approver say how a plan in doubt ended; facts older than `Pace.fresh` are measured again first."""
        progress = await self._plans.progress(plan_id)
        if why := resolver_refusal(actor, approvers, self._means.team, self._means.register):
            await self._refused("plan.resolve-refused", plan_id, actor, why)
            return answer(Said.REFUSED, progress, why)
        if progress.state is not State.IN_DOUBT:
            return answer(Said.NOT_IN_DOUBT, progress)
        try:
            now = await self._now(progress.plan)
        except ClockChanged as error:
            await self._refused("plan.resolve-refused", plan_id, actor, str(error))
            return answer(Said.CLOCK, progress)
        facts = progress.measured(Stage.DOUBT)
        if facts is None or abs(now - facts.at) > self._means.pace.fresh:  # from the future: the clock was set back since
            return answer(Said.FACTS_RENEWED, await self.look_again(plan_id))
        moved = await self._plans.move(
            plan_id,
            State.IN_DOUBT,
            State.SUCCEEDED if succeeded else State.FAILED,
            owner=self._means.owner,
            actor=actor.id,
            why=Why.RESOLVED,
            detail=actor.id,
        )
        self._awake.set()
        return answer(Said.RESOLVED if moved else Said.NOT_IN_DOUBT, await self._plans.progress(plan_id))

    async def carry(self, plan_id: str) -> bool:
        """Carry an approved plan to its end; False when it cannot be taken: not approved, expired, or its host is busy."""
        now = await self._now((await self._plans.progress(plan_id)).plan)
        if plan_id in self._in_hand:
            return False
        with self._taken(plan_id):
            if not await self._plans.claim(plan_id, self._means.owner, now):
                return False
            await self._held(plan_id, State.CHECKING)
        return True

    async def recover(self) -> None:
        """Take over what dead processes left, and end what is over; plans found this way are followed by tasks."""
        if await self._means.store.end_what_was_restored():  # what is in doubt then has no fresh facts
            for plan_id in await self._plans.listed([State.IN_DOUBT]):
                if plan_id not in self._in_hand:
                    self._follow(self._look(plan_id))
        for orphan in await self._plans.orphans():
            if orphan.plan_id not in self._in_hand and await self._plans.adopt(orphan, self._means.owner) is State.PROBING:
                self._follow(self._resume(orphan.plan_id))
        await self._plans.expire(await self._now())

    async def run(self) -> None:
        """Serve until `stop`: take over what was left, carry out what was approved; ends when what it carries has ended."""
        while not self._stopping:
            try:
                await self.recover()
                for plan_id in await self._plans.ready():
                    self._follow(self._take(plan_id))
            except PostmedicError as error:
                LOG.warning("plans could not be looked at: %s", error)
            await self._pause()
        await self.settle()

    def stop(self) -> None:
        """Take no more plans; await `run` before the store is closed, as it finishes those it carries."""
        self._stopping = True
        self._awake.set()

    async def settle(self) -> None:
        """Wait until every plan that this process carries has come to its end."""
        while self._carried:
            await asyncio.wait(self._carried)

    async def _now(self, plan: Plan | None = None) -> float:
        """Give the time, or raise `ClockChanged` where this machine's clock and others disagree."""
        now = self._means.clock()
        return agreed(now, database=await self._means.store.clock(), created=plan.created_at if plan else 0.0)

    async def _take(self, plan_id: str) -> None:
        await self.carry(plan_id)

    async def _look(self, plan_id: str) -> None:
        with self._taken(plan_id):
            await self.look_again(plan_id)

    async def _resume(self, plan_id: str) -> None:
        with self._taken(plan_id):
            await self._held(plan_id, State.PROBING)

    @contextmanager
    def _taken(self, plan_id: str) -> Iterator[None]:
        self._in_hand.add(plan_id)
        try:
            yield
        finally:
            self._in_hand.discard(plan_id)

    async def _held(self, plan_id: str, state: State) -> None:
        """Go on with a plan this process has just taken; after an error its lease dies and it is taken over."""
        owner, seconds = self._means.owner, self._means.store.lease_seconds
        async with holding(self._plans.renew, plan_id, owner=owner, lease_seconds=seconds):
            try:
                carriage = Carriage(self._means, (await self._plans.progress(plan_id)).plan)
                await (carriage.carry() if state is State.CHECKING else carriage.resume())
            except Lost:
                LOG.warning("plan %s was taken over by another process", plan_id)
            except PostmedicError as error:
                LOG.error("plan %s was left where it is: %s", plan_id, error)
        self._awake.set()  # the host may be free for the next plan

    def _breakglass(self, plan: Plan) -> Approvers:
        try:
            return self._means.host_of(plan.host).breakglass
        except UnknownHost:
            return Approvers()

    async def _refused(self, kind: str, plan_id: str, actor: Actor, why: str) -> None:
        details = {"why": why, "team": actor.team}
        await self._means.store.events.record(kind=kind, actor=actor.id, subject=plan_id, details=details)

    def _follow(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._carried.add(task)
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._carried.discard(task)
        if not task.cancelled() and (error := task.exception()):
            plain = isinstance(error, PostmedicError)
            LOG.error("a plan was left where it is: %s", error if plain else type(error).__name__, exc_info=not plain and error)

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(self._means.pace.poll):
                await self._awake.wait()
        except TimeoutError:
            pass
        self._awake.clear()
