"""Which known word did a person mean? Only slips of one letter (wrong, missing, extra, swapped) are put right.

Known words are filed under what remains when any one letter is left out, so a look-up costs as much as the word is long.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import re2
from rapidfuzz import fuzz

MAX_LINE = 2_048
_WORD = re2.compile(r"[A-Za-z]{5,32}")
_LEAST_LETTERS = 4
_ALIKE = 72.0


class Spelling:
    """The known words."""

    def __init__(self, words: Iterable[str]) -> None:
        """File the words; those under four letters are too easily mistaken for each other to be put right."""
        self._known = frozenset(words)
        self._filed: dict[str, list[str]] = {}
        for word in sorted(self._known):
            if len(word) >= _LEAST_LETTERS:
                for shorter in (word, *_without_one(word)):
                    self._filed.setdefault(shorter, []).append(word)

    def meant(self, word: str) -> str:
        """The known word nearest to this one, or the word itself."""
        if word in self._known or not _LEAST_LETTERS <= len(word) <= 32:
            return word
        near = {other for shorter in (word, *_without_one(word)) for other in self._filed.get(shorter, ())}
        best = max(near, key=lambda other: (fuzz.ratio(word, other), other), default=word)
        return best if fuzz.ratio(word, best) >= _ALIKE else word

    def mended(self, line: str) -> str:
        """The first 2 KiB of a line with the slips in its words put right; other characters stay where they are."""
        pieces, last = [], 0
        for found in _WORD.finditer(line[:MAX_LINE]):
            word = found[0].lower()
            meant = self.meant(word)
            if meant != word:
                pieces += [line[last : found.start()], meant]
                last = found.end()
        return "".join(pieces) + line[last:MAX_LINE] if pieces else line


def _without_one(word: str) -> Iterator[str]:
    return (word[:position] + word[position + 1 :] for position in range(len(word)))
