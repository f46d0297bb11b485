"""Which known word did a person mean? Only slips of one letter (wrong, missing, extra, swapped) are put right.

Known words are filed under what remains when any one letter is left out, so a look-up costs as much as the word is long.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rapidfuzz import fuzz

from bot.matching.words import latin_words

MAX_LINE = 2_048
_LEAST_MENDED = 5  # letters; a slip in a shorter word is too often another word
_MOST_KEPT = 50_000
_LEAST_LETTERS = 4
_ALIKE = 72.0


class Spelling:
    """The known words."""

    def __init__(self, words: Iterable[str]) -> None:
        """File the words; those under four letters are too easily mistaken for each other to be put right."""
        self._known = frozenset(words)
        self._filed: dict[str, list[str]] = {}
        self._looked_up: dict[str, str] = {}
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
        """The line itself when its words hold no slip, else its first 2 KiB in small letters with the slips put right."""
        slips = {word: meant for word in frozenset(latin_words(line[:MAX_LINE])) if (meant := self._word(word)) != word}
        if not slips:
            return line
        text = line[:MAX_LINE].lower()
        for word, meant in slips.items():
            text = text.replace(word, meant)
        return text

    def _word(self, word: str) -> str:
        """The known word meant by one of at least five letters; logs repeat themselves, so that it is looked up once."""
        known = self._looked_up.get(word)
        if known is None:
            known = self.meant(word) if len(word) >= _LEAST_MENDED else word
            if len(self._looked_up) < _MOST_KEPT:
                self._looked_up[word] = known
        return known


def _without_one(word: str) -> Iterator[str]:
    return (word[:position] + word[position + 1 :] for position in range(len(word)))
