"""Who is told when somebody breaks the glass? The alarm channels, before anything runs; when none can be told, nothing runs."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import ClientError
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.model.plan import Plan
from bot.model.review import Review
from bot.model.text import Lang
from bot.render.replies import alarm

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """The way to everybody; without channels breaking the glass is off."""

    client: AsyncWebClient
    channels: Sequence[str]
    lang: Lang

    async def raised(self, plan: Plan, review: Review) -> bool:
        """Say who breaks the glass and why; whether at least one channel has taken it."""
        message = alarm(plan, review, self.lang)
        taken = False
        for channel in self.channels:
            try:
                await self.client.chat_postMessage(
                    channel=channel,
                    text=message.text,
                    blocks=list(message.blocks),
                    unfurl_links=False,
                    unfurl_media=False,
                )
            except (SlackClientError, ClientError, TimeoutError, OSError) as error:
                LOG.error("the alarm did not arrive in %s: %s", channel, type(error).__name__)
            else:
                taken = True
        return taken
