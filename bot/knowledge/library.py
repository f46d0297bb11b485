"""Which problems are known? Loads whole folders of entries; one bad entry refuses them all, with every error named.

A folder that is not there is an error and never an empty one: what it held would be forgotten without a word.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from bot import rights
from bot.errors import KnowledgeError
from bot.knowledge import seal
from bot.knowledge.entry import problem
from bot.model.problem import Problem

BUILT_IN = Path(__file__).resolve().parents[2] / "knowledge"
_AREA = re.compile(r"[\w-]+")  # unlike .git and lost+found, which others may have closed


@dataclass(frozen=True, slots=True, kw_only=True)
class Library(Mapping[str, Problem]):
    """The problems by id, and the folder each came from."""

    problems: Mapping[str, Problem]
    folders: Mapping[str, Path]

    @property
    def digest(self) -> str:
        """What was reviewed is what is loaded: `digest` of every entry.

        Cases are not in it: they are run to find out whether an entry may be used, and change nothing of what it does.
        """
        return digest({name: problem.digest for name, problem in self.problems.items()})

    def __getitem__(self, problem_id: str) -> Problem:
        return self.problems[problem_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self.problems)

    def __len__(self) -> int:
        return len(self.problems)


def entries(root: Path) -> Iterator[Path]:
    """Name the folders below `root` that hold a problem: `<area>/<name>/problem.yaml`.

    Raises `OSError` for a folder that may not be looked into: a pattern would pass over it, and over what it holds.
    """
    for area in _folders(root):
        try:
            folders = _folders(area)
        except OSError:
            if _AREA.fullmatch(area.name):
                raise
            continue
        for folder in folders:
            if "problem.yaml" in os.listdir(folder):
                yield folder


def _folders(place: Path) -> list[Path]:
    return sorted(one for one in place.iterdir() if one.is_dir())


def load(
    roots: Iterable[Path] = (BUILT_IN,), *, beside: Library | None = None, pinned: str = "", signers: Path | None = None
) -> Library:
    """Load every entry below `roots`, each read once, beside those of another library; raises `KnowledgeError` that names
    each bad entry.

    With `signers`, the file of those who may sign entries, each root must be signed (`bot.knowledge.seal`), and what is not
    is never parsed. With `pinned`, the digest of a library that was reviewed, anything else than exactly that library is
    refused.
    """
    problems: dict[str, Problem] = dict(beside.problems) if beside else {}
    folders: dict[str, Path] = dict(beside.folders) if beside else {}
    errors: list[KnowledgeError] = []
    for root in roots:
        raw, unread = _read(root)
        errors += unread
        if signers and not unread:
            try:
                seal.verify(root, digest({_id(folder): sha256(one).hexdigest() for folder, one in raw.items()}), signers)
            except KnowledgeError as error:
                errors.append(error)
        if signers and errors:
            continue
        for folder, one in raw.items():
            try:
                found = _problem(folder, one, _where(root, folder))
                if found.id in problems:
                    raise KnowledgeError(
                        where=_where(root, folder), detail=f"the id {found.id} exists twice", hint=f"see {folders[found.id]}"
                    )
                problems[found.id], folders[found.id] = found, folder
            except KnowledgeError as error:
                errors.append(error)
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


def digest(entries: Mapping[str, str]) -> str:
    """SHA-256 over the ids of entries and the digests of their raw bytes, in the order of their ids."""
    return sha256("".join(f"{name} {one}\n" for name, one in sorted(entries.items())).encode()).hexdigest()


def _read(root: Path) -> tuple[dict[Path, bytes], list[KnowledgeError]]:
    """The raw bytes of each entry by its folder, and why some cannot be read or believed."""
    raw: dict[Path, bytes] = {}
    errors: list[KnowledgeError] = []
    if not root.is_dir():
        errors.append(KnowledgeError(where=root, detail="there is no such folder", hint="make it, or correct knowledge_paths"))
        return raw, errors
    try:
        folders = list(entries(root))
    except OSError as error:
        detail = f"it cannot be looked into: {error.strerror}"
        return raw, [KnowledgeError(where=error.filename, detail=detail, hint="look at its rights")]
    for folder in folders:
        where = _where(root, folder)
        try:
            for place in (root, folder.parent, folder, folder / "problem.yaml"):
                if exposed := rights.open_to_others(place):
                    raise KnowledgeError(where=where, detail=exposed, hint="an entry decides what people are offered to run")
            raw[folder] = (folder / "problem.yaml").read_bytes()
        except KnowledgeError as error:
            errors.append(error)
        except OSError as error:
            detail = f"it cannot be read: {error.strerror}"
            errors.append(KnowledgeError(where=where, detail=detail, hint="look at its rights"))
    return raw, errors


def _problem(folder: Path, raw: bytes, where: str) -> Problem:
    one = problem(raw, where)
    if one.id != _id(folder):
        raise KnowledgeError(where=where, detail=f"its id is {one.id}", hint=f"the folder says {_id(folder)}")
    return one


def _id(folder: Path) -> str:
    return f"{folder.parent.name}-{folder.name}"


def _where(root: Path, folder: Path) -> str:
    return f"{root.absolute().name}/{folder.relative_to(root)}/problem.yaml"
