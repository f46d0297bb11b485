"""Which text is a command about? A file, or standard input where `-` or nothing is named. It never interprets what it reads."""

from __future__ import annotations

import sys
from pathlib import Path

from bot.errors import PasteUnreadable


def pasted(named: str | None) -> str:
    """The text of the file, or of standard input. Raises `PasteUnreadable` for a file that cannot be read."""
    if named in (None, "-"):
        return sys.stdin.read()
    try:
        return Path(named).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise PasteUnreadable(where=named, detail=error.strerror) from error
