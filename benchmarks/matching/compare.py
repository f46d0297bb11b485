"""How does recognition compare with plain text search over the same knowledge, on the same pastes, in one run?

python -m benchmarks.matching.compare

`first` is the share whose best problem is right. `found` is the share answered rightly when at most 2 % of the harmless
pastes get an answer: each baseline's threshold is the most generous one that allows it, found on these very pastes, which
favours the baselines. Postmedic has no such knob: it answers as it does in a channel.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from random import Random

from benchmarks.matching.accuracy import names
from benchmarks.matching.baselines import BASELINES, Likelihood, everything, installed, one_each
from benchmarks.matching.mangling import WAYS
from benchmarks.matching.pastes import HARMLESS, Labelled, recorded, written
from bot.knowledge.library import load
from bot.matching import Matcher, clean

ALARMS = 0.02


def pastes(labelled: Sequence[Labelled]) -> list[Labelled]:
    """Each paste as it is and mangled in one way, always the same."""
    ways = [way for way in WAYS if way != "as it is"]
    chosen = [(number, one, Random(number)) for number, one in enumerate(labelled)]
    mangled = [(WAYS[ways[number % len(ways)]](one.text, chance), one) for number, one, chance in chosen]
    return [*labelled, *(Labelled(text=text, label=one.label, also=one.also) for text, one in mangled)]


def row(name: str, known: str, first: float, found: float, alarms: int, milliseconds: Sequence[float]) -> str:
    """One line of the table."""
    times = sorted(milliseconds)
    return (
        f"{name:<26} {known:<16} {first:>6.1%} {found:>6.1%} {alarms:>7} "
        f"{statistics.median(times):>8.2f} {times[int(len(times) * 0.99)]:>8.2f}"
    )


def timed(answer: Callable[[str], object], texts: Sequence[str]) -> tuple[list[object], list[float]]:
    """The answers, and how long each took in milliseconds."""
    answers, times = [], []
    for text in texts:
        start = time.perf_counter()
        answers.append(answer(text))
        times.append((time.perf_counter() - start) * 1_000)
    return answers, times


def measured(likelihood: Likelihood, name: str, known: str, shown: Sequence[Labelled]) -> str:
    """Score a baseline at the threshold that lets the allowed share of harmless pastes through."""
    answers, times = timed(lambda text: likelihood(clean(text).text), [one.text for one in shown])
    judged = [(one, *answer) for one, answer in zip(shown, answers, strict=True) if isinstance(answer, tuple)]
    harmless = sorted((score for one, _, score in judged if one.label == HARMLESS), reverse=True)
    threshold = harmless[int(len(harmless) * ALARMS)]
    positive = [(one, problem, score) for one, problem, score in judged if one.label != HARMLESS]
    first = sum(problem in one.right for one, problem, _ in positive) / len(positive)
    found = sum(problem in one.right and score > threshold for one, problem, score in positive) / len(positive)
    return row(name, known, first, found, sum(score > threshold for score in harmless), times)


def main() -> None:
    """Measure and print."""
    library = load()
    problems = list(library.values())
    shown = pastes([*written("written.txt"), *recorded(library), *written("harmless.txt")])
    positive = [one for one in shown if one.label != HARMLESS]
    print(f"{len(problems)} problems; {len(positive)} pastes of them, {len(shown) - len(positive)} harmless ones")
    print(f"{'':<26} {'knows':<16} {'first':>6} {'found':>6} {'alarms':>7} {'ms p50':>8} {'ms p99':>8}")
    matcher = Matcher(problems)
    answers, times = timed(lambda text: names(matcher, text), [one.text for one in shown])
    judged = [(one, *answer) for one, answer in zip(shown, answers, strict=True) if isinstance(answer, tuple)]
    first = sum(best in one.right for one, best, _ in judged if one.label != HARMLESS) / len(positive)
    found = sum(answer in one.right for one, _, answer in judged if one.label != HARMLESS) / len(positive)
    alarms = sum(answer is not None for one, _, answer in judged if one.label == HARMLESS)
    print(row("postmedic", "all signatures", first, found, alarms, times))
    for name, (module, make) in BASELINES.items():
        for known, texts in (("one text each", one_each(problems)), ("all signatures", everything(problems))):
            if installed(module):
                print(measured(make(texts), name, known, shown))
            else:
                print(f"{name:<26} {known:<16} not installed")


if __name__ == "__main__":
    main()
