"""What is wrong with an entry, where, and what helps? The one shape in which authors are told."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing an author must mend (`error`) or mean (a note, e.g. causes that overlap)."""

    where: str
    detail: str
    hint: str
    error: bool = True

    def __str__(self) -> str:
        return f"{self.where}: {self.detail}. Hint: {self.hint}."
