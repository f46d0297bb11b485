"""What does handling need? The parts of the house, and the three ways in which a person is answered."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import ClientError
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.engine import Engine
from bot.execution.executor import Executor
from bot.model.fact import Facts
from bot.model.host import Host
from bot.model.text import Lang
from bot.render.blocks import Message
from bot.store.outbox import ANSWER, Show
from bot.store.store import Store
from handlers.actor import People
from handlers.incoming import Served

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Everything a handler works with; `awake` is set when a row was stored, so that nobody waits for the next look."""

    served: Served
    lang: Lang
    engine: Engine
    store: Store
    executor: Executor
    people: People
    client: AsyncWebClient
    clock: Callable[[], float]
    alarmed: bool = False  # whether there is an alarm channel, without which nobody can break the glass
    awake: asyncio.Event = field(default_factory=asyncio.Event)

    def discusses(self, host: Host, channel: str) -> bool:
        """Whether the host may be discussed in this channel."""
        return self.served.here(channel) and (not host.channels or channel in host.channels)

    def hosts(self, channel: str) -> tuple[Host, ...]:
        """The hosts that may be discussed in this channel, by name."""
        inventory = self.engine.inventory
        return tuple(inventory[name] for name in sorted(inventory) if self.discusses(inventory[name], channel))

    async def alarm(self, host: Host, facts: Facts, requester: str) -> None:
        """Keep in the audit chain that a host showed a key that is not the inventory's; the answer itself says it to people."""
        if facts.strange_key:
            details = {"why": "it showed another key than the inventory holds", "address": f"{host.address}:{host.port}"}
            await self.store.events.record(kind="host.key-rejected", actor=requester, subject=host.name, details=details)

    async def show(self, subject: str, channel: str, thread: str, message: Message) -> None:
        """Make the one message about `subject` say this; it arrives whatever happens to Slack or to this process."""
        payload = {"text": message.text, "blocks": list(message.blocks)}
        await self.store.outbox.put(Show(kind=ANSWER, subject=subject, channel=channel, thread=thread, payload=payload))

    async def whisper(self, channel: str, user: str, message: Message, thread: str = "") -> None:
        """Tell one person only, where they are; a whisper that Slack does not take is given up, as it decides nothing."""
        try:
            await self.client.chat_postEphemeral(
                channel=channel, user=user, thread_ts=thread or None, text=message.text, blocks=list(message.blocks)
            )
        except (SlackClientError, ClientError, TimeoutError) as error:
            LOG.warning("a whisper to %s in %s was not taken: %s", user, channel, type(error).__name__)

    async def respond(self, response_url: str, message: Message) -> None:
        """Answer an interaction to its person alone, also where postmedic is no member."""
        webhook = AsyncWebhookClient(
            response_url, proxy=self.client.proxy, ssl=self.client.ssl, retry_handlers=list(self.client.retry_handlers)
        )
        try:
            answer = await webhook.send(
                text=message.text,
                blocks=list(message.blocks),
                response_type="ephemeral",
                replace_original=False,
                unfurl_links=False,
                unfurl_media=False,
            )
        except (SlackClientError, ClientError, TimeoutError) as error:
            LOG.warning("an answer was not taken: %s", type(error).__name__)
        else:
            if answer.status_code != 200:
                LOG.warning("an answer was not taken: status %d", answer.status_code)
