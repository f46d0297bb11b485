"""How would a log line be written as a signature? Puts typed places where it holds what differs from host to host.

The draft is for an author to narrow down. It always finds the line it was made from, or it is not given at all.
"""

from __future__ import annotations

from collections.abc import Sequence

import re2

from bot.errors import KnowledgeError
from bot.matching.signatures import Signature
from bot.matching.types import TYPES
from bot.model.match import Line

MAX_DRAFT = 400  # characters; a longer line is cut at a blank
# What does not belong to a message: who wrote it, and about which queue file.
_HEAD = re2.compile(
    r"^(?:[A-Za-z][\w./@-]*\[\d+\]: |(?:\S*/)?(?:post[a-z]+|sendmail|newaliases)(?:/[\w/-]+)?: )?"
    r"(?:(?:[0-9A-F]{6,}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,}|NOQUEUE): )?"
)
# A delivery's record holds why it failed in brackets at its end, after the same words in each of them.
_DELIVERY = re2.compile(r"^.*? status=[a-z]+ \((.*)\)$")
_WORST = ("panic: ", "fatal: ", "error: ", "reject: ", "warning: ", "status=")
_TABLES = (
    "hash|btree|lmdb|cdb|dbm|texthash|regexp|pcre|cidr|mysql|pgsql|sqlite|ldap|proxy|socketmap|tcp|unix|memcache|inline|nis"
)
# Type, name of the first such place, and how it looks; the first that fits at a position and is of its type is taken.
_PLACES = tuple(
    (kind, name, re2.compile(pattern))
    for kind, name, pattern in (
        ("word", "_", r"<masked>"),
        ("peer", "peer", r"[A-Za-z0-9_.-]+\[[0-9A-Fa-f.:]+\](?::\d+)?"),
        ("email", "address", r"[^\s<>@,;\"'=]+@[^\s<>@,;\"':]+\w"),
        ("table", "table", rf"(?:{_TABLES}):[^\s;,\"'()]+[^\s;:.,\"'()]"),
        ("path", "file", r"/[A-Za-z0-9_.+@-][^\s:;,()<>\"']*"),
        ("ip", "ip", r"[0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*[0-9A-Fa-f]|\d{1,3}(?:\.\d{1,3}){3}"),
        ("word", "value", r"\d+(?:[./]\d+)+"),
        ("code", "code", r"[245]\d\d(?:[ -][245]\.\d{1,3}\.\d{1,3})|[45]\d\d"),
        ("host", "host", r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.[A-Za-z]{2,}"),
        ("int", "number", r"\d+"),
    )
)
_BOUNDARY = frozenset(" \t<>[](){}\"'`=,;:")
_FIXED = ("main.cf", "master.cf", "dynamicmaps.cf")  # have the form of a host, and are Postfix's own


def telling_line(lines: Sequence[Line]) -> Line | None:
    """The line a signature is best made of: the gravest one, else the first."""
    ranked = [line for mark in _WORST for line in lines if mark in line.text]
    return next(iter((*ranked, *lines)), None)


def drafted(line: str) -> str | None:
    """The line as a signature; None where too little fixed text is left to tell it from others."""
    text = _short(_DELIVERY.sub(r"\1", _HEAD.sub("", line, 1)))
    written, named, at = "", set[str](), 0
    while at < len(text):
        place = _place(text, at) if at == 0 or text[at - 1] in _BOUNDARY else None
        if place is None:
            written += text[at] * 2 if text[at] in "{}" else text[at]
            at += 1
            continue
        kind, name, length = place
        written += f"{{{name if name not in named else '_'}:{kind}}}"
        named.add(name)
        at += length
    return written if _finds(written, line) else None


def _place(text: str, at: int) -> tuple[str, str, int] | None:
    """What varies at this position: its type, name and length."""
    if text.startswith(_FIXED, at):
        return None
    for kind, name, pattern in _PLACES:
        found = pattern.match(text, at)
        if found is None or not TYPES[kind].check(found[0] or ""):
            continue
        if found.end() == len(text) or not (text[found.end()].isalnum() or text[found.end()] == "_"):
            return kind, name, found.end() - at
    return None


def _short(text: str) -> str:
    return text if len(text) <= MAX_DRAFT else text[:MAX_DRAFT].rpartition(" ")[0]


def _finds(written: str, line: str) -> bool:
    try:
        return any(True for _ in Signature(written).find(line))
    except KnowledgeError:
        return False
