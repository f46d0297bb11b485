"""Which problems are known? Loads whole folders of entries; one bad entry refuses them all, with every error named.

A folder that is not there is an error and never an empty one: what it held would be forgotten without a word.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot import rights
from bot.errors import KnowledgeError
from bot.knowledge.entry import problem
from bot.model.problem import Problem

BUILT_IN = Path(__file__).resolve().parents[2] / "knowledge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Library(Mapping[str, Problem]):
    """The problems by id, and the folder each came from."""

    problems: Mapping[str, Problem]
    folders: Mapping[str, Path]

    @property
    def digest(self) -> str:
        """SHA-256 over the raw bytes of every entry, in the order of their ids: what was reviewed is what is loaded."""
        lines = (f"{name} {problem.digest}\n" for name, problem in sorted(self.problems.items()))
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def __getitem__(self, problem_id: str) -> Problem:
        return self.problems[problem_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self.problems)

    def __len__(self) -> int:
        return len(self.problems)


def entries(root: Path) -> Iterator[Path]:
    """Name the folders below `root` that hold a problem: `<area>/<name>/problem.yaml`."""
    return (path.parent for path in sorted(root.glob("*/*/problem.yaml")))


def load(roots: Iterable[Path] = (BUILT_IN,), *, beside: Library | None = None, pinned: str = "") -> Library:
    """Load every entry below `roots`, each read once, beside those of another library; raises `KnowledgeError` that names
    each bad entry.

    With `pinned`, the digest of a library that was reviewed, anything else than exactly that library is refused.
    """
    problems: dict[str, Problem] = dict(beside.problems) if beside else {}
    folders: dict[str, Path] = dict(beside.folders) if beside else {}
    errors: list[KnowledgeError] = []
    for root in roots:
        if not root.is_dir():
            errors.append(
                KnowledgeError(where=root, detail="there is no such folder", hint="make it, or correct knowledge_paths")
            )
        for folder in entries(root):
            where = f"{root.name}/{folder.relative_to(root)}/problem.yaml"
            try:
                for place in (root, folder.parent, folder, folder / "problem.yaml"):
                    _closed(place, where)
                one = problem((folder / "problem.yaml").read_bytes(), where)
                expected = f"{folder.parent.name}-{folder.name}"
                if one.id != expected:
                    raise KnowledgeError(where=where, detail=f"its id is {one.id}", hint=f"the folder says {expected}")
                if one.id in problems:
                    raise KnowledgeError(where=where, detail=f"the id {one.id} exists twice", hint=f"see {folders[one.id]}")
                problems[one.id], folders[one.id] = one, folder
            except KnowledgeError as error:
                errors.append(error)
            except OSError as error:
                errors.append(
                    KnowledgeError(where=where, detail=f"it cannot be read: {error.strerror}", hint="look at its rights")
                )
    if len(errors) == 1:
        raise errors[0]
    if errors:
        listed = "; ".join(str(error) for error in errors)
        raise KnowledgeError(where=f"{len(errors)} entries are refused", detail=listed, hint="mend each of them")
    library = Library(problems=problems, folders=folders)
    if pinned and library.digest != pinned:
        detail = f"the digest of the entries is {library.digest}, and the setting knowledge_digest pins {pinned}"
        raise KnowledgeError(where="knowledge", detail=detail, hint="review what changed, then pin the new digest")
    return library


def _closed(place: Path, where: str) -> None:
    if exposed := rights.open_to_others(place):
        raise KnowledgeError(where=where, detail=exposed, hint="an entry decides what people are offered to run")
