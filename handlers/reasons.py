"""Why does a person decide so? A button opens the modal that asks, at once, as its trigger lives three seconds."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any

from aiohttp import ClientError
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.errors import SlackClientError

from bot.errors import StoreUnavailable
from bot.model.text import Lang
from bot.render.blocks import Block
from bot.render.replies import LONGEST_REASON, REASON, note
from bot.render.templates import say
from handlers.deciding import plan_in
from handlers.desk import Desk
from handlers.incoming import Incoming, Json, Served, click, click_key, opaque, own_team

LOG = logging.getLogger(__name__)
Modal = Callable[[str, Lang], Block]


def on_button(app: AsyncApp, desk: Desk, action_id: str, modal: Modal) -> None:
    """Acknowledge the button and open its modal."""
    pattern = re.compile(re.escape(action_id))

    async def clicked(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        found = click(body, pattern, desk.served)
        if found is not None:
            where, action = found
            await _open(desk, where, opaque(action.get("value")), str(body["trigger_id"]), modal)

    app.action(pattern)(clicked)


def on_view(app: AsyncApp, desk: Desk, callback: str) -> None:
    """Acknowledge the modal, or keep it open for a reason."""

    async def submitted(ack: AsyncAck, view: dict[str, Any]) -> None:
        if _reason(view):
            await ack()
        else:
            await ack(response_action="errors", errors={REASON: say("reason-missing", desk.lang)})

    app.view(callback)(submitted)


def read_view(body: Json, served: Served, callback: str, kind: str) -> Incoming | None:
    """Keep the plan and the reason; without a reason nothing is decided yet."""
    view = body.get("view") or {}
    ours = body.get("type") == "view_submission" and view.get("callback_id") == callback and own_team(body, served)
    if not ours or not (reason := _reason(view)):
        return None
    payload = {
        "channel": "",  # a modal stands nowhere: the plan knows its channel
        "thread": "",
        "user": str((body.get("user") or {}).get("id") or ""),
        "plan": opaque(view.get("private_metadata")),
        "reason": served.discretion(reason[:LONGEST_REASON]),
    }
    return Incoming(key=click_key(body), kind=kind, payload=payload)


async def _open(desk: Desk, where: dict[str, Any], plan_id: str, trigger: str, modal: Modal) -> None:
    try:
        found = await plan_in(desk, plan_id, where["channel"])
        if found is None:
            lang = await desk.people.lang(where["user"])  # no modal follows, so there is time
            await desk.whisper(where["channel"], where["user"], note("refused-no-plan", lang), where["thread"])
            return
        conversation = await desk.store.conversations.by_id(found[0].conversation)
        await desk.client.views_open(trigger_id=trigger, view=modal(plan_id, conversation.lang))
    except StoreUnavailable:
        await desk.whisper(where["channel"], where["user"], note("database-away", desk.lang), where["thread"])
    except (SlackClientError, ClientError, TimeoutError) as error:
        LOG.warning("the modal that asks for a reason was not opened: %s", type(error).__name__)


def _reason(view: Json) -> str:
    box = ((view.get("state") or {}).get("values") or {}).get(REASON, {}).get(REASON, {})
    return str(box.get("value") or "").strip()
