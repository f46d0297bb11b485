"""How soon does Slack hear that an event arrived, with a slow store and hosts that hang? Prints a line; nothing here is a test.

python -m benchmarks.slack.bench_acks [SECONDS]
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from tests.support.acks import acknowledged

RATE, STORE_SECONDS = 100, 0.2


def main() -> None:
    """Send events for some seconds and print how long the acknowledgements took."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    with tempfile.TemporaryDirectory() as folder:
        took = asyncio.run(acknowledged(Path(folder), rate=RATE, seconds=seconds, store_seconds=STORE_SECONDS))
    known = sorted(one for one in took if one is not None)

    def part(share: float) -> str:
        return f"{known[min(len(known) - 1, int(len(known) * share))] * 1000:.0f} ms"

    print(
        f"{len(took)} events at {RATE}/s, stored {STORE_SECONDS * 1000:.0f} ms late: median {part(0.5)}, p99 {part(0.99)}, "
        f"p99.9 {part(0.999)}, worst {part(1)}; {len(took) - len(known)} not within 3 s"
    )


if __name__ == "__main__":
    main()
