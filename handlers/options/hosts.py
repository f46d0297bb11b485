"""A person looks for a host in a menu. Only hosts of the inventory that may be discussed there are offered."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.render.replies import HOST_MENU, host_options
from handlers.desk import Desk
from handlers.incoming import own_team


def register(app: AsyncApp, desk: Desk) -> None:
    """Answer with the fitting hosts in the acknowledgement itself."""

    async def searched(ack: AsyncAck, body: dict[str, Any]) -> None:
        channel = str((body.get("channel") or {}).get("id") or "")
        typed = str(body.get("value") or "").casefold()
        offered = desk.hosts(channel) if own_team(body, desk.served) else ()
        fitting = [host for host in offered if any(typed in name.casefold() for name in (host.name, *host.aliases))]
        await ack(options=host_options(fitting))

    app.options(HOST_MENU)(searched)
