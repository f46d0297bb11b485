"""How long does recognition take, for one paste and as the knowledge grows? Prints a table; nothing here is a test.

python -m benchmarks.matching.growth

The first row is the knowledge as it is; the others are invented problems that share the words mail logs share.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Sequence

from bot.knowledge.library import load
from bot.matching import Matcher
from bot.model.problem import Phrases, Problem
from bot.model.text import Text

SIZES = (100, 1_000, 10_000)
RECORD = (
    "Nov 22 10:00:01 host01 postfix/smtpd[123]: NOQUEUE: reject: RCPT from unknown[192.0.2.1]: 554 5.7.1 <a@example.com>: {}"
    " denied by server; from=<x@example.org> to=<a@example.com> proto=ESMTP helo=<q>"
)
_COMMON = ("connect", "failed", "error", "server", "connection", "mail", "fatal", "warning")
_CONSONANTS, _VOWELS = "bcdfghlmnprstv", "aeiou"


def knowledge(count: int, chance: random.Random) -> list[Problem]:
    """Invented problems, seven signatures and two phrases each, as the real ones have on average, with shared words."""
    words = [
        "".join(chance.choice(_CONSONANTS) + chance.choice(_VOWELS) for _ in range(chance.randint(2, 4))) for _ in range(6_000)
    ]
    pool = [*words, *(_COMMON * 40)]

    def some(number: int) -> str:
        return " ".join(chance.choice(pool) for _ in range(number))

    return [
        _problem(
            f"bench-{number}", [f"{some(4)} {{address:ip}} {some(3)}" for _ in range(7)], Phrases(en=(some(4), some(4))), []
        )
        for number in range(count)
    ]


def _problem(identity: str, signatures: Sequence[str], phrases: Phrases, yields_to: Sequence[str]) -> Problem:
    return Problem(
        id=identity, version=1, title=Text(en="bench", zh="bench"), references=(), signatures=tuple(signatures),
        phrases=phrases, yields_to=tuple(yields_to), facts=(), derived=(), causes=(), fixes={}, lab=(), digest="",
    )  # fmt: skip


def pastes(chance: random.Random) -> dict[str, str]:
    """An ordinary paste, and the ones a hostile person would try."""
    lines = [RECORD.format(" ".join(chance.choice(_COMMON) for _ in range(4)) + f" {number:x}") for number in range(2_000)]
    cap = 64 * 1024
    return {
        "20 log lines": "\n".join(lines[:20]),
        "64 KiB of log": "\n".join(lines)[:cap],
        "one 64 KiB line": ("fatal connect server " * 4_000)[:cap],
        "2,000 short lines": "\n".join(f"connection from a b c {number}" for number in range(2_000)),
        "said: 550 ...": ("host a said: 550 5.1.1 x " * 3_000)[:cap],
        "time stamps only": ("Nov 22 10:00:01 h postfix/smtpd[1]: x " * 2_000)[:cap],
        "open links": "<mailto:a@b|" * 5_000,
        "open brackets": "connect to " + "[" * 60_000,
        "Chinese": "邮件队列积压" * 3_500,
    }


def milliseconds(matcher: Matcher, text: str, rounds: int) -> float:
    """The median processor time of one recognition."""
    times = []
    for _ in range(rounds + 1):
        start = time.thread_time()
        matcher.recognise(text)
        times.append((time.thread_time() - start) * 1_000)
    return statistics.median(times[1:])


def main() -> None:
    """Measure and print."""
    texts = pastes(random.Random(1))
    print(f"{'problems':>10} {'compile s':>10}  " + "  ".join(f"{name:>17}" for name in texts))
    for known in (list(load().values()), *(knowledge(size, random.Random(2)) for size in SIZES)):
        start = time.perf_counter()
        matcher = Matcher(known)
        compiled = time.perf_counter() - start
        row = (milliseconds(matcher, text, 9 if len(text) < 8_192 else 3) for text in texts.values())
        print(f"{len(known):>10} {compiled:>10.2f}  " + "  ".join(f"{value:>14.2f} ms" for value in row))


if __name__ == "__main__":
    main()
