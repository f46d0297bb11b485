"""Which signature does a mangled, misspelt or shortened line come closest to? It never looks at more than 2 KiB of a line.

Names, addresses and numbers become one mark on both sides and slips are put right, so that only the wording is compared.
Candidates come from the rare words a line shares with a signature; only those few are compared letter by letter.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass

from rapidfuzz import fuzz

from bot.matching.loglines import from_process
from bot.matching.signatures import Signature
from bot.matching.spelling import MAX_LINE, Spelling
from bot.matching.words import stem

LEAST_EVIDENCE = 12.0  # bits of rarity that the shared words must add up to
_LEAST_WORDS = 3
_LEAST_COVERAGE = 0.4
_COMPARED = 12
_UNCUT = 2
_COMMON = 60  # a word of more signatures than this does not lead to them, or time would grow with the knowledge
_ALWAYS_FILED = 2  # but every signature can be found by its rarest words
_MISSPELT = 65.0  # how alike two words must be to be one word with a slip
_REWORDED = 0.75
_CUT_OFF = 0.7  # how far a word counts as agreed that may have stood where the paste was cut
_MARK = "\N{CURRENCY SIGN}"
_REPLY = "said"  # begins what another server answered; Postfix's own messages are never like it
_NO_WORDS = frozenset({_MARK, "fatal", "error", "warn", "panic", "info", "notice"})  # a level is not part of a message
_PROGRAM = "postfix/"  # begins the name of each of Postfix's programs, and tells none of their messages apart
_EDGES = "()[]{}<>,;:.!?\"'`*|"
# What the system says ends the messages of all programs: it can confirm a likeness, but is none by itself.
_SYSTEM_ERRORS = (
    "no such file or directory",
    "permission denied",
    "connection refused",
    "connection timed out",
    "operation timed out",
    "network is unreachable",
    "no route to host",
    "cannot assign requested address",
    "address already in use",
    "no space left on device",
    "invalid argument",
)
_LEAST_OWN_WORDS = 2
_LEAST_OWN = 0.55  # the part of a signature's own words that a line must share


def wording(text: str) -> list[str]:
    """The stemmed words of a line in order, each name, address or number replaced by a mark, runs of marks by one."""
    words: list[str] = []
    for piece in text[:MAX_LINE].lower().replace("--", " ").split():
        word = piece.strip(_EDGES)
        if not word:
            continue
        plain = word.replace("-", "").replace("'", "").replace("_", "")
        word = stem(word) if plain.isalpha() else _MARK
        if not (word == _MARK and words and words[-1] == _MARK):
            words.append(word)
    return words


def sameness(texts: Iterable[str]) -> str:
    """What two pastes share that are the same but for names, addresses, numbers and repeated lines."""
    return "\n".join(dict.fromkeys(" ".join(wording(text)) for text in texts))


def _own(plain: str) -> frozenset[str]:
    """The words of a signature that are not the system's error text; all of them where it has no others."""
    text = plain.lower()
    for error in _SYSTEM_ERRORS:
        text = text.replace(error, " ")
    return (frozenset(wording(text)) or frozenset(wording(plain))) - {_MARK}


def _bare(plain: str) -> bool:
    """Is a signature hardly more than the system's error text, so that only the names it quotes tell it apart?"""
    text = plain.lower()
    return any(error in text for error in _SYSTEM_ERRORS) and len(_own(plain) - _NO_WORDS) < _LEAST_OWN_WORDS


def _fixed(plain: str) -> list[str]:
    """The names and numbers that a signature itself quotes, such as `main.cf` or `10024`; they cannot be marks."""
    pieces = [piece.strip(_EDGES) for token in plain.lower().split() for piece in token.split(_MARK)]
    names = [piece for piece in pieces if sum(character.isalnum() for character in piece) > 1]
    return [name for name in names if wording(name) == [_MARK] and name != _PROGRAM]


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """How much a line is like a signature: 0..100, and which one."""

    signature: int
    score: float


class Similarity:
    """All signatures' wordings, filed by word."""

    def __init__(self, signatures: Sequence[Signature]) -> None:
        """File the signatures; those with too little wording of their own take no part."""
        self._wordings = [wording(signature.plain) for signature in signatures]
        self._fixed = [_fixed(signature.plain) for signature in signatures]
        self._sets = [frozenset(words) - {_MARK} for words in self._wordings]
        self._own = [_own(signature.plain) or words for signature, words in zip(signatures, self._sets, strict=True)]
        self._bare = [_bare(signature.plain) for signature in signatures]
        counts = Counter(word for words in set(self._sets) for word in words)
        total = max(len(set(self._sets)), 2)
        self._weights = {word: math.log2(1 + total / count) for word, count in counts.items()}
        self._totals = [sum(self._weights[word] for word in words) for words in self._sets]
        self._spelling = Spelling(counts)
        self._filed: dict[str, list[int]] = {}
        for number, words in enumerate(self._sets):
            if self._totals[number] >= LEAST_EVIDENCE and len(words) >= _LEAST_WORDS:
                for rank, word in enumerate(sorted(words, key=lambda word: (counts[word], word))):
                    if rank < _ALWAYS_FILED or counts[word] <= _COMMON:
                        self._filed.setdefault(word, []).append(number)

    def like(self, line: str) -> Iterator[Likeness]:
        """Yield the closest signatures of a line, in no order."""
        words = [word if word == _MARK else self._spelling.meant(word) for word in wording(line)]
        present, logged = frozenset(words), from_process(line)
        shared: dict[int, float] = {}
        for word in present & self._filed.keys():
            for number in self._filed[word]:
                shared[number] = shared.get(number, 0.0) + self._weights[word]
        text, lower = " ".join(words), line[:MAX_LINE].lower()
        compared: dict[tuple[str, ...], float] = {}  # many signatures are worded alike, and differ in their places only
        for number in sorted(sorted(shared), key=shared.__getitem__, reverse=True):
            if len(self._own[number] & present) < _LEAST_OWN * len(self._own[number]):
                continue
            evidence = sum(self._weights[word] for word in self._sets[number] & present)
            if evidence >= LEAST_EVIDENCE and evidence >= _LEAST_COVERAGE * self._totals[number]:
                worded = tuple(self._wordings[number])
                if worded not in compared:
                    if len(compared) == _COMPARED:
                        return
                    alike = fuzz.partial_ratio(self._kept(number, present), text)
                    compared[worded] = alike * self._agreement(number, words, logged=logged)
                missing = any(piece not in lower for piece in self._fixed[number])
                if self._bare[number] and (missing or not self._fixed[number]):
                    continue
                yield Likeness(signature=number, score=compared[worded] * (_REWORDED if missing else 1.0))

    def _kept(self, number: int, present: frozenset[str]) -> str:
        """A signature's wording from the first to the last word that the line has too, for pastes lose their ends."""
        words = self._wordings[number]
        kept = [index for index, word in enumerate(words) if word in present and word != _MARK]
        return " ".join(words[kept[0] : kept[-1] + 1])

    def _agreement(self, number: int, line: list[str], *, logged: bool) -> float:
        """How far the words agree, 0..1: a misspelt word counts in part, a lost one not at all, and a replaced one against.

        `close database` is not `open database`, whatever else the two lines share.
        """
        wanted = [word for word in self._wordings[number] if word != _MARK]
        positions = {word: position for position, word in enumerate(line)}
        places = [positions.get(word) for word in wanted]
        # A line that still has its program name has lost nothing in front: `Started x` is not `Failed to start x`.
        agreed, replaced = 0.0, line[0] == _MARK and places[:_UNCUT] == [None] * _UNCUT
        replaced = replaced or (logged and wanted[0] == _REPLY and places[0] is None)
        cut = _cut_off(wanted, places, line)
        for index, (word, place) in enumerate(zip(wanted, places, strict=True)):
            if place is not None or index in cut:
                agreed += self._weights[word] * (1.0 if place is not None else _CUT_OFF)
                continue
            instead = self._between(number, line, places[:index], places[index + 1 :])
            alike = max((fuzz.ratio(word, other) for other in instead), default=0.0)
            if alike >= _MISSPELT:
                agreed += self._weights[word] * alike / 100
            else:
                replaced = replaced or bool(instead)
        total = sum(self._weights[word] for word in wanted)
        return (0.5 + 0.5 * agreed / total) * (_REWORDED if replaced else 1.0)

    def _between(self, number: int, line: list[str], before: Sequence[int | None], after: Sequence[int | None]) -> list[str]:
        """The line's own words between the nearest shared words on both sides."""
        left = next((place for place in reversed(before) if place is not None), None)
        right = next((place for place in after if place is not None), None)
        start = left + 1 if left is not None else max((right or 0) - 1, 0)
        end = right if right is not None else start + (2 if left is not None else 1)
        return [word for word in line[start:end] if word not in _NO_WORDS and word not in self._sets[number]]


def _cut_off(wanted: Sequence[str], places: Sequence[int | None], line: Sequence[str]) -> Set[int]:
    """Which wanted words may have stood beyond the ends of the line, as half a word at that end shows."""
    met = [index for index, place in enumerate(places) if place is not None]
    first, last = met[0], met[-1]
    cut: set[int] = set()
    if last + 1 < len(wanted) and places[last] == len(line) - 2 and wanted[last + 1].startswith(line[-1]):
        cut.update(range(last + 1, len(wanted)))
    if first > 0 and places[first] == 1 and wanted[first - 1].endswith(line[0]):
        cut.update(range(first))
    return cut
