"""`python -m tests.soak chaos|flat SECONDS`: run for so long, say what was seen, end with 1 where a promise was broken."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from tests.soak.chaos import chaos
from tests.soak.flat import soak
from tests.support.postgresql import new_database, server

MOST_SLOPE = 1.0  # MiB an hour; a run of a few minutes cannot tell so little from noise
MEANINGFUL_SECONDS = 3600.0
EVENTS = 100_000


def main(what: str, seconds: float) -> int:
    """Run one kind of soak."""
    with tempfile.TemporaryDirectory(prefix="postmedic-soak.") as name:
        return (_chaos if what == "chaos" else _flat)(Path(name), seconds)


def _chaos(folder: Path, seconds: float) -> int:
    good = True
    with server() as address:
        for kind, where in (("SQLite", str(folder / "postmedic.db")), ("PostgreSQL", new_database(address))):
            (folder / kind).mkdir()
            outcome = asyncio.run(chaos(where, folder / kind, seconds))
            print(f"{kind}: {outcome}", flush=True)
            good &= outcome.good
    return 0 if good else 1


def _flat(folder: Path, seconds: float) -> int:
    seen = asyncio.run(soak(folder, seconds, pause=0.5, asked=EVENTS))
    print(seen, flush=True)
    grew = seen.grown("files") > 3 or seen.grown("tasks") > 20 or (seconds >= MEANINGFUL_SECONDS and seen.slope > MOST_SLOPE)
    return 1 if grew else 0


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("chaos", "flat"):
        sys.exit("usage: python -m tests.soak chaos|flat SECONDS")
    sys.exit(main(sys.argv[1], float(sys.argv[2])))
