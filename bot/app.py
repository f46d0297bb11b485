"""Which parts make up a running postmedic? The one place that sees them all and wires them."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot import inventory
from bot.authoring.shelf import Shelf, announce
from bot.config import Settings
from bot.connectors.ssh import SshConnector
from bot.engine import Engine, Known
from bot.execution.executor import Executor
from bot.execution.means import Means
from bot.render.redact import redact
from bot.store.store import Store
from handlers import Slack, connect
from handlers.desk import Desk
from handlers.serving import kept_up


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[tuple[Slack, Desk]]:
    """Serve the workspace of the settings while the block runs.

    Raises `ConfigError`, `InventoryError`, `KnowledgeError` or `StoreUnavailable` before anything is served.
    """
    hosts = inventory.load(settings.inventory)
    shelf = Shelf(settings.knowledge_paths)
    known = await shelf.read()
    slack = await connect(settings)
    connector = SshConnector()
    store = await Store.open(str(settings.database))
    engine = Engine(
        inventory=hosts, library=known.library, connector=connector, clock=time.time, plan_seconds=settings.plan_minutes * 60.0
    )

    def use(newer: Known) -> None:
        announce(newer)
        engine.known = newer

    async def watch() -> None:
        await shelf.watch(use)

    use(known)
    means = Means(
        store=store,
        connector=connector,
        host_of=hosts.find,
        measure=engine.measure,
        actor_now=slack.people.now,
        redact=lambda text: redact(text)[0],
        clock=time.time,
        team=slack.team,
        owner=f"bot-{secrets.token_hex(8)}",
    )
    try:
        async with slack.serve(engine, store, Executor(means)) as desk:
            watching = asyncio.create_task(kept_up(watch))
            try:
                yield slack, desk
            finally:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)
    finally:
        connector.close()
        await store.close()
