"""A person clicked "Deny". Only a modal is opened, at once, as its trigger lives three seconds. Sending it is the denial."""

from __future__ import annotations

import logging
import re
from typing import Any

from aiohttp import ClientError
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.errors import SlackClientError

from bot.errors import StoreUnavailable
from bot.render.replies import denial, note
from handlers.deciding import plan_in
from handlers.desk import Desk
from handlers.incoming import click, opaque

LOG = logging.getLogger(__name__)
_ACTION = re.compile("deny")


def register(app: AsyncApp, desk: Desk) -> None:
    """Acknowledge and open the modal."""

    async def clicked(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        found = click(body, _ACTION, desk.served)
        if found is not None:
            where, action = found
            await _open(desk, where, opaque(action.get("value")), str(body["trigger_id"]))

    app.action(_ACTION)(clicked)


async def _open(desk: Desk, where: dict[str, Any], plan_id: str, trigger: str) -> None:
    try:
        found = await plan_in(desk, plan_id, where["channel"])
        if found is None:
            await desk.whisper(where["channel"], where["user"], note("refused-no-plan", desk.lang), where["thread"])
            return
        conversation = await desk.store.conversations.by_id(found[0].conversation)
        await desk.client.views_open(trigger_id=trigger, view=denial(plan_id, conversation.lang))
    except StoreUnavailable:
        await desk.whisper(where["channel"], where["user"], note("database-away", desk.lang), where["thread"])
    except (SlackClientError, ClientError, TimeoutError) as error:
        LOG.warning("the modal for a denial was not opened: %s", type(error).__name__)
