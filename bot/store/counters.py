"""Which came first? Numbers in the order in which transactions commit, because counting up locks the counter until then."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.schema import counters


async def advance(connection: AsyncConnection, name: str, by: int = 1) -> int:
    """Count the counter `name` up in the caller's transaction and give its new value."""
    counted = await connection.execute(
        update(counters).where(counters.c.name == name).values(value=counters.c.value + by).returning(counters.c.value)
    )
    return int(counted.scalar_one())
