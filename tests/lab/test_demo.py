"""Does `make demo LAB=1` keep its promise: two broken hosts, their own log lines to paste, and both healed from the page?"""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.slack.seed import MAIL_OPS
from tests.lab.lab import RUNS
from tests.lab.office import ANA, BEN, CHEN, PATIENCE, proposed, shown
from tests.support.slack_person import Person

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page somebody else serves."""

    url: str
    confirming: str
    process: subprocess.Popen[str]


@pytest.fixture
def page(need_lab: None) -> Iterator[Page]:
    """The demo in a process of its own, ended as Ctrl-C ends it."""
    command = [sys.executable, "-m", "tests.lab", "demo", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            assert process.stdout is not None
            confirming = next((line for line in process.stdout if "outside Slack: " in line), "").rpartition(": ")[2].strip()
            ready = next((line for line in process.stdout if "is ready: " in line), "")
            assert ready, f"the demo ended with {process.wait(timeout=60)}"
            yield Page(url=ready.rpartition(": ")[2].strip(), confirming=confirming, process=process)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=60)


async def test_both_hosts_are_healed_from_their_own_pastes_and_nothing_stays(page: Any) -> None:
    ana = Person(page, ANA)
    samples = (await ana._get("state", {}))["samples"]
    assert [one["title"].partition(":")[0] for one in samples] == ["mx12", "mx13"]
    assert "no local interface found" in samples[0]["text"]
    assert "Connection timed out" in samples[1]["text"]
    for sample in samples:
        await _healed(page, ana, sample["text"])

    page.process.send_signal(signal.SIGINT)
    assert await asyncio.to_thread(page.process.wait, 60) == 0
    assert list(RUNS.glob(f"{page.process.pid}-*")) == []


async def _healed(page: Any, ana: Person, paste: str) -> None:
    ts = await ana.says(MAIL_OPS, paste)
    card: dict[str, Any] = await ana.waits_for(lambda message: bool(proposed(message)), timeout=PATIENCE, thread=ts)
    await Person(page, BEN).clicks(card, "approve")
    after = await ana.waits_for(
        lambda message: "*Healed.*" in shown(message) or (bool(proposed(message)) and message["blocks"] != card["blocks"]),
        timeout=PATIENCE,
        thread=ts,
    )
    if proposed(after):  # it needs two
        await Person(page, CHEN).clicks(after, "approve")
        words = page.confirming.replace("PLAN", proposed(after)).split()
        await asyncio.to_thread(subprocess.run, [sys.executable, "-m", "bot", *words[1:]], cwd=ROOT, check=True)
    await ana.waits_for(lambda message: "*Healed.*" in shown(message), timeout=PATIENCE, thread=ts)
