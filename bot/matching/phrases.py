"""Do a person's words, without a log, describe a known problem? Only all words of a phrase together count.

A phrase is words in any order; `a|b` means either. English words match in any usual form, Chinese ones as they are written.
All must stand within some forty words of each other, in lines that no program wrote. Chinese words right after 没有 mean the
opposite and do not count, so a phrase that is about something missing spells 没有 out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.errors import KnowledgeError
from bot.matching.index import RequirementIndex
from bot.matching.spelling import Spelling
from bot.matching.words import is_han, tokens

WITHIN = 40
LEAST_GROUPS = 2
_LEAST_MENDED = 6  # letters; a slip in a shorter word is too often another word
_FILLERS = frozenset(
    {
        *("a", "an", "and", "the", "is", "are", "was", "of", "to", "in", "on", "for", "it", "its", "my", "our", "with", "that"),
        *("this", "be", "been", "has", "have", "i", "we", "at", "by", "or"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A phrase that was found: its position, and its score by how much it says."""

    phrase: int
    score: float


class Phrases:
    """All phrases, filed by their rarest word."""

    def __init__(self, phrases: Sequence[str], *, where: Sequence[str] = ()) -> None:
        """Compile the phrases; raise KnowledgeError for one that says too little."""
        self._groups = [_groups(phrase) for phrase in phrases]
        for number, groups in enumerate(self._groups):
            if len(groups) < LEAST_GROUPS:
                raise KnowledgeError(
                    where=where[number] if where else "phrase",
                    detail=f"phrase {phrases[number]!r}: it holds fewer than {LEAST_GROUPS} telling words",
                    hint="add the words that make it Postfix's problem and no other's",
                )
        self._index = RequirementIndex([[frozenset(way[0] for way in group) for group in groups] for groups in self._groups])
        known = {word for groups in self._groups for group in groups for way in group for word in way}
        self._spelling = Spelling(word for word in known if len(word) >= _LEAST_MENDED)

    def told(self, text: str) -> Iterator[Told]:
        """Yield each phrase all of whose words stand near each other in this text."""
        words = [self._spelling.meant(word) if len(word) >= _LEAST_MENDED else word for word in tokens(text)]
        for number in self._index.satisfied(frozenset(words)):
            groups = self._groups[number]
            if _near(groups, words):
                yield Told(phrase=number, score=min(99.0, 70.0 + 4.0 * len(groups) + _length(groups) / 4))


def _groups(phrase: str) -> list[list[list[str]]]:
    """A phrase as groups of alternatives, each alternative the tokens it stands for in a row."""
    groups = []
    for part in phrase.split():
        ways = [way for way in (tokens(choice) for choice in part.split("|")) if way and way[0] not in _FILLERS]
        if ways:
            groups.append(ways)
    return groups


def _length(groups: list[list[list[str]]]) -> int:
    """How much a phrase says, in letters; one Chinese character says as much as two."""
    return sum(max(sum(len(word) * (2 if is_han(word[0]) else 1) for word in way) for way in group) for group in groups)


def _denied(words: list[str], position: int) -> bool:
    """Say whether Chinese words follow 没有, as in 没有积压; Chinese words are pairs that overlap."""
    return position >= 2 and words[position - 2] == "没有" and words[position - 1][:1] == "有"


def _near(groups: list[list[list[str]]], words: list[str]) -> bool:
    """Say whether one alternative of every group stands within a short stretch of the words."""
    last = [-1] * len(groups)
    starts: dict[str, list[tuple[int, list[str]]]] = {}
    for number, group in enumerate(groups):
        for way in group:
            starts.setdefault(way[0], []).append((number, way))
    for position, word in enumerate(words):
        for number, way in starts.get(word, ()):
            if words[position : position + len(way)] == way and not _denied(words, position):
                last[number] = position
                if min(last) >= 0 and max(last) - min(last) <= WITHIN:
                    return True
    return False
