"""In which stretches of a paste can a message stand? Single lines, and lines that were hard-wrapped put together again.

A view keeps the offset of each of its lines, so that a hit can name the line it came from. Ordinary traffic
(`status=sent`) is in no view: it is never a problem, whatever the other side answered.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import re2

from bot.matching.loglines import from_process, opens_record
from bot.model.match import Line, Paste

LONGEST_RUN = 16
_STEP = 12
_LEAST_WRAPPED = 20  # what is left of a hard-wrapped line once its stamp is gone
_REPEATED_CODE = re2.compile(r"[\pL\d.,!)\]]\s([245]\d\d(?:-|[ -][245]\.\d{1,3}\.\d{1,3}))(?:\s|[\pL])")
_ORDINARY = re2.compile(
    r"\bstatus=sent\b|\bstatistics: max |: (?:dis)?connect from |\bdaemon started -- version|: removed$"
    r"|: (?:starting|stopping|refreshing) the Postfix mail system$"
    r"|\bsystemd\[\d+\]: (?:Start|Stopp)(?:ing|ed) (?:\S+ - )?Postfix Mail Transport Agent\b"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A stretch of text made of the lines `first`, `first + 1`, …, which begin at the offsets `starts`."""

    number: int
    text: str
    first: int
    starts: tuple[int, ...] = (0,)
    prose: bool = False  # written by a person, as far as one can see

    def lines_between(self, start: int, end: int) -> range:
        """The indexes of the paste's lines that this part of the view covers."""
        return range(
            self.first + bisect_right(self.starts, start) - 1, self.first + bisect_right(self.starts, max(start, end - 1))
        )


def views(paste: Paste) -> Iterator[View]:
    """Yield every single line first, then each run of lines joined by blanks, then joined without (for words cut in two)."""
    lines = paste.lines
    number = 0
    for index, line in enumerate(lines):
        if not is_ordinary(line.text):
            prose = not line.host and not from_process(line.text)
            yield View(number=number, text=_without_repeats(line.text), first=index, prose=prose)
            number += 1
    for start, end in _runs(lines):
        part = lines[start:end]
        for glue in (" ", "") if any(len(line.text) >= _LEAST_WRAPPED for line in part) else (" ",):
            starts, length = [], 0
            for line in part:
                starts.append(length)
                length += len(line.text) + len(glue)
            prose = bool(glue) and not part[0].host and not from_process(part[0].text)
            text = _without_repeats(glue.join(line.text for line in part))
            yield View(number=number, text=text, first=start, starts=tuple(starts), prose=prose)
            number += 1


def is_ordinary(text: str) -> bool:
    """Say whether a line is traffic as it should be, which is in no view."""
    return _ORDINARY.search(text) is not None


def _runs(lines: Sequence[Line]) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of lines that belong together: a record and what follows it up to a blank line or the next record."""
    start = 0
    for index in range(1, len(lines) + 1):
        if index < len(lines) and _continues(lines[index - 1], lines[index]):
            continue
        for begin in range(start, index - 1, _STEP):
            yield begin, min(begin + LONGEST_RUN, index)
            if begin + LONGEST_RUN >= index:
                break
        start = index


def _continues(above: Line, line: Line) -> bool:
    if line.host or line.number - above.number > 1 or opens_record(line.text):
        return False
    return not is_ordinary(above.text)


def _without_repeats(text: str) -> str:
    """Blank out the reply codes that a multi-line SMTP reply repeats in the middle of its sentences, keeping all offsets."""
    if text.count("-5.") + text.count("-4.") + text.count("550") + text.count("554") + text.count("421") < 1:
        return text
    pieces, last = [], 0
    codes: set[str] = set()
    for found in _REPEATED_CODE.finditer(text):
        begin, end, whole = found.start(1), found.end(1), found[1] or ""
        code = whole[:3]
        if "-" in whole or code in codes or text.count(whole) > 1:
            pieces += [text[last:begin], " " * (end - begin)]
            last = end
        codes.add(code)
    return "".join(pieces) + text[last:]
