"""Does any text, however damaged or hostile, make recognition fail or take long?

python -m benchmarks.matching.hostile [PASTES]      (100,000 when not said)

Times are processor time of the one thread, since the machine does other things as well; wall-clock times stand beside them.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from random import Random

from benchmarks.matching.healthy import recorded as healthy
from benchmarks.matching.mangling import WAYS
from benchmarks.matching.pastes import recorded, written
from bot.knowledge.library import Library, load
from bot.matching import Matcher
from bot.model.problem import Problem

NASTY = (
    *(
        "\x00",
        "\r",
        "\u202e",
        "\ud800",
        "<",
        "|",
        "[",
        "{",
        "}",
        "\\n",
        "```",
        "&amp;",
        "\x1b[",
        "#012",
        "\t",
        "\x85",
        "\u2028",
    ),
    *(
        "said: ",
        "550-5.1.1 ",
        "550 ",
        "邮",
        "没有",
        "\U0001f600",
        "ﬁ",
        "connect to ",
        "[127.0.0.1]:25: ",
        "<mailto:",
        "{a:ip}",
        "%s",
    ),
    *("Nov 22 10:00:01 h postfix/smtpd[1]: ", '{"log":"', "status=deferred (", "(?:a*)*", "A" * 300, "\n" * 30, "> " * 40),
)
LONGEST = 64 * 1024


def samples(library: Library) -> list[str]:
    """Pastes and healthy lines, whole, and every signature as it is written."""
    signatures = [text for problem in library.values() for text in problem.signatures]
    return [
        *(one.text for one in (*written("written.txt"), *written("harmless.txt"), *recorded(library))),
        *healthy(),
        *signatures,
    ]


def pastes(known: Sequence[str], count: int, chance: Random) -> Iterator[str]:
    """That many texts: samples with pieces lost, doubled, swapped or made nasty, glued together, and mangled as people do."""
    ways = list(WAYS.values())
    for _ in range(count):
        text = chance.choice(known)
        for _ in range(chance.choice((0, 0, 1, 3))):
            text += chance.choice(("\n", " ", "")) + chance.choice(known)
        if chance.random() < 0.5:
            text = chance.choice(ways)(text, chance)
        for _ in range(chance.randint(0, 12)):
            text = _mutated(text, chance)
        if chance.random() < 0.01:
            text *= chance.randint(2, 60)
        yield text[:LONGEST]


def _mutated(text: str, chance: Random) -> str:
    start = chance.randrange(len(text) + 1)
    end = min(len(text), start + chance.randint(0, 20))
    return text[:start] + chance.choice(("", chance.choice(NASTY), text[start:end] * 3, text[start:end][::-1])) + text[end:]


def taken(problems: Sequence[Problem], texts: Iterator[str]) -> list[tuple[float, float, int]]:
    """Processor seconds and wall-clock seconds of each text, and its length; an exception ends the run."""
    matcher = Matcher(problems)
    times = []
    for text in texts:
        start, wall = time.thread_time(), time.perf_counter()
        matcher.recognise(text)
        times.append((time.thread_time() - start, time.perf_counter() - wall, len(text)))
    return times


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    library = load()
    times = taken(list(library.values()), pastes(samples(library), count, Random(1)))
    print(f"{count} mutated pastes, no exception")
    for name, values in (("processor", [cpu for cpu, _, _ in times]), ("wall clock", [wall for _, wall, _ in times])):
        values.sort()
        median, p99, p999 = (values[int((count - 1) * part)] * 1_000 for part in (0.5, 0.99, 0.999))
        print(f"{name:<11} median {median:.2f} ms, p99 {p99:.2f} ms, p99.9 {p999:.2f} ms, worst {values[-1] * 1_000:.1f} ms")
    cpu, _, size = max(times)
    print(f"slowest: {size} characters in {cpu * 1_000:.1f} ms")


if __name__ == "__main__":
    main()
