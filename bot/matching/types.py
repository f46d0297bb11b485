"""Which typed places can a signature have, and is a captured text really of its type?

A place is written `{name:type}`; `{_:type}` is checked but not kept. A capture that is not of its type is no match.

| type    | holds                                                        | example                         |
|---------|--------------------------------------------------------------|---------------------------------|
| ip      | an IPv4 or IPv6 address                                      | 203.0.113.5, 2001:db8::1        |
| host    | a host or domain name                                        | mx1.example.com, unknown        |
| port    | a port number or service name                                | 25, smtp, submission            |
| peer    | `host[address]` or `host[address]:port`, as Postfix logs it  | mx.example.com[192.0.2.1]:25    |
| email   | a mail address, also without a domain                        | a@example.com, root             |
| path    | a file path, absolute or below the queue directory           | /etc/aliases.db, private/auth   |
| table   | a lookup table, `type:name`                                  | hash:/etc/postfix/virtual       |
| param   | a parameter name                                             | inet_interfaces                 |
| int     | a number                                                     | 10240000                        |
| code    | an SMTP reply code, with or without an enhanced code         | 550, 550-5.1.1, 554 5.7.1       |
| qid     | a queue id                                                   | 4B9C21A0F, NOQUEUE              |
| word    | anything without a blank                                     | smtpd_foo=yes                   |
| text    | anything on the line, as little as possible, up to 240 characters | Connection refused         |

People hide addresses before they paste. Where an ip, host, peer, email, path, table, qid or word is expected, a text that is
clearly blacked out (`xxx.xxx.xxx.xxx`, `**.**`, `<MY IP>`, `redacted`) or made up (`123.456.789.123`) matches too, but is never
captured.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass

import re2

MAX_TEXT = 240
_MAX_WORD = 255

_HIDDEN = re2.compile(
    r"(?i)^[\[<({]*(?:"
    r"[x*#.?_:@\[\]\d-]*(?:xx|[*#?]{2}|x\.x|\.x|…)[x*#.?_:@\[\]\w-]*"
    r"|[\w.@-]*[*#]{2,}[\w.@*#-]*"
    r"|(?:[a-z0-9]+[ _.-]?)*(?:redacted|removed|hidden|masked|censored|anonymi[sz]ed|protected)(?:[ _.-]?[a-z0-9]+)*"
    r"|(?:my|our|your|the|an?|some|server|client|public|remote|internet|real|not|host)?[ _.-]?(?:my|our|your|real)?[ _.-]?"
    r"(?:ip|ipv4|ipv6|address|addr|host|hostname|domain|email|user)(?:[ _.-]?(?:address|addr|name|here|of\w*|v[46]))?"
    r")[\])>}]*$"
)
_QUAD = re2.compile(r"^[0-9]{1,3}(?:\.[0-9]{1,3}){3}$")


def is_hidden(text: str) -> bool:
    """Say whether a text was blacked out by the person who pasted it."""
    return len(text) <= _MAX_WORD and (_HIDDEN.search(text) is not None or _is_made_up(text))


def _is_made_up(text: str) -> bool:
    """Say whether it is an address that cannot be, and no slip either: 123.456.789.123."""
    return _QUAD.search(text) is not None and sum(int(part) > 255 for part in text.split(".")) > 1


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text.removeprefix("IPv6:").strip("[]"))
    except ValueError:
        return False
    return True


_HOST = re2.compile(r"^(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?$")
_PEER = re2.compile(r"^([^\[\]]*)\[([^\[\]]+)\](?::(\d+))?$")
_EMAIL = re2.compile(r"^[^\s@<>]*(?:@[^\s@<>]*)?$")
_PATH = re2.compile(r"^/?[^\s:;,()<>\"']+$")
_TABLE = re2.compile(r"^[a-z0-9_-]+:[^\s]+$")


def _is_host(text: str) -> bool:
    return len(text) <= 254 and (_HOST.search(text) is not None or _is_ip(text))


def _is_port(text: str) -> bool:
    if text[:1].isdigit():
        return text.isdigit() and len(text) <= 5 and int(text) <= 65_535
    return text[:1].isalpha()


def _is_peer(text: str) -> bool:
    parts = _PEER.search(text)
    if parts is None:
        return False
    name, address = parts[1] or "", parts[2] or ""
    known = _is_ip(address) or "/" in address
    return (known or is_hidden(address)) and (not name or _is_host(name) or is_hidden(name))


def _anything(text: str) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceType:
    """A type of place: the RE2 pattern that finds it, and the check that decides.

    `hideable` says whether a blacked-out text may stand there.
    """

    pattern: str
    check: Callable[[str], bool]
    hideable: bool = True
    longest: int = _MAX_WORD


TYPES = {
    "ip": PlaceType(pattern=r"[^\s\[\]()<>,;]+|<[^<>\n]+>|\[[^\[\]\n]+\]", check=_is_ip),
    "host": PlaceType(pattern=r"[^\s\[\]()<>,;:\"'=]+|<[^<>\n]+>", check=_is_host),
    "port": PlaceType(pattern=r"[0-9A-Za-z-]+", check=_is_port, hideable=False),
    "peer": PlaceType(pattern=r"[^\s\[\]()<>,;\"]*\[[^\[\]\n]+\](?::\d+)?|[^\s()<>,;\"]+", check=_is_peer),
    "email": PlaceType(pattern=r"[^\s<>,;\"]*|\[email protected\]", check=lambda text: _EMAIL.search(text) is not None),
    "path": PlaceType(pattern=r"[^\s:;,()<>\"']+", check=lambda text: _PATH.search(text) is not None),
    "table": PlaceType(pattern=r"[a-z0-9_-]+:[^\s;,\"'()]+[^\s;:.,\"'()]", check=lambda text: _TABLE.search(text) is not None),
    "param": PlaceType(pattern=r"[a-z][a-z0-9_]+", check=_anything, hideable=False),
    "int": PlaceType(pattern=r"[0-9]+", check=lambda text: len(text) <= 20, hideable=False),
    "code": PlaceType(pattern=r"[245][0-9][0-9](?:[ -][245]\.[0-9]{1,3}\.[0-9]{1,3})?", check=_anything, hideable=False),
    "qid": PlaceType(pattern=r"[0-9A-Za-z*]+", check=lambda text: text == "NOQUEUE" or len(text) >= 5),
    "word": PlaceType(pattern=r"[^\s]+", check=_anything),
    "text": PlaceType(pattern=r"[^\n]*?", check=_anything, hideable=False, longest=MAX_TEXT),
}


def captured(kind: str, text: str) -> str | None:
    """The text if it is of this type, the empty string if it is blacked out, None if it is neither."""
    place = TYPES[kind]
    if len(text) > place.longest:
        return None
    if place.check(text):
        return "" if place.hideable and kind in {"host", "word", "qid", "email", "path"} and is_hidden(text) else text
    return "" if place.hideable and is_hidden(text) else None
