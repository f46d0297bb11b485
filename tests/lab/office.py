"""The whole product over lab hosts: a local workspace, the real bot as its composition root wires it, real Postfix hosts.

async with workspace() as running, bot_at(running, inventory, folder) as desk:
    ts = await Person(running, ANA).says(MAIL_OPS, paste)
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot import inventory
from bot.app import serving
from bot.config import Settings
from bot.model.execution import FINAL, State
from bot.model.progress import Progress
from bot.model.text import Lang
from bot.render.templates import say
from bot.sandbox.slack import Running, Workspace, serve
from bot.sandbox.slack.seed import APPROVERS as GROUP
from bot.store.store import Store
from handlers.desk import Desk
from tests.support.keys import confirmed
from tests.support.slack_person import Person, find_element

Json = dict[str, Any]
MANIFEST = Path(__file__).parents[2] / "deploy/slack/manifest.json"
APPROVERS = f'{{ groups = ["{GROUP}"] }}'  # as the inventory names them: the user group of the local workspace
ANA, BEN, CHEN, DORA = "U0ANA", "U0BEN", "U0CHEN", "U0DORA"
PATIENCE = 120.0  # seconds for a host, on a machine that is busy with others


@asynccontextmanager
async def workspace() -> AsyncIterator[Running]:
    """A local workspace whose bot must not call anything that Slack does not have."""
    async with serve(Workspace(MANIFEST)) as running:
        yield running
        assert running.workspace.journal.unknown_methods == []


def settings(running: Running, written: Path, folder: Path) -> Settings:
    """The settings of a bot in this workspace."""
    return Settings(
        inventory=written,
        database=str(folder / "postmedic.db"),
        slack_bot_token=running.bot_token,
        slack_app_token=running.app_token,
        slack_api_url=running.api_url,
    )


@asynccontextmanager
async def bot_at(running: Running, written: Path, folder: Path) -> AsyncIterator[Desk]:
    """The bot, serving the workspace while the block runs."""
    async with serving(settings(running, written, folder)) as (_, desk):
        yield desk


async def answered(ana: Person, paste: str, said: str) -> str:
    """Let Ana paste; give her message's ts as soon as the answer in its thread says `said`."""
    ts = await ana.says("C0MAILOPS", paste)
    await ana.waits_for(lambda message: said in shown(message), timeout=PATIENCE, thread=ts)
    return ts


async def card_of(ana: Person, thread: str, store: Store, problem: str) -> tuple[Json, str]:
    """The card that proposes a fix for the problem in a thread, and its plan's id."""
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        for message in await ana.reads(thread=thread):
            plan_id = proposed(message)
            if plan_id and (await store.plans.progress(plan_id)).plan.problem == problem:
                return message, plan_id
        await asyncio.sleep(0.1)
    raise TimeoutError(f"no card for {problem}: {[message['text'] for message in await ana.reads(thread=thread)]}")


async def decided(running: Running, card: Json, plan_id: str, store: Store, written: Path) -> None:
    """Let Ben approve; where two must agree, Chen too, and Ben confirms with his key beside the inventory `written`."""
    await Person(running, BEN).clicks(card, "approve")
    progress = await store.plans.progress(plan_id)
    if progress.plan.risk == "high":
        chen = Person(running, CHEN)
        card = await chen.waits_for(
            lambda message: proposed(message) == plan_id and message["blocks"] != card["blocks"], thread=card["thread_ts"]
        )
        await chen.clicks(card, "approve")
        known = inventory.load(written)
        await confirmed(store, plan_id, known.find(progress.plan.host), known.register, "ben", written.parent / "ben")


async def ended(store: Store, plan_id: str) -> Progress:
    """Wait for the plan's end, or until only a person can say how it ended."""
    ends = time.monotonic() + PATIENCE
    while (progress := await store.plans.progress(plan_id)).state not in FINAL | {State.IN_DOUBT}:
        assert time.monotonic() < ends, f"the plan stays {progress.state}: {progress}"
        await asyncio.sleep(0.2)
    return progress


async def card_says(ana: Person, thread: str, state: State, lang: Lang) -> None:
    """Wait until a card in the thread tells this state."""
    words = say(f"state-{state.value}", lang)
    await ana.waits_for(lambda message: words in shown(message), timeout=PATIENCE, thread=thread)


def proposed(message: Json) -> str:
    """The id of the plan that a message asks to approve, or an empty string."""
    try:
        return str(find_element(message, "approve")[1]["value"])
    except LookupError:
        return ""


def shown(message: Json) -> str:
    """Everything a message shows."""
    return str(message["text"]) + str(message.get("blocks", ""))
