"""How often is the right problem named, for pastes as they are and for each way of mangling them? Prints a table.

python -m benchmarks.matching.accuracy [--misses WAY]
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

from benchmarks.matching.mangling import WAYS
from benchmarks.matching.pastes import Labelled, recorded, written
from bot.knowledge.library import load
from bot.matching import Matcher


@dataclass(slots=True, kw_only=True)
class Tally:
    """Counts over pastes: right first candidate, right answer given unprompted, another answer given."""

    pastes: int = 0
    first: int = 0
    found: int = 0
    wrong: int = 0

    def add(self, first: str | None, answer: str | None, right: frozenset[str]) -> bool:
        """Count one paste and tell whether it was found."""
        self.pastes += 1
        self.first += first in right
        self.found += answer in right
        self.wrong += answer is not None and answer not in right
        return answer in right

    def __str__(self) -> str:
        n = max(self.pastes, 1)
        return f"{self.pastes:>7} {self.first / n:>7.3f} {self.found / n:>7.3f} {self.wrong / n:>7.3f}"


def names(matcher: Matcher, text: str) -> tuple[str | None, str | None]:
    """The best candidate, and what would be said unprompted."""
    found = matcher.recognise(text)
    answer = found.sure[0].problem if found.sure else None
    return (found.near[0].problem if found.near else None), answer


def measure(matcher: Matcher, pastes: Iterable[Labelled], way: str, *, show: bool = False) -> Tally:
    """Score pastes mangled in one way."""
    tally = Tally()
    for number, one in enumerate(pastes):
        text = WAYS[way](one.text, Random(number))
        first, answer = names(matcher, text)
        if not tally.add(first, answer, one.right) and show:
            print(f"{one.label}\tanswered {answer}\tbest {first}\t{text[:300]!r}")
    return tally


def main() -> None:
    """Measure and print."""
    library = load()
    matcher = Matcher(library.values())
    problems = [*written("written.txt"), *recorded(library)]
    harmless = [*written("harmless.txt")]
    shown = sys.argv[2] if sys.argv[1:2] == ["--misses"] else ""
    whole, alarms = Tally(), 0
    print(f"{len(problems)} pastes of {len({one.label for one in problems})} problems, {len(harmless)} harmless ones")
    print(f"{'':<18} {'pastes':>7} {'first':>7} {'found':>7} {'wrong':>7} {'false alarms':>13}")
    for way in WAYS:
        if shown and way != shown:
            continue
        tally = measure(matcher, problems, way, show=bool(shown))
        alarmed = measure(matcher, harmless, way).wrong
        print(f"{way:<18} {tally} {alarmed:>13}")
        for name in ("pastes", "first", "found", "wrong"):
            setattr(whole, name, getattr(whole, name) + getattr(tally, name))
        alarms += alarmed
    print(
        f"{'all':<18} {whole} {alarms:>13}  ({alarms / max(len(harmless) * len(WAYS), 1):.2%} of {len(harmless) * len(WAYS)})"
    )


if __name__ == "__main__":
    main()
