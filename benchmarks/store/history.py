"""Does the history of a host stay as fast when the record grows? Prints a line for each database; nothing here is a test.

python -m benchmarks.store.history [EVENTS]
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import insert, update

from bot.audit import chain
from bot.model.event import Event
from bot.store import schema
from bot.store.store import Store
from tests.support.postgresql import new_database, programs, server

FEW, MANY = 1_000, 100_000
ABOUT = 200  # events about the host in question, evenly among those about a hundred others
TIMES = 31


def main() -> None:
    """Fill two databases of each kind and compare how long the same answer takes."""
    many = int(sys.argv[1]) if len(sys.argv) > 1 else MANY
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(compared("SQLite", str(Path(folder) / "few.db"), str(Path(folder) / "many.db"), many))
    if programs() is None:
        print("PostgreSQL: no server here")
        return
    with server() as address:
        asyncio.run(compared("PostgreSQL", new_database(address), new_database(address), many))


async def compared(name: str, small: str, large: str, many: int) -> None:
    """Print both times and their ratio; the databases take turns, so that other work on the machine meets both."""
    stores = [await filled(small, FEW), await filled(large, many)]
    took: list[list[float]] = [[], []]
    for _ in range(TIMES):
        for store, times in zip(stores, took, strict=True):
            began = time.perf_counter()
            found = await store.events.about("host00", ABOUT)
            times.append((time.perf_counter() - began) * 1000)
            assert len(found) == ABOUT
    for store in stores:
        await store.close()
    few, more = map(statistics.median, took)
    print(f"{name}: {FEW:,} events {few:.1f} ms, {many:,} events {more:.1f} ms, ratio {more / few:.2f}")


async def filled(database: str, count: int) -> Store:
    """A database with a record of so many events."""
    store, last = await Store.open(database), chain.GENESIS
    rows: list[dict[str, object]] = []
    for event in events(count):
        rows.append({"sequence": event.sequence, "line": chain.line(event)})
        last = event.digest
    async with store._database.writing() as connection:
        await connection.execute(insert(schema.events), rows)
        await connection.execute(update(schema.chain).values(sequence=count, digest=last))
    await store.close()  # SQLite then moves everything into the file itself
    return await Store.open(database)


def events(count: int) -> Iterator[Event]:
    """A chain with details of an ordinary size."""
    previous, every = chain.GENESIS, count // ABOUT
    for number in range(1, count + 1):
        host = "host00" if number % every == 0 else f"host{number % 100 + 1:02}"
        details = {"host": host, "from": "checking", "to": "applying", "measured": "interfaces.loopback-up=no; " * 20}
        event = chain.seal(
            sequence=number,
            at=float(number),
            kind="plan.applying",
            actor="bot",
            subject=f"{number:016x}",
            details=details,
            previous=previous,
        )
        previous = event.digest
        yield event


if __name__ == "__main__":
    main()
