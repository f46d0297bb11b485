"""How is text from outside shown so that it cannot act? Control, bidi and invisible characters become `\\u{…}`.

Used by everything that shows a value: Slack, terminals, logs. It never drops a character silently.
"""

from __future__ import annotations

import unicodedata

# Bidi_Control in full: the first public lists of this attack missed 061C, 200E and 200F.
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Letters and marks by their category that are drawn as nothing at all (Default_Ignorable_Code_Point).
_DRAWN_AS_NOTHING = frozenset(
    map(chr, (0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), 0x3164, *range(0xFE00, 0xFE10), 0xFFA0))
) | frozenset(map(chr, range(0xE0100, 0xE01F0)))
_ACTS = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_KEPT = frozenset("\n\t")


def visible(text: str) -> str:
    """Replace every control, format, surrogate, private or invisible character but newline and tab by its code point."""
    return "".join(_shown(char) for char in text)


def one_line(text: str, most: int = 300) -> str:
    """Like `visible`, on one line, cut with a visible mark after `most` characters."""
    flat = " ".join(visible(text).split())
    return flat if len(flat) <= most else flat[: most - 1] + "…"


def _shown(char: str) -> str:
    acts = char in _BIDI or char in _DRAWN_AS_NOTHING or unicodedata.category(char) in _ACTS
    return f"\\u{{{ord(char):04X}}}" if acts and char not in _KEPT else char
