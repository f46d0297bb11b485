"""Which parts make up a running postmedic? The one place that sees them all and wires them."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot import inventory
from bot.config import Settings
from bot.connectors.ssh import SshConnector
from bot.engine import Engine
from bot.execution.executor import Executor
from bot.execution.means import Means
from bot.knowledge import library
from bot.model.gate import Caps
from bot.render.redact import redact
from bot.store.store import Store
from handlers import Slack, connect
from handlers.desk import Desk


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[tuple[Slack, Desk]]:
    """Serve the workspace of the settings while the block runs.

    Raises `ConfigError`, `InventoryError`, `KnowledgeError` or `StoreUnavailable` before anything is served.
    """
    hosts = inventory.load(settings.inventory)
    known = library.load((library.BUILT_IN, *settings.knowledge_paths))
    slack = await connect(settings)
    caps = Caps(host=settings.host_changes_per_hour, fleet=settings.changes_per_hour)
    store = await Store.open(str(settings.database), caps=caps)
    connector = SshConnector(may_send=store.gate.may_send)
    engine = Engine(
        inventory=hosts, library=known, connector=connector, clock=time.time, plan_seconds=settings.plan_minutes * 60.0
    )
    means = Means(
        store=store,
        connector=connector,
        host_of=hosts.find,
        measure=engine.measure,
        actor_now=slack.people.now,
        alarm=slack.alarm.raised,
        redact=lambda text: redact(text)[0],
        clock=time.time,
        team=slack.team,
        owner=f"bot-{secrets.token_hex(8)}",
        register=hosts.register,
    )
    try:
        async with slack.serve(engine, store, Executor(means)) as desk:
            yield slack, desk
    finally:
        connector.close()
        await store.close()
