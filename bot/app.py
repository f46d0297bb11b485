"""Which parts make up a running postmedic? The one place that sees them all and wires them."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot import inventory, program, rights
from bot.audit import syslog
from bot.authoring.shelf import Shelf, announce
from bot.config import PSEUDONYMS, Settings, is_url
from bot.connectors.ssh import SshConnector
from bot.engine import Engine, Known
from bot.errors import ConfigError, StoreUnavailable
from bot.execution.clock import SteadyClock
from bot.execution.executor import Executor
from bot.execution.forgetting import forget_what_is_old
from bot.execution.means import Means
from bot.model.gate import Caps
from bot.render.discretion import Discretion
from bot.store.store import Store
from handlers import Slack, connect
from handlers.desk import Desk
from handlers.serving import kept_up

LOG = logging.getLogger(__name__)


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[tuple[Slack, Desk]]:
    """Serve the workspace of the settings while the block runs.

    Raises `ConfigError`, `InventoryError`, `KnowledgeError` or `StoreUnavailable` before anything is served.
    """
    hosts = inventory.load(settings.inventory)
    shelf = Shelf(settings.knowledge_paths, pinned=settings.knowledge_digest, signers=settings.knowledge_signers)
    known = await shelf.read()
    if not is_url(settings.database):
        _private(Path(settings.database))
    slack = await connect(settings)
    caps = Caps(host=settings.host_changes_per_hour, fleet=settings.changes_per_hour)
    store = await Store.open(settings.database, caps=caps, witness=syslog.witness(settings.audit_syslog))
    owner = f"bot-{secrets.token_hex(8)}"

    async def may_send(plan_id: str) -> None:
        await store.plans.may_send(plan_id, owner)

    connector = SshConnector(may_send=may_send)
    discretion = Discretion(key=await store.key(PSEUDONYMS) if settings.addresses == PSEUDONYMS else b"")
    engine = Engine(
        inventory=hosts,
        library=known.library,
        connector=connector,
        clock=time.time,
        plan_seconds=settings.plan_minutes * 60.0,
        discretion=discretion,
    )

    def use(newer: Known) -> None:
        announce(newer)
        engine.known = newer

    async def watch() -> None:
        await shelf.watch(use)

    async def tidy() -> None:
        await forget_what_is_old(means, settings.keep_days)

    use(known)
    await note_start(store, owner, known.library.digest)
    means = Means(
        store=store,
        connector=connector,
        host_of=hosts.find,
        measure=engine.measure,
        actor_now=slack.people.now,
        alarm=slack.alarm.raised,
        redact=discretion,
        clock=SteadyClock(),
        team=slack.team,
        owner=owner,
        register=hosts.register,
    )
    try:
        async with slack.serve(engine, store, Executor(means)) as desk:
            beside = [asyncio.create_task(kept_up(one)) for one in (watch, tidy)]
            try:
                yield slack, desk
            finally:
                for task in beside:
                    task.cancel()
                await asyncio.gather(*beside, return_exceptions=True)
    finally:
        connector.close()
        await store.close()


async def note_start(store: Store, owner: str, knowledge: str) -> None:
    """Write down which program serves from now on; without a record nothing is changed anyway, and reading goes on."""
    details = {"version": program.release(), "program": await asyncio.to_thread(program.digest), "knowledge": knowledge}
    try:
        await store.events.record(kind="program.started", actor=owner, subject="program", details=details)
    except StoreUnavailable as error:
        LOG.error("the start could not be written down: %s", error)


def _private(database: Path) -> None:
    try:
        exposed = rights.shown_to_others(database) if database.exists() else ""
    except OSError as error:
        raise ConfigError(where=database, detail=error.strerror or "it cannot be looked at") from error
    if exposed:
        raise ConfigError(where=database, detail=f"it holds what people pasted, and {exposed}")
