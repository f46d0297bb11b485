"""How did the answer to a paste come about? What the recogniser saw on each line, and why it says nothing when it does not.

It takes everything from one `explain`; it never recognises a second time.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.matching import Candidate, Explanation
from bot.matching.context import is_foreign
from bot.matching.ranking import Shown
from bot.matching.views import is_ordinary
from bot.model.match import Line


class Silence(StrEnum):
    """Why nothing is said unprompted."""

    NONE = ""  # something is said
    EMPTY = "empty"
    NOT_POSTFIX = "not-postfix"  # no word of Postfix's own, so no line was compared for likeness
    NOTHING = "nothing"  # no signature or phrase comes near
    UNSURE = "unsure"  # the best candidate's own verdict says why


class LeftOut(StrEnum):
    """Why a line was not looked at."""

    NO = ""
    ORDINARY = "ordinary"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedLine:
    """One cleaned line, and by problem what on it shows that problem."""

    line: Line
    shows: tuple[tuple[Candidate, Shown], ...]
    left_out: LeftOut


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """The whole trial of one paste; candidates come best first."""

    candidates: tuple[Candidate, ...]
    lines: tuple[TriedLine, ...]
    silence: Silence


def tried(explained: Explanation) -> Tried:
    """Arrange an explanation by line, and name the reason of a silence."""
    lines = []
    for index, line in enumerate(explained.recognition.paste.lines):
        shows = tuple((one, one.shown[index]) for one in explained.candidates if index in one.shown)
        lines.append(TriedLine(line=line, shows=shows, left_out=LeftOut.NO if shows else _left_out(line.text)))
    return Tried(candidates=explained.candidates, lines=tuple(lines), silence=_silence(explained))


def _left_out(text: str) -> LeftOut:
    if is_ordinary(text):
        return LeftOut.ORDINARY
    return LeftOut.FOREIGN if is_foreign(text) else LeftOut.NO


def _silence(explained: Explanation) -> Silence:
    if explained.recognition.sure:
        return Silence.NONE
    if explained.candidates:
        return Silence.UNSURE
    if not explained.recognition.paste.text.strip():
        return Silence.EMPTY
    return Silence.NOTHING if explained.of_postfix else Silence.NOT_POSTFIX
