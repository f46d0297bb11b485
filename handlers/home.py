"""A person opened the Home tab: hosts, plans that wait, help. It shows only what may be discussed everywhere."""

from __future__ import annotations

from aiohttp import ClientError
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackClientError

from bot.errors import NotFound
from bot.model.plan import Plan
from bot.render.replies import MOST_PLANS, home
from bot.store.course import SHOWN
from bot.store.inbox import Received
from handlers.deciding import plan_in
from handlers.desk import Desk
from handlers.incoming import Incoming, Json, Served, event_of

KIND = "home"
_EVENT = "app_home_opened"


def read(body: Json, served: Served) -> Incoming | None:
    """Keep who looks at the Home tab."""
    event = event_of(body, _EVENT, served)
    if event is None or event.get("tab", "home") != "home":
        return None
    payload = {"channel": "", "thread": "", "user": str(event.get("user") or "")}
    return Incoming(key=f"event:{body['event_id']}", kind=KIND, payload=payload)


def register(app: AsyncApp, desk: Desk) -> None:
    """Bolt acknowledges events by itself; the row is there already."""

    async def heard() -> None:
        return

    app.event(_EVENT)(heard)


async def handle(desk: Desk, received: Received) -> None:
    """Publish the tab; guests and strangers see help alone."""
    user = received.payload["user"]
    actor = await desk.people.actor(user)
    trusted = actor.full_member and not actor.lookup_failed and actor.team == desk.served.team
    # The Home tab is no channel, so a host that is discussed in some channels only is not shown there.
    open_hosts = [host for host in desk.engine.inventory.values() if not host.channels] if trusted else []
    names = {host.name for host in open_hosts}
    waiting: list[tuple[Plan, str]] = []
    for plan_id in await desk.store.plans.undecided() if names else ():
        found = await plan_in(desk, plan_id)
        if found is not None and found[0].plan.host in names and len(waiting) < MOST_PLANS:
            waiting.append((found[0].plan, await _link(desk, found[1], plan_id)))
    refused = desk.engine.known.refused if trusted else ""
    stopped = await desk.store.gate.frozen() if trusted else None
    listed = sorted(open_hosts, key=lambda host: host.name)
    view = home(listed, waiting, await desk.people.lang(user), refused=refused, stopped=stopped)
    await desk.client.views_publish(user_id=user, view=view)


async def _link(desk: Desk, channel: str, plan_id: str) -> str:
    try:
        ts = await desk.store.outbox.ts(SHOWN, plan_id)
        if not ts:
            return ""
        answer = await desk.client.chat_getPermalink(channel=channel, message_ts=ts)
        return str(answer["permalink"])
    except (NotFound, SlackClientError, ClientError, TimeoutError):
        return ""
