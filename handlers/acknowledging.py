"""What do most listeners do? Nothing but to acknowledge: the inbox has kept what arrived before them."""

from __future__ import annotations

from slack_bolt.async_app import AsyncAck


async def acknowledge(ack: AsyncAck) -> None:
    """The listener of what has its row already, and of what is not ours."""
    await ack()
