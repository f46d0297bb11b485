"""`python -m bot.sandbox.hosts FOLDER`: run all sample hosts until interrupted; FOLDER gets their keys and `hosts.json`."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path

from bot.sandbox.hosts.host import SampleHost
from bot.sandbox.hosts.scene import load_scenes
from bot.sandbox.hosts.server import SampleHosts


async def _serve(folder: Path) -> None:
    async with SampleHosts((SampleHost(scene) for scene in load_scenes()), folder) as hosts:
        hosts.write(folder / "hosts.json")
        print(f"{len(hosts.addresses)} sample hosts; their addresses are in {folder / 'hosts.json'}", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m bot.sandbox.hosts FOLDER")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(Path(sys.argv[1])))
