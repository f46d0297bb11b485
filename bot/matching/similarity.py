"""Which signature does a mangled, misspelt or shortened line come closest to? It never looks at more than 2 KiB of a line.

Names, addresses and numbers become one mark on both sides, so that only the wording is compared. Candidates come from the
rare words a line shares with a signature; only those few are compared letter by letter.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from bot.matching.signatures import Signature
from bot.matching.words import stem

MAX_LINE = 2_048
LEAST_EVIDENCE = 9.0  # bits of rarity that the shared words must add up to
_LEAST_COVERAGE = 0.4
_COMPARED = 8
_MISSPELT = 70.0  # how alike two words must be to be the same word with a slip
_REWORDED = 0.85
_MARK = "\N{CURRENCY SIGN}"
_EDGES = "()[]{}<>,;:.!?\"'`*|"


def wording(text: str) -> list[str]:
    """The words of a line in order, each name, address or number replaced by a mark, runs of marks by one."""
    words: list[str] = []
    for piece in text[:MAX_LINE].lower().split():
        word = piece.strip(_EDGES)
        if not word:
            continue
        plain = word.replace("-", "").replace("'", "").replace("_", "")
        if not plain.isalpha():
            word = _MARK
        if not (word == _MARK and words and words[-1] == _MARK):
            words.append(word)
    return words


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """How much a line is like a signature: 0..100, and which one."""

    signature: int
    score: float


class Similarity:
    """All signatures' wordings, filed by word."""

    def __init__(self, signatures: Sequence[Signature]) -> None:
        """File the signatures; those with too little wording of their own take no part."""
        wordings = [wording(signature.plain) for signature in signatures]
        self._texts = [" ".join(words) for words in wordings]
        self._sets = [frozenset(stem(word) for word in words if word != _MARK) for words in wordings]
        counts = Counter(word for words in set(self._sets) for word in words)
        total = max(len(set(self._sets)), 2)
        self._weights = {word: math.log2(1 + total / count) for word, count in counts.items()}
        self._totals = [sum(self._weights[word] for word in words) for words in self._sets]
        self._filed: dict[str, list[int]] = {}
        common = max(40, total // 20)
        for number, words in enumerate(self._sets):
            if self._totals[number] >= LEAST_EVIDENCE:
                for word in words:
                    if counts[word] <= common:
                        self._filed.setdefault(word, []).append(number)

    def like(self, line: str) -> Iterator[Likeness]:
        """Yield the closest signatures of a line, in no order."""
        words = wording(line)
        stems = {stem(word) for word in words}
        shared: Counter[int] = Counter()
        for word in stems & self._filed.keys():
            weight = self._weights[word]
            for number in self._filed[word]:
                shared[number] += weight  # type: ignore[assignment]
        text = " ".join(words)
        for number, _ in shared.most_common(_COMPARED):
            evidence = sum(self._weights[word] for word in self._sets[number] & stems)
            coverage = evidence / self._totals[number]
            if evidence >= LEAST_EVIDENCE and coverage >= _LEAST_COVERAGE:
                ratio = fuzz.partial_ratio(self._texts[number], text)
                score = ratio * (0.5 + 0.5 * coverage)
                yield Likeness(signature=number, score=score * (_REWORDED if self._reworded(number, words) else 1.0))

    def _reworded(self, number: int, line: list[str]) -> bool:
        """Say whether a word of the signature stands as another word in the line, rather than misspelt or cut off."""
        positions = {stem(word): position for position, word in enumerate(line) if word != _MARK}
        unshared = [word for word in positions if word not in self._sets[number]]
        wanted = [stem(word) for word in self._texts[number].split() if word != _MARK]
        places = [positions.get(word) for word in wanted]
        known = [place for place in places if place is not None]
        if not known:
            return True
        if line[0] != _MARK and min(known) == 0:
            wanted = wanted[next(number for number, place in enumerate(places) if place is not None) :]
        if max(known) == len(line) - 1:
            wanted = wanted[: len(places) - next(number for number, place in enumerate(reversed(places)) if place is not None)]
        missing = (word for word in wanted if word not in positions)
        return any(not any(fuzz.ratio(word, other) >= _MISSPELT for other in unshared) for word in missing)
