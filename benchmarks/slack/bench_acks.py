"""How soon does Slack hear that an event arrived, with a slow store and hosts that hang? Nothing here is a test.

python -m benchmarks.slack.bench_acks [SECONDS]
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from tests.support.acks import acknowledged

RATE, SLOW = 100, 0.2


def main() -> None:
    """Send events for some seconds and print how long the acknowledgements took."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    print(f"{RATE} events/s for {seconds:.0f} s")
    for name, slow in (
        (f"a database {SLOW * 1000:.0f} ms away", {"far": SLOW}),
        (f"commits of {SLOW * 1000:.0f} ms", {"disk": SLOW}),
    ):
        with tempfile.TemporaryDirectory() as folder:
            print(f"{name}: {_figures(asyncio.run(acknowledged(Path(folder), rate=RATE, seconds=seconds, **slow)))}")


def _figures(took: list[float | None]) -> str:
    known = sorted(one for one in took if one is not None)

    def part(share: float) -> str:
        return f"{known[min(len(known) - 1, int(len(known) * share))] * 1000:.0f} ms"

    return (
        f"median {part(0.5)}, p99 {part(0.99)}, p99.9 {part(0.999)}, worst {part(1)}; {len(took) - len(known)} not within 3 s"
    )


if __name__ == "__main__":
    main()
