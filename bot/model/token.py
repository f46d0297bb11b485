"""Which words may travel to a host? Everything variable in a command is a token of this charset, or it does not go."""

from __future__ import annotations

import re

from bot.errors import Refused

# The charset of one token: no space, quote, dollar, slash or dash at the start, nothing a shell or an option parser reads
# as more than a word. A plain character class with a bound: it cannot backtrack.
TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@/+=,-]{0,127}")


def token(value: object) -> str:
    """Give `value` as a token, or raise `Refused` when it holds anything else than the charset allows."""
    word = str(value)
    if not TOKEN.fullmatch(word):
        raise Refused(detail=f"{word[:40]!r} is not a plain word, so it is not sent to a host")
    return word
