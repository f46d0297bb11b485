"""What runs while a workspace is served? Listeners, the worker, the sender and the executor, begun and ended together."""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.store.outbox import Outgoing
from handlers import home
from handlers.acknowledging import acknowledge
from handlers.actions import approve, break_glass, choose_problem, deny, pick_host, resolve
from handlers.commands import postfix
from handlers.desk import Desk
from handlers.drawing import draw
from handlers.inbox import Inbox
from handlers.messages import paste
from handlers.options import hosts
from handlers.outbox import Sender
from handlers.shortcuts import diagnose_message
from handlers.urgency import urgent
from handlers.views import denial, emergency
from handlers.worker import Worker

LOG = logging.getLogger(__name__)
GRACE_SECONDS = 10.0  # for work that is under way when serving ends
KEPT = (paste, postfix, diagnose_message, approve, resolve, pick_host, choose_problem, denial, emergency, home)
ANSWERED_AT_ONCE = (deny, break_glass, hosts)
_ANYTHING = re.compile(r"[\s\S]*")


def register(app: AsyncApp, desk: Desk) -> None:
    """Put the inbox before everything and a listener behind everything a person can do."""
    app.use(Inbox(desk, KEPT))
    for thing in (*KEPT, *ANSWERED_AT_ONCE):
        thing.register(app, desk)

    # What is not ours is acknowledged: Bolt would otherwise log its whole body, which may be a paste.
    for kind in (app.event, app.action, app.command, app.shortcut, app.view):
        kind(_ANYTHING)(acknowledge)


@asynccontextmanager
async def serving(desk: Desk, sending: AsyncWebClient, *, pause: float = 1.0) -> AsyncIterator[None]:
    """Handle, send and carry out while the block runs; `sending` is the client that repeats nothing by itself."""
    owner = f"slack-{secrets.token_hex(8)}"

    async def drawn(outgoing: Outgoing) -> dict[str, object] | None:
        return await draw(desk, outgoing)

    worker = Worker(desk, {thing.KIND: thing.handle for thing in KEPT}, owner, urgent)
    sender = Sender(desk.store, sending, drawn, owner, bot_user=desk.served.bot_user, pause=pause)
    running = [asyncio.create_task(kept_up(one)) for one in (worker.run, sender.run, desk.executor.run)]
    try:
        yield
    finally:
        handling, sends, carrying = running
        await _cancelled(handling)
        await worker.settle(GRACE_SECONDS)
        desk.executor.stop()
        if not (await asyncio.wait({carrying}, timeout=GRACE_SECONDS))[0]:
            LOG.warning("a plan is still being carried out; the next process will find out how it ended")
            await _cancelled(carrying)
        await _cancelled(sends)
        await sender.settle(GRACE_SECONDS)


async def kept_up(run: Callable[[], Awaitable[None]]) -> None:
    """Run a loop again after an error that nobody foresaw, until it ends by itself: a silent bot would be worse."""
    while True:
        try:
            return await run()
        except Exception:
            LOG.exception("a loop ended and is begun again")
            await asyncio.sleep(1)


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
