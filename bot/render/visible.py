"""How is text from outside shown so that it cannot act? Control, bidi and invisible characters become `\\u{…}`.

Used by everything that shows a value: Slack, terminals, logs. It never drops a character silently.
"""

from __future__ import annotations

import unicodedata

# Bidi_Control in full: the first public lists of this attack missed 061C, 200E and 200F.
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_KEPT = frozenset("\n\t")


def visible(text: str) -> str:
    """Replace every control, format, surrogate and private character but newline and tab by its code point."""
    return "".join(_shown(char) for char in text)


def one_line(text: str, most: int = 300) -> str:
    """Like `visible`, on one line, cut with a visible mark after `most` characters."""
    flat = " ".join(visible(text).split())
    return flat if len(flat) <= most else flat[: most - 1] + "…"


def _shown(char: str) -> str:
    if char in _KEPT or (char not in _BIDI and unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}):
        return char
    return f"\\u{{{ord(char):04X}}}"
