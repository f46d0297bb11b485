"""Which random keys belong to this database alone? Each is made when it is first asked for, and never changes."""

from __future__ import annotations

import secrets

from sqlalchemy import insert, select

from bot.store.database import Conflict, Database
from bot.store.schema import keys


async def key(database: Database, name: str) -> bytes:
    """The key called `name`, 32 bytes."""
    while True:
        async with database.reading() as connection:
            found = await connection.scalar(select(keys.c.value).where(keys.c.name == name))
        if found is not None:
            return bytes.fromhex(found)
        try:
            async with database.writing() as connection:
                await connection.execute(insert(keys).values(name=name, value=secrets.token_hex(32)))
        except Conflict:
            continue  # another process was first
