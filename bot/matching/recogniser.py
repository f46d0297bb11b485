"""Which known problems does a paste show? Pure: the same text gives the same answer, and nothing is read or written.

`Matcher` compiles all problems once. `recognise` answers a channel, `explain` tells an author how the answer came about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from bot.matching.clean import clean
from bot.matching.context import is_foreign, speaks_of_postfix
from bot.matching.hosts import hosts
from bot.matching.index import RequirementIndex
from bot.matching.phrases import Phrases
from bot.matching.ranking import FLOOR, NEAR_FLOOR, Candidate, Shown, Verdict, ranked, yields
from bot.matching.signatures import Hit, Signature
from bot.matching.similarity import Similarity
from bot.matching.spelling import Spelling
from bot.matching.views import View, views
from bot.matching.words import latin_words
from bot.model.match import Kind, Match, Paste, Recognition
from bot.model.problem import Problem

MAX_COMPARED = 60  # distinct lines that are compared letter by letter; the rest of a longer paste repeats itself
MAX_NEAR = 5
_MENDED = 0.97  # what a signature is worth that stands there only when slips of the keyboard are put right
_STRONGEST = 60  # letters of fixed text beyond which a signature does not become more telling


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """How an answer came about: every candidate with its verdict, and the recognition they led to."""

    recognition: Recognition
    candidates: tuple[Candidate, ...]  # the sure ones first, then the likeliest
    of_postfix: bool  # whether a word of the paste is Postfix's own; without one nothing is compared for likeness


@dataclass(slots=True)
class _Found:
    """What has been found for one problem while reading a paste."""

    kind: Kind
    score: float
    pattern: str
    letters: int
    captures: dict[str, str]
    deciding: range
    foreign: bool
    lines: dict[int, Shown] = field(default_factory=dict)


class Matcher:
    """All known problems, compiled for recognition."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Compile the problems; raise KnowledgeError naming the problem whose signature or phrase is unusable."""
        self._signatures: list[Signature] = []
        self._signature_of: list[str] = []
        self._phrase_of: list[str] = []
        self._phrase_texts: list[str] = []
        self._yields_to: dict[str, tuple[str, ...]] = {}
        for problem in problems:
            self._yields_to[problem.id] = problem.yields_to
            for text in problem.signatures:
                self._signatures.append(Signature(text, where=problem.id))
                self._signature_of.append(problem.id)
            for phrase in (*problem.phrases.en, *problem.phrases.zh):
                self._phrase_texts.append(phrase)
                self._phrase_of.append(problem.id)
        self._index = RequirementIndex([one.required for one in self._signatures])
        self._similarity = Similarity(self._signatures)
        self._spelling = Spelling(word for one in self._signatures for word in latin_words(one.plain))
        self._phrases = Phrases(self._phrase_texts, where=self._phrase_of)

    def recognise(self, text: str) -> Recognition:
        """Clean a paste and name the problems it shows; `sure` may be said unprompted, `near` only when asked."""
        return self.explain(text).recognition

    def explain(self, text: str) -> Explanation:
        """The same as `recognise`, with every candidate's pattern, score and verdict."""
        paste = clean(text)
        found: dict[str, _Found] = {}
        stretches = list(views(paste))
        taken = self._exact(stretches, found)
        of_postfix = speaks_of_postfix(paste.text)
        self._similar(stretches, taken, found, about_postfix=of_postfix)
        self._told(stretches, found)
        candidates = ranked([_candidate(problem, one) for problem, one in found.items()], self._yields_to)
        matches = [(_match(one, paste), one) for one in candidates]
        recognition = Recognition(
            paste=paste,
            sure=tuple(match for match, one in matches if one.verdict is Verdict.SURE),
            near=tuple(match for match, one in matches if one.score >= NEAR_FLOOR)[:MAX_NEAR],
            hosts=hosts(paste),
        )
        return Explanation(recognition=recognition, candidates=candidates, of_postfix=of_postfix)

    def _exact(self, stretches: list[View], found: dict[str, _Found]) -> set[int]:
        """Note every signature that stands in a view, unless a longer one explains the same words; return the lines it took."""
        taken: set[int] = set()
        seen: set[tuple[int, int]] = set()
        read: dict[str, list[tuple[int, Hit]]] = {}  # logs repeat themselves
        for view in stretches:
            hits = read.get(view.text)
            if hits is None:
                hits = read[view.text] = list(self._hits(view))
            for number, hit in hits:
                signature, problem = self._signatures[number], self._signature_of[number]
                lines = view.lines_between(hit.start, hit.end)
                if len(view.starts) > 1 and all((number, line) in seen for line in lines[:1]):
                    continue
                if any(self._explains(other, hit, number) for other in hits):
                    continue
                seen.update((number, line) for line in lines)
                taken.update(lines)
                foreign = is_foreign(view.text) and not speaks_of_postfix(signature.text)
                _note(found, problem, Kind.EXACT, _certainty(signature), signature, dict(hit.captures), lines, foreign=foreign)
        return taken

    def _hits(self, view: View) -> Iterator[tuple[int, Hit]]:
        for number in self._index.satisfied(frozenset(latin_words(view.text))):
            for hit in self._signatures[number].find(view.text):
                yield number, hit

    def _explains(self, other: tuple[int, Hit], hit: Hit, number: int) -> bool:
        """Say whether another problem's hit quotes more of the same words."""
        rival, place = other
        if self._signature_of[rival] == self._signature_of[number]:
            return False
        overlap = place.start < hit.end and hit.start < place.end
        if not overlap or yields(self._signature_of[rival], self._signature_of[number], self._yields_to):
            return False
        return self._signatures[rival].letters > self._signatures[number].letters

    def _similar(self, stretches: list[View], taken: set[int], found: dict[str, _Found], *, about_postfix: bool) -> None:
        """Note the signatures that lines without an exact hit come close to, misspelt ones also where nothing names Postfix."""
        compared: set[str] = set()
        for view in stretches:
            lines = range(view.first, view.first + len(view.starts))
            if not taken.isdisjoint(lines) or view.text in compared or is_foreign(view.text):
                continue
            if len(compared) >= MAX_COMPARED:
                return
            compared.add(view.text)
            if self._mended(view, lines, found):
                continue
            for likeness in self._similarity.like(view.text) if about_postfix else ():
                if likeness.score >= NEAR_FLOOR:
                    signature, problem = self._signatures[likeness.signature], self._signature_of[likeness.signature]
                    _note(found, problem, Kind.SIMILAR, likeness.score, signature, {}, lines, foreign=False)

    def _mended(self, view: View, lines: range, found: dict[str, _Found]) -> bool:
        """Note the signatures that stand in a line once its misspelt words are put right, and say whether any does."""
        text = self._spelling.mended(view.text)
        if text == view.text:
            return False
        hits = list(self._hits(replace(view, text=text)))
        for number, hit in hits:
            if not any(self._explains(other, hit, number) for other in hits):
                signature = self._signatures[number]
                score = _MENDED * _certainty(signature)
                _note(found, self._signature_of[number], Kind.SIMILAR, score, signature, {}, lines, foreign=False)
        return bool(hits)

    def _told(self, stretches: list[View], found: dict[str, _Found]) -> None:
        """Note the phrases that a person's own words hold."""
        for view in stretches:
            if view.prose:
                for told in self._phrases.told(view.text):
                    lines = range(view.first, view.first + len(view.starts))
                    problem, text = self._phrase_of[told.phrase], self._phrase_texts[told.phrase]
                    _note(found, problem, Kind.PHRASE, told.score, text, {}, lines, foreign=False)


def _certainty(signature: Signature) -> float:
    """How surely a problem is meant where its signature stands: 88..100 by how much the signature quotes."""
    return 88.0 + 12.0 * min(signature.letters, _STRONGEST) / _STRONGEST


def _note(
    found: dict[str, _Found],
    problem: str,
    kind: Kind,
    score: float,
    pattern: Signature | str,
    captures: dict[str, str],
    lines: range,
    *,
    foreign: bool,
) -> None:
    """Keep the best evidence for a problem and count the lines that show it."""
    order = {Kind.EXACT: 0, Kind.SIMILAR: 1, Kind.PHRASE: 2}
    text, letters = (pattern.text, pattern.letters) if isinstance(pattern, Signature) else (pattern, len(pattern))
    known = found.get(problem)
    if known is not None and (
        (known.score < FLOOR[known.kind], order[known.kind], known.foreign, -known.score)
        <= (score < FLOOR[kind], order[kind], foreign, -score)
    ):  # what is too weak to be said must not hide what is strong enough
        if known.kind is kind and (kind is Kind.EXACT or score >= FLOOR[kind]):
            known.lines.setdefault(lines[0], Shown(pattern=text, score=round(score, 1)))
            if kind is Kind.EXACT:
                known.captures = {**captures, **known.captures}
        return
    kept = dict(known.lines) if known is not None and known.kind is kind else {}
    kept[lines[0]] = Shown(pattern=text, score=round(score, 1))
    if known is not None and known.kind is kind is Kind.EXACT:
        captures = {**known.captures, **captures}
    found[problem] = _Found(kind, score, text, letters, captures, lines, foreign, kept)


def _candidate(problem: str, one: _Found) -> Candidate:
    rest = sorted(one.lines.keys() - set(one.deciding))
    candidate = Candidate(
        problem=problem,
        kind=one.kind,
        score=round(one.score, 1),
        pattern=one.pattern,
        letters=one.letters,
        captures=one.captures,
        lines=(*one.deciding, *rest),
        count=len(one.lines),
        shown=one.lines,
    )
    return replace(candidate, verdict=Verdict.FOREIGN) if one.foreign else candidate


def _match(one: Candidate, paste: Paste) -> Match:
    return Match(
        problem=one.problem,
        kind=one.kind,
        score=one.score,
        margin=round(one.margin, 1),
        captures=one.captures,
        lines=tuple(paste.lines[index] for index in one.lines[:MAX_NEAR]),
        count=one.count,
        numbers=tuple(sorted({paste.lines[index].number for index in one.shown})),
    )
