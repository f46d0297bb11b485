"""From a paste to a healed host: what people see in Slack, over both transports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.slack.seed import MAIL_OPS
from tests.support.house import LOG_LINE, House, at_home

Json = dict[str, Any]


def is_card(message: Json) -> bool:
    return message["text"].startswith("Proposed fix for")


def shows(text: str) -> Any:
    return lambda message: text in str(message.get("blocks", "")) + message["text"]


async def proposed(house: House, text: str = f"it is down\n```{LOG_LINE}```") -> tuple[str, Json]:
    """Ana pastes; give her message's ts and the card of the plan that follows."""
    ts = await house.ana.says(MAIL_OPS, text)
    await house.ana.waits_for(shows("Confirmed"), thread=ts)
    return ts, await house.ana.waits_for(is_card, thread=ts)


@pytest.mark.parametrize("transport", ["socket", "http"])
async def test_paste_diagnosis_approval_healed(tmp_path: Path, transport: str) -> None:
    async with at_home(tmp_path, transport=transport) as house:
        ts, card = await proposed(house)
        assert await house.ben.clicks(card, "approve") == ""
        healed = await house.ana.waits_for(shows("Healed"), thread=ts)
        assert healed["ts"] == card["ts"]
        assert [(name, wire) for name, _, wire in house.fleet.ran] == [("host01", "loopback-up")]
        thread = await house.ana.reads(thread=ts)
        assert len(thread) == 3  # the paste, one answer, one card
