"""Which types can a probe's or an operation's parameter have? Each is a check on top of the token charset."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

from bot.errors import Refused
from bot.model.token import token

_PARAMETER = re.compile(r"[a-z][a-z0-9_]{0,63}")
_WORD = re.compile(r"[a-z0-9][a-z0-9_.@-]{0,63}")
_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?")
_RELATIVE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@/-]{0,126}")
_TABLE_TYPES = frozenset({"hash", "btree", "lmdb", "cdb", "dbm"})


def _is_domain(word: str) -> bool:
    return len(word) <= 253 and all(_LABEL.fullmatch(label) for label in word.split("."))


def _is_address(word: str) -> bool:
    try:
        ipaddress.ip_address(word)
    except ValueError:
        return False
    return True


def _is_table(word: str) -> bool:
    kind, colon, path = word.partition(":")
    return bool(colon) and kind in _TABLE_TYPES and path.startswith("/") and _is_path(path[1:])


def _is_path(word: str) -> bool:
    """A path without its leading slash (a token starts with a letter or digit) and without `..`."""
    return bool(_RELATIVE.fullmatch(word)) and ".." not in word.split("/")


TYPES: dict[str, Callable[[str], bool]] = {
    "parameter": lambda word: bool(_PARAMETER.fullmatch(word)),  # a main.cf parameter name
    "service": lambda word: word in {"postfix", "dovecot", "saslauthd", "opendkim"},
    "word": lambda word: bool(_WORD.fullmatch(word)),
    "domain": _is_domain,
    "address": _is_address,
    "host": lambda word: _is_address(word) or _is_domain(word),
    "port": lambda word: word.isdecimal() and 0 < int(word) < 65536 and str(int(word)) == word,
    "mail-port": lambda word: word in {"25", "465", "587", "2525"},
    "table": _is_table,  # hash:/etc/postfix/virtual
    "path": _is_path,  # etc/postfix/virtual, the slash is put back by the probe
    "record": lambda word: word in {"a", "aaaa", "mx", "txt", "ns", "ptr", "tlsa"},
}


def typed(kind: str, value: object) -> str:
    """Give `value` as a token of the type `kind`, or raise `Refused`."""
    word = token(value)
    if not TYPES[kind](word):
        raise Refused(detail=f"{word[:40]!r} is not a {kind}, so it is not sent to a host")
    return word
