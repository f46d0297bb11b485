"""Which known word did a person mean? Only slips of one letter (wrong, missing, extra, swapped) are put right.

Known words are filed under what remains when any one letter is left out, so a look-up costs as much as the word is long.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rapidfuzz import fuzz

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


def _without_one(word: str) -> Iterator[str]:
    return (word[:position] + word[position + 1 :] for position in range(len(word)))
