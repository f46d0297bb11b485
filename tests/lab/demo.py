"""The demo over real hosts: python -m tests.lab.demo [PORT]. Root on Debian; Ctrl-C ends it and leaves nothing behind.

Two hosts are broken when the page opens, and what they logged stands there to be pasted.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import tempfile
from pathlib import Path

from bot.cli.demo import demo
from bot.cli.serve import stopped
from bot.knowledge import library
from tests.lab import Lab, LabError
from tests.lab.enrolled import enrol, write_inventory
from tests.lab.proving import HOSTS, broken

BROKEN = (
    ("mx12", "startup-no-local-interface", "down", "Postfix does not start"),
    ("mx13", "send-port25-blocked", "relay-ready", "The queue grows"),
)
MOST_LINES = 8
APPROVERS = '{ groups = ["S0APPROVERS"] }'  # the user group of the local workspace


def main() -> int:
    """Boot the lab, break two hosts, and serve the demo over them until Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        print("starting the lab (the first time builds its file systems, a few minutes) …", flush=True)
        with Lab.up() as lab, tempfile.TemporaryDirectory(prefix="postmedic-lab-demo-") as folder:
            enrol(lab)
            lab.reset(*HOSTS)
            asyncio.run(_serve(lab, Path(folder), int(sys.argv[1]) if sys.argv[1:] else 8080))
    except LabError as problem:
        print(f"lab: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


async def _serve(lab: Lab, folder: Path, port: int) -> None:
    known = library.load()
    pastes = []
    for name, problem, case, title in BROKEN:
        said = await broken(lab[name], next(one for one in known[problem].lab if one.id == case))
        pastes.append({"title": f"{name}: {title}", "text": "\n".join(said.splitlines()[:MOST_LINES])})
    samples = folder / "samples.json"
    samples.write_text(json.dumps(pastes), encoding="utf-8")
    inventory = write_inventory(lab, folder / "inventory.toml", APPROVERS)
    async with demo(port=port, inventory=inventory, samples=samples) as url:
        print(f"\n  postmedic demo over the lab is ready: {url}\n  Look at a host with: python -m tests.lab shell mx12\n")
        await stopped()


if __name__ == "__main__":
    sys.exit(main())
