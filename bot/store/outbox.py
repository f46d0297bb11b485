"""What must Slack show that it does not show yet? Rows say what, never how; repeats for a subject are edits of its message."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, case, func, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import schema
from bot.store.counters import advance
from bot.store.database import Database
from bot.store.dialect import now
from bot.store.leases import dead

ANSWER = "answer"  # the kind of rows whose payload is the finished message; the subject of an answer is its question's id
_ROW = schema.outbox.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """What must be shown where: one message per (kind, subject); its place stays once it is known, unless it is `gone`."""

    kind: str
    subject: str
    channel: str
    thread: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One version of a message on its way.

    `ts` is the message to edit, empty when none is known; then `attempts` above 1 says that an earlier, dead worker may have
    posted it already, so it must be looked for before it is posted again. `sent` is the version that Slack shows, 0 for none.
    """

    show: Show
    version: int
    sent: int
    ts: str
    attempts: int
    owner: str


async def put(connection: AsyncConnection, show: Show) -> None:
    """Add or renew what must be shown, in the caller's transaction; it keeps its turn when it is waiting already."""
    position = await advance(connection, "outbox")
    renewed = await connection.execute(
        update(schema.outbox)
        .where(_ROW.kind == show.kind, _ROW.subject == show.subject)
        .values(
            payload=dict(show.payload),
            version=_ROW.version + 1,
            position=case((_ROW.sent < _ROW.version, _ROW.position), else_=position),
            problem="",
            changed_at=now(),
        )
    )
    if renewed.rowcount == 0:
        await connection.execute(
            insert(schema.outbox).values(
                kind=show.kind,
                subject=show.subject,
                channel=show.channel,
                thread=show.thread,
                payload=dict(show.payload),
                version=1,
                sent=0,
                ts="",
                position=position,
                attempts=0,
                problem="",
                owner="",
                lease_until=0.0,
                not_before=0.0,
                changed_at=now(),
            )
        )


class Outbox:
    """The messages on their way, in order per channel."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, show: Show) -> None:
        """Add or renew what must be shown, in a transaction of its own."""
        async with self._database.writing() as connection:
            await put(connection, show)

    async def take(self, owner: str) -> tuple[Outgoing, ...]:
        """Lease the first waiting message of every channel whose first one is neither leased nor told to wait."""
        first = select(_ROW.channel, func.min(_ROW.position)).where(_ROW.sent < _ROW.version).group_by(_ROW.channel)
        free = (
            tuple_(_ROW.channel, _ROW.position).in_(first),
            _ROW.sent < _ROW.version,
            _ROW.not_before <= now(),
            dead(schema.outbox, self._database.lease_seconds),
        )
        async with self._database.reading() as connection:
            if not (await connection.execute(select(_ROW.subject).where(*free).limit(1))).first():
                return ()
        async with self._database.writing() as connection:
            # What another process is just taking is left to it: waiting for each other's rows could be for ever.
            locked = select(_ROW.position).where(*free).order_by(_ROW.position).with_for_update(skip_locked=True)
            positions = (await connection.scalars(locked)).all()
            taken = await connection.execute(
                update(schema.outbox)
                .where(_ROW.position.in_(positions), *free)
                .values(
                    owner=owner,
                    attempts=_ROW.attempts + 1,
                    lease_until=now() + self._database.lease_seconds,
                    changed_at=now(),
                )
                .returning(*_ROW)
            )
            return tuple(_outgoing(row) for row in taken.all())

    async def renew(self, outgoing: Outgoing) -> bool:
        """Extend the lease of a message whose sending takes long; False when another worker has it."""
        return await self._keep(outgoing, lease_until=now() + self._database.lease_seconds)

    async def sent(self, outgoing: Outgoing, ts: str) -> None:
        """Note that Slack shows this version as the message `ts`; the first ts of a subject stays."""
        async with self._database.writing() as connection:
            await connection.execute(
                update(schema.outbox)
                .where(_ROW.kind == outgoing.show.kind, _ROW.subject == outgoing.show.subject)
                .values(
                    ts=case((_ROW.ts == "", ts), else_=_ROW.ts),
                    sent=case((_ROW.sent < outgoing.version, outgoing.version), else_=_ROW.sent),
                    attempts=0,
                    changed_at=now(),
                )
            )
        await self._keep(outgoing, owner="", lease_until=0.0)

    async def retry_at(self, outgoing: Outgoing, seconds: float) -> None:
        """Send this message again in `seconds`, as Slack's Retry-After says; its channel waits, so the order stays."""
        await self._keep(outgoing, owner="", lease_until=0.0, not_before=now() + seconds)

    async def gone(self, outgoing: Outgoing) -> None:
        """Forget the message that somebody deleted in Slack: what it should show is posted again."""
        await self._keep(outgoing, owner="", lease_until=0.0, ts="")

    async def refused(self, outgoing: Outgoing, problem: str) -> None:
        """Give up a version that Slack will never take, such as one for a channel that is gone; `problems` shows it."""
        await self._keep(outgoing, owner="", lease_until=0.0, sent=outgoing.version, attempts=0, problem=problem)

    async def again(self, kind: str) -> None:
        """Show what was given up of this kind after all, as far as it can be shown by now."""
        async with self._database.writing() as connection:
            await connection.execute(
                update(schema.outbox)
                .where(_ROW.kind == kind, _ROW.problem != "", _ROW.sent == _ROW.version)
                .values(sent=_ROW.version - 1, problem="")
            )

    async def problems(self) -> Mapping[tuple[str, str], str]:
        """Why which (kind, subject) could not be shown."""
        async with self._database.reading() as connection:
            rows = await connection.execute(select(_ROW.kind, _ROW.subject, _ROW.problem).where(_ROW.problem != ""))
            return {(row.kind, row.subject): row.problem for row in rows.all()}

    async def ts(self, kind: str, subject: str) -> str:
        """The message that shows the subject, empty when there is none yet."""
        async with self._database.reading() as connection:
            found = await connection.scalar(select(_ROW.ts).where(_ROW.kind == kind, _ROW.subject == subject))
        return found or ""

    async def places(self, ago: float, most: int) -> tuple[tuple[str, str], ...]:
        """The (channel, thread) of what was shown or changed within `ago` seconds, each once, the newest first."""
        newest = (
            select(_ROW.channel, _ROW.thread)
            .where(_ROW.changed_at > now() - ago)
            .group_by(_ROW.channel, _ROW.thread)
            .order_by(func.max(_ROW.changed_at).desc())
            .limit(most)
        )
        async with self._database.reading() as connection:
            return tuple((row.channel, row.thread) for row in (await connection.execute(newest)).all())

    async def waiting(self, kinds: Collection[str] = ()) -> int:
        """How many messages are not shown in their newest version."""
        narrowed = (_ROW.kind.in_(kinds),) if kinds else ()
        async with self._database.reading() as connection:
            return await connection.scalar(select(func.count()).where(_ROW.sent < _ROW.version, *narrowed)) or 0

    async def _keep(self, outgoing: Outgoing, **values: Any) -> bool:
        show = outgoing.show
        async with self._database.writing() as connection:
            kept = await connection.execute(
                update(schema.outbox)
                .where(_ROW.kind == show.kind, _ROW.subject == show.subject, _ROW.owner == outgoing.owner)
                .values(**values)
            )
            return kept.rowcount == 1


def _outgoing(row: Row[Any]) -> Outgoing:
    show = Show(kind=row.kind, subject=row.subject, channel=row.channel, thread=row.thread, payload=row.payload)
    return Outgoing(show=show, version=row.version, sent=row.sent, ts=row.ts, attempts=row.attempts, owner=row.owner)
