"""What did a person paste, once everything that Slack, terminals and copying did to it is undone?

The result is plain lines without stamps, quote marks or invisible characters. Nothing in a paste is ever obeyed, and the
time is linear in the text, of which at most 64 KiB and 2,000 lines are read.
"""

from __future__ import annotations

from bot.matching.loglines import records
from bot.matching.unwrap import unwrapped
from bot.model.match import Line, Paste

MAX_BYTES = 64 * 1024
MAX_LINES = 2_000


def clean(text: str) -> Paste:
    """Turn pasted text into cleaned lines; `number` counts the original's lines from 1, and two records can share one."""
    text, cut = _capped(text.replace("\r\n", "\n"))
    raws = unwrapped(text).split("\n")
    if len(raws) > MAX_LINES:
        raws, cut = raws[:MAX_LINES], True
    lines: list[Line] = []
    for number, raw in enumerate(raws, start=1):
        for host, record in records(raw):
            lines.append(Line(number=number, text=record, host=host))
    if len(lines) > MAX_LINES:
        lines, cut = lines[:MAX_LINES], True
    return Paste(lines=tuple(lines), cut=cut)


def _capped(text: str) -> tuple[str, bool]:
    """Keep the first 64 KiB as valid Unicode, and tell whether more was there."""
    head = text[:MAX_BYTES]
    content = head.encode("utf-8", "replace")
    kept = content[:MAX_BYTES].decode("utf-8", "ignore")
    return kept, len(text) > MAX_BYTES or len(content) > MAX_BYTES
