"""What did Slack tell us that is not finished? A row exists before Slack is answered, and every row ends done or abandoned."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, insert, select, update

from bot.store import schema
from bot.store.arrivals import Arrival, Arrivals
from bot.store.counters import advance
from bot.store.database import Database
from bot.store.dialect import now
from bot.store.leases import dead, renew

ATTEMPTS = 5  # a row that kills its worker must not be tried for ever
_WAITING, _DONE, _ABANDONED = "waiting", "done", "abandoned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One thing that happened in Slack; `attempts` counts from 1, `reason` says why an earlier attempt failed."""

    key: str
    kind: str
    payload: Mapping[str, Any]
    attempts: int
    reason: str = ""


class Inbox:
    """Rows keyed by Slack's own ids, each handled to its end by one worker at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._arrivals = Arrivals(self._accept)

    async def accept(self, key: str, kind: str, payload: Mapping[str, Any]) -> bool:
        """Store what came in, durably, before it is acknowledged; False when `key` was seen before."""
        return await self._arrivals.add(key, kind, payload)

    async def _accept(self, arrivals: Sequence[Arrival]) -> list[bool]:
        """Store several in one transaction, before any other writer's turn; gives for each whether its key is new."""
        row = schema.inbox.c
        async with self._database.writing(urgent=True) as connection:
            # Counting up first makes replicas take turns, so that a key which another one stores is seen here.
            position = await advance(connection, "inbox", by=len(arrivals))
            known = set(await connection.scalars(select(row.key).where(row.key.in_({one.key for one in arrivals}))))
            rows: dict[str, Arrival] = {}
            new = [one.key not in known and rows.setdefault(one.key, one) is one for one in arrivals]
            if rows:
                first = position - len(arrivals)
                stored = [_waiting(one, number) for number, one in enumerate(rows.values(), first + 1)]
                await connection.execute(insert(schema.inbox).values(changed_at=now()), stored)
        return new

    async def newest(self, limit: int) -> tuple[Received, ...]:
        """The newest rows that `take` would give, oldest first, untouched; their `attempts` are those that were made."""
        row = schema.inbox.c
        async with self._database.reading() as connection:
            found = await connection.execute(select(*row).where(*self._free()).order_by(row.position.desc()).limit(limit))
            return tuple(_received(one) for one in reversed(found.all()))

    async def take(self, owner: str, limit: int = 10, keys: Collection[str] | None = None) -> tuple[Received, ...]:
        """Lease the oldest waiting rows, those of dead workers included; give each back by `done` or `failed`.

        With `keys` only these are taken.
        """
        row = schema.inbox.c
        free = (*self._free(), row.key.in_(keys)) if keys is not None else self._free()
        first = select(row.key).where(*free).order_by(row.position).limit(limit)
        async with self._database.reading() as connection:
            if not (await connection.scalars(first)).first():
                return ()
        async with self._database.writing() as connection:
            # What another process is just taking is left to it: waiting for each other's rows could be for ever.
            keys = (await connection.scalars(first.with_for_update(skip_locked=True))).all()
            taken = await connection.execute(
                update(schema.inbox)
                .where(row.key.in_(keys), *free)
                .values(
                    attempts=row.attempts + 1,
                    owner=owner,
                    lease_until=now() + self._database.lease_seconds,
                    changed_at=now(),
                )
                .returning(*row)
            )
            rows = sorted(taken.all(), key=lambda one: int(one.position))
        return tuple(_received(one) for one in rows)

    def _free(self) -> tuple[ColumnElement[bool], ...]:
        row = schema.inbox.c
        return (
            row.state == _WAITING,
            row.attempts < ATTEMPTS,
            row.not_before <= now(),
            dead(schema.inbox, self._database.lease_seconds),
        )

    async def renew(self, owner: str, keys: Collection[str]) -> None:
        """Extend the leases of rows that are being handled."""
        await renew(self._database, schema.inbox, "key", owner, keys)

    async def done(self, key: str, owner: str) -> bool:
        """Finish a row; False when it is no longer `owner`'s. The payload is dropped, the key stays against redelivery."""
        return await self._end(key, owner, state=_DONE, payload={})

    async def failed(self, key: str, owner: str, reason: str, *, wait_seconds: float = 5.0) -> bool:
        """Give a row back after an error; True when its attempts are used up, it is abandoned and the person must be told."""
        async with self._database.reading() as connection:
            attempts = await connection.scalar(select(schema.inbox.c.attempts).where(schema.inbox.c.key == key))
        spent = (attempts or 0) >= ATTEMPTS
        given = await self._end(
            key, owner, state=_ABANDONED if spent else _WAITING, reason=reason, not_before=now() + wait_seconds
        )
        return given and spent

    async def spent(self) -> tuple[Received, ...]:
        """Abandon the rows whose workers died at every attempt and give each once, so that the person can be told."""
        row = schema.inbox.c
        async with self._database.writing() as connection:
            found = await connection.execute(
                update(schema.inbox)
                .where(row.state == _WAITING, row.attempts >= ATTEMPTS, dead(schema.inbox, self._database.lease_seconds))
                .values(state=_ABANDONED, reason="the process handling it died each time", owner="", changed_at=now())
                .returning(*row)
            )
            return tuple(_received(one) for one in found.all())

    async def abandoned(self) -> tuple[Received, ...]:
        """Every row that could not be handled, oldest first."""
        row = schema.inbox.c
        async with self._database.reading() as connection:
            found = await connection.execute(select(*row).where(row.state == _ABANDONED).order_by(row.position))
            return tuple(_received(one) for one in found.all())

    async def _end(self, key: str, owner: str, **values: Any) -> bool:
        row = schema.inbox.c
        async with self._database.writing() as connection:
            ended = await connection.execute(
                update(schema.inbox)
                .where(row.key == key, row.owner == owner, row.state == _WAITING)
                .values(owner="", lease_until=0.0, changed_at=now(), **values)
            )
            return ended.rowcount == 1


def _waiting(one: Arrival, position: int) -> dict[str, Any]:
    return {
        "key": one.key,
        "kind": one.kind,
        "payload": dict(one.payload),
        "state": _WAITING,
        "position": position,
        "attempts": 0,
        "reason": "",
        "owner": "",
        "lease_until": 0.0,
        "not_before": 0.0,
    }


def _received(row: Row[Any]) -> Received:
    return Received(key=row.key, kind=row.kind, payload=row.payload, attempts=row.attempts, reason=row.reason)
