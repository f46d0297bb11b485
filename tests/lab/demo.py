"""The demo over real hosts, for `python -m tests.lab demo`: the local workspace and the bot, served until Ctrl-C.

Two hosts are broken when the page opens, and what they logged stands there to be pasted.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from bot.cli.demo import confirming, demo
from bot.cli.serve import stopped
from bot.knowledge import library
from bot.matching import Matcher
from tests.lab import Lab
from tests.lab.enrolled import write_inventory
from tests.lab.proving import broken, telling

BROKEN = (
    ("mx12", "startup-no-local-interface", "down", "Postfix does not start"),
    ("mx13", "send-port25-blocked", "relay-ready", "The queue grows"),
)
APPROVERS = '{ groups = ["S0APPROVERS"] }'  # the user group of the local workspace


def demo_over(lab: Lab, port: int) -> None:
    """Break both mail hosts of an enrolled lab and serve the demo over them until SIGINT or SIGTERM; port 0: a free one."""
    with tempfile.TemporaryDirectory(prefix="postmedic-lab-demo-") as folder:
        asyncio.run(_serve(lab, Path(folder), port))


async def _serve(lab: Lab, folder: Path, port: int) -> None:
    known = library.load()
    matcher = Matcher(known.values())
    pastes = []
    for name, identity, case, title in BROKEN:
        problem = known[identity]
        said = await broken(lab[name], next(one for one in problem.lab if one.id == case))
        text = f"```\n{telling(matcher.recognise, problem, said)}\n```"
        pastes.append({"title": f"{name}: {title}", "text": text})
    inventory = write_inventory(lab, folder / "inventory.toml", APPROVERS)
    async with demo(folder, port=port, inventory=inventory, samples=pastes) as url:
        print(
            f"\n  A high risk fix is also confirmed outside Slack: {confirming(folder)}"
            f"\n  postmedic demo over the lab is ready: {url}\n  Look at a host with: python -m tests.lab shell mx12\n",
            flush=True,
        )
        await stopped()
