"""E3: every event is acknowledged within Slack's three seconds, with a slow store and hosts that hang."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.acks import acknowledged


@pytest.mark.parametrize("slow", [{"far": 0.2}, {"disk": 0.2}], ids=["a far database", "a slow disk"])
async def test_a_hundred_events_a_second_are_acknowledged_in_time(tmp_path: Path, slow: dict[str, float]) -> None:
    # The figure itself depends on the machine: benchmarks/slack prints it.
    took = await acknowledged(tmp_path, rate=100, seconds=2, **slow)
    assert len(took) == 200
    assert None not in took
