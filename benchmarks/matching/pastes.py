"""Which pastes are recognition measured with, and what is the right answer to each? All of them are the project's own.

`written.txt` and `harmless.txt` were written by hand; the recorded cases and the signatures of the knowledge come on top.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.knowledge.cases import cases
from bot.knowledge.library import Library

HERE = Path(__file__).parent
HARMLESS = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A paste, the problem it shows (or `none`), and the problems that are as good a first answer."""

    text: str
    label: str
    also: frozenset[str] = frozenset()
    lang: str = "en"
    kind: str = "written"

    @property
    def right(self) -> frozenset[str]:
        """Every answer that is right."""
        return self.also | {self.label}


def written(name: str) -> Iterator[Labelled]:
    """Read a file of pastes: each begins with a line `=== LABEL LANG also=ID,ID`."""
    for block in (HERE / name).read_text(encoding="utf-8").split("\n=== ")[0:]:
        first, _, text = block.removeprefix("=== ").partition("\n")
        label, lang, *more = first.split()
        also = [one.removeprefix("also=").split(",") for one in more if one.startswith("also=")]
        yield Labelled(text=text.rstrip("\n"), label=label, lang=lang, also=frozenset(one for ids in also for one in ids))


def recorded(library: Library) -> Iterator[Labelled]:
    """The pastes of the recorded cases, each once."""
    known: set[str] = set()
    for problem_id, folder in library.folders.items():
        for one in cases(folder):
            if one.match == problem_id and one.paste and one.paste not in known:
                known.add(one.paste)
                yield Labelled(text=one.paste, label=problem_id, kind="recorded")
