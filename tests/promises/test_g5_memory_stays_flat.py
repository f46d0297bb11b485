"""G5: memory, open files and tasks of a serving bot stay flat; here for half a minute, `make soak WHAT=flat` for a day."""

from __future__ import annotations

from pathlib import Path

from tests.soak.flat import Flatness, Sample, soak


async def test_pastes_clicks_and_checks_leave_nothing_behind(tmp_path: Path) -> None:
    seen = await soak(tmp_path, seconds=20, pause=0.05)
    assert seen.events >= 10, seen
    assert seen.grown("files") <= 3, seen
    assert seen.grown("tasks") <= 20, seen  # work that is under way at the moment of a look
    assert seen.grown("rss") <= 8 * 1024, seen  # shorter runs cannot tell a smaller growth from noise


def test_a_leak_is_measured_as_one() -> None:
    samples = tuple(Sample(at=float(n), rss=50_000 + 100 * n, files=10 + n, tasks=8 + n) for n in range(60))
    leak = Flatness(events=60, seconds=60, samples=samples)
    assert round(leak.slope) == round(100 / 1024 * 3600)
    assert (leak.grown("files"), leak.grown("tasks"), leak.grown("rss")) == (30, 30, 3000)
