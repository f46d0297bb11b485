"""Does the mail log of healthy hosts ever get an answer? It must not: neither line by line nor in larger pastes.

python -m benchmarks.matching.healthy [LINES]      (100,000 when not said)

The lines of `healthy-3.7.log` and `healthy-3.10.log` were written by Postfix 3.7 and 3.10 on real hosts that moved real mail;
`healthy-more.log` adds what those hosts do not run (postscreen, Dovecot, a content filter), as the Postfix source prints it.
Copies get other times, process ids, queue ids, addresses and names. What healthy hosts on the open Internet also log and
which is somebody's problem, such as `lost connection after AUTH`, is left out on purpose.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

from bot.knowledge.library import load
from bot.matching import Matcher

RECORDED = ("healthy-3.7.log", "healthy-3.10.log", "healthy-more.log")
PASTE = 40  # lines of a larger paste
_VOLATILE = re.compile(
    r"(?P<time>\b\d\d:\d\d:\d\d\b)|(?P<pid>(?<=\[)\d{3,6}(?=\]))|(?P<qid>\b[0-9A-F]{8,10}\b)|(?P<ip>\b(?:198\.51\.100|203\.0\.113)\.\d+)"
    r"|(?P<user>\b(?:alice|bob|anna|eve|sam|kim|ops)(?=@))|(?P<domain>\b(?:remote|partner|customer)\.example\b|\bexample\.(?:org|net)\b)"
    r"|(?P<delay>(?<=delay=)[\d.]+)|(?P<size>(?<=size=)\d+)"
)
_SYLLABLES = ("ma", "re", "lo", "ti", "na", "ko", "si", "du", "be", "ra")


def recorded() -> list[str]:
    """The lines as they stand in the files."""
    folder = Path(__file__).parent
    return [line for name in RECORDED for line in (folder / name).read_text(encoding="utf-8").splitlines()]


def lines(count: int, chance: Random) -> Iterator[str]:
    """That many healthy lines: each recorded one first, then copies with other volatile parts."""
    known = recorded()
    for number in range(count):
        yield known[number] if number < len(known) else _copy(known[number % len(known)], chance)


def _copy(line: str, chance: Random) -> str:
    def word() -> str:
        return "".join(chance.choice(_SYLLABLES) for _ in range(3))

    made = {
        "time": lambda: f"{chance.randrange(24):02}:{chance.randrange(60):02}:{chance.randrange(60):02}",
        "pid": lambda: str(chance.randrange(300, 4_000_000)),
        "qid": lambda: f"{chance.randrange(16**8, 16**10):X}",
        "ip": lambda: f"{chance.randrange(1, 224)}.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(1, 255)}",
        "user": word,
        "domain": lambda: f"{word()}.{chance.choice(('com', 'de', 'example', 'co.uk', 'cn'))}",
        "delay": lambda: f"{chance.expovariate(1):.2g}",
        "size": lambda: str(chance.randrange(300, 20_000_000)),
    }
    return _VOLATILE.sub(lambda found: made[str(found.lastgroup)](), line)


def alarms(matcher: Matcher, count: int, chance: Random) -> list[tuple[str, str]]:
    """Every answer given to a single line or to a paste of several, with the text it was given to."""
    shown = list(lines(count, chance))
    pastes = (*shown, *("\n".join(shown[at : at + PASTE]) for at in range(0, len(shown), PASTE)))
    return [(match.problem, text) for text in pastes for match in matcher.recognise(text).sure]


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    found = alarms(Matcher(load().values()), count, Random(1))
    print(f"{count} healthy lines, {len(recorded())} of them recorded, also in pastes of {PASTE}: {len(found)} answers")
    for problem, text in found[:20]:
        print(f"  {problem}: {text[:200]}")


if __name__ == "__main__":
    main()
