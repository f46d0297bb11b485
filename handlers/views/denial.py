"""A person said why they deny a plan."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.model.review import Decision
from bot.render.replies import DENIAL, LONGEST_REASON, REASON
from bot.render.templates import say
from bot.store.inbox import Received
from handlers.deciding import decide
from handlers.desk import Desk
from handlers.incoming import Incoming, Json, Served, click_key, opaque, own_team

KIND = "denial"


def read(body: Json, served: Served) -> Incoming | None:
    """Keep the plan and the reason; without a reason there is no denial yet."""
    view = body.get("view") or {}
    ours = body.get("type") == "view_submission" and view.get("callback_id") == DENIAL and own_team(body, served)
    if not ours or not (reason := _reason(view)):
        return None
    payload = {
        "channel": "",  # a modal stands nowhere: the plan knows its channel
        "thread": "",
        "user": str((body.get("user") or {}).get("id") or ""),
        "plan": opaque(view.get("private_metadata")),
        "reason": served.discretion(reason[:LONGEST_REASON]),
    }
    return Incoming(key=click_key(body), kind=KIND, payload=payload)


def register(app: AsyncApp, desk: Desk) -> None:
    """Acknowledge, or keep the modal open for a reason."""

    async def submitted(ack: AsyncAck, view: dict[str, Any]) -> None:
        if _reason(view):
            await ack()
        else:
            await ack(response_action="errors", errors={REASON: say("deny-reason-missing", desk.lang)})

    app.view(DENIAL)(submitted)


async def handle(desk: Desk, received: Received) -> None:
    """Count the denial."""
    await decide(desk, received.payload, Decision.DENY, received.payload["reason"])


def _reason(view: Json) -> str:
    box = ((view.get("state") or {}).get("values") or {}).get(REASON, {}).get(REASON, {})
    return str(box.get("value") or "").strip()
