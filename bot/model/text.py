"""In which languages does postmedic speak? A text exists in all of them or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Lang = Literal["en", "zh"]
LANGS: tuple[Lang, ...] = ("en", "zh")


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One text in every language; template texts hold `{{ fact.path }}` places and are rendered in `bot/render` only."""

    en: str
    zh: str

    def __getitem__(self, lang: Lang) -> str:
        return self.zh if lang == "zh" else self.en
