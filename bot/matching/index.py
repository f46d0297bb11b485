"""Which entries can apply at all, given the words of a paste? It answers without looking at every entry.

Each entry is filed under its rarest requirement only, so the time depends on the paste and not on how much is known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence, Set


class RequirementIndex:
    """Entries filed by what they require: an entry is a list of groups, and one word of each group must be present."""

    def __init__(self, entries: Sequence[Sequence[frozenset[str]]]) -> None:
        """File each entry (by its position) under the group whose words are rarest over all entries."""
        common = Counter(word for groups in entries for word in frozenset().union(*groups))
        self._entries = tuple(tuple(groups) for groups in entries)
        self._filed: dict[str, list[int]] = {}
        for number, groups in enumerate(self._entries):
            if groups:
                for word in min(groups, key=lambda group: sum(common[word] for word in group)):
                    self._filed.setdefault(word, []).append(number)

    def satisfied(self, words: Set[str]) -> Iterator[int]:
        """Yield the position of every entry all of whose groups meet these words, each once, in order."""
        for number in sorted({number for word in words & self._filed.keys() for number in self._filed[word]}):
            if all(not group.isdisjoint(words) for group in self._entries[number]):
                yield number
