"""Which text is a command about? A file, or standard input where `-` or nothing is named. It never interprets what it reads."""

from __future__ import annotations

import sys
from pathlib import Path

from bot.errors import PasteUnreadable
from bot.model.match import Recognition
from bot.model.text import Lang
from bot.render.templates import say

LONGEST = 1024 * 1024  # characters that are kept of a whole log; of these, the recogniser reads the first 64 KiB


def pasted(named: str | None) -> str:
    """The beginning of the file, or of standard input. Raises `PasteUnreadable` for a file that cannot be read."""
    if named in (None, "-"):
        text = sys.stdin.read(LONGEST)
        while sys.stdin.read(LONGEST):  # whoever writes is not to end with a broken pipe
            pass
        return text
    try:
        with Path(named).open(encoding="utf-8", errors="replace") as file:
            return file.read(LONGEST)
    except OSError as error:
        raise PasteUnreadable(where=named, detail=error.strerror) from error


def tell_cut(found: Recognition, lang: Lang) -> None:
    """Say when not everything was read: the newest lines of a log, which matter most, are its last."""
    if found.paste.cut:
        print(say("cli-cut", lang), file=sys.stderr)
