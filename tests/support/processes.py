"""`postmedic serve` as a process of its own, which can be killed as one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.sandbox.slack import Running

ROOT = Path(__file__).parents[2]


@contextmanager
def bot_process(running: Running, inventory: Path, database: str, log: Path) -> Iterator[subprocess.Popen[str]]:
    """Serve the workspace from another process, which is gone afterwards."""
    named = {
        "INVENTORY": str(inventory),
        "DATABASE": database,
        "SLACK_BOT_TOKEN": running.bot_token,
        "SLACK_APP_TOKEN": running.app_token,
        "SLACK_API_URL": running.api_url,
    }
    environment = os.environ | {f"POSTMEDIC_{name}": value for name, value in named.items()}
    command = [sys.executable, "-m", "bot", "serve"]
    with (
        log.open("a") as said,
        subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=said, text=True) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def begun(process: subprocess.Popen[str]) -> None:
    """Wait until the process says that it serves."""
    assert process.stdout is not None
    assert process.stdout.readline().startswith("serving"), "the bot did not start"
