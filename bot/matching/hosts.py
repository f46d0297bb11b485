"""Which hosts does a paste speak of? The names are hints for choosing from the inventory, never targets themselves."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import re2

from bot.matching.types import is_hidden
from bot.model.match import Paste

_NAME = r"([A-Za-z][A-Za-z0-9-]*(?:\.[A-Za-z0-9-]+)*)"
_SAID = re2.compile(
    rf"(?i)\b(?:on|from|of|at|host|server|machine|box|node)[ :=]+(?:host |server |the |our |machine |box |node )*[`\"']?{_NAME}"
    rf"|(?:在|主机|服务器|机器|节点)\s*[:：]?\s*[`\"']?{_NAME}"
    rf"|\b[a-z_][a-z0-9_-]*@{_NAME}:[^\s]*[#$]"
    rf"|{_NAME}\s*(?:上|这台|主机|服务器)"
)
_MAX_NAMES = 16
_MAX_FOUND = 200


def hosts(paste: Paste) -> tuple[str, ...]:
    """Host fields of log records, and names like `on mx12` in a person's words; most frequent first."""
    fields = Counter(line.host for line in paste.lines if line.host)
    names = Counter({host: count for host, count in fields.items() if not is_hidden(host)})
    said = "\n".join(line.text for line in paste.lines if not line.host and "status=" not in line.text)
    for found in islice(_SAID.finditer(said), _MAX_FOUND):
        name = next(group for group in found.groups() if group)
        if any(character.isdigit() or character in ".-" for character in name):
            names[name.rstrip(".-")] += 1
    return tuple(name for name, _ in names.most_common(_MAX_NAMES))
