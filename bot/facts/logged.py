"""How often does this host's own mail log show one kind of message lately, and from whom?

Reads the same bounded log as the fact `log`: a count is of the last few hundred messages, never of all time.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from bot.facts.base import derivation, fact, first_unknown, unreadable
from bot.facts.log import LOG, log
from bot.facts.tokens import TYPES
from bot.model.fact import Unknown
from bot.model.probe import Reading

# A kind of message by the words only Postfix writes for it; the words stand in the Postfix source.
KINDS = {
    "access-denied": r"rejected: Access denied",
    "aborted": r"(lost connection|timeout) after (?!AUTH)",
    "aborted-data": r"(lost connection|timeout) after (DATA|BDAT|END-OF-MESSAGE)",
    "auth-failed": r": SASL [A-Z0-9-]+ authentication failed|after AUTH from ",
    "bare-newline": r"bare <LF> received",
    "command-died": r"Command died with (status|signal)|Command output: |Command time limit exceeded",
    "dane": r"non DNSSEC destination|TLSA lookup error|DANE TLSA lookup problem|no matching DANE TLSA",
    "greylisted": r"(?i)rejected: Grey-?list|action=greylist|milter-reject: \S+ from \S+: [4. \d]+ (Try again later|Grey)",
    "handshake-in": r"SSL_accept error from",
    "handshake-out": r"SSL_connect error to",
    "helo": r"Helo command rejected: (?!Access denied)",
    "listed": r"smtpd\[\d+\]: .*blocked using ",
    "listed-postscreen": r"postscreen\[\d+\]: .*blocked using |postscreen\[\d+\]: DNSBL rank",
    "list-error": r"blocked using [^;]+; (?=.*(?i:error|open resolver|public resolver|quota|blocked due))",
    "milter-verdict": r"milter-(reject|hold|discard): (?!.*Service unavailable - try again later)",
    "no-name": r"cannot find your (reverse )?hostname",
    "not-logged-in": r"Sender address rejected: not logged in",
    "not-owned": r"Sender address rejected: not owned by",
    "policy": r"problem talking to server ",
    "protocol": r"(?i)improper (use of SMTP )?command pipelining|non-SMTP command from|too many errors after",
    "rate": r"limit exceeded: \d+ from|Error: too (many|much) ",
    "sender-domain": r"Sender address rejected: (Domain not found|Malformed DNS|Domain .* does not accept mail)",
    "unknown-local": r"User unknown in local recipient table|unknown user: \"",
    "unknown-virtual": r"User unknown in (virtual (mailbox|alias)|relay recipient) table|postfix/virtual.*unknown user",
    "unverified-server": r"[Ss]erver certificate not (verified|trusted)",
    "tls-not-offered": r"TLS is required, but was not offered",
}
_KINDS = {kind: re.compile(pattern) for kind, pattern in KINDS.items()}
_PEER = re.compile(r"(?:from |to |: )([A-Za-z0-9_.-]*\[[0-9A-Fa-f.:]{3,45}\])")
_SENDER = re.compile(r" from=<[^<>@ ]*@([A-Za-z0-9._-]{1,253})>")
_FEW = 5  # sources; an own device with an old password is one, a search for passwords soon many


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """One kind of message in the last part of the log."""

    count: int
    clients: int  # different addresses
    peer: str  # the most frequent one, `host[address]`; empty where the messages name none
    domain: str  # of the sender in the latest message that names one, else empty

    @property
    def seen(self) -> bool:
        """Whether the log shows it at all."""
        return self.count > 0

    @property
    def crowd(self) -> bool:
        """Whether it comes often from one address or from many addresses, as a search for passwords does."""
        return self.clients > 1 or self.count >= _FEW


@fact("logged", LOG, parameters=("word",))
def logged(reading: Reading, kind: str) -> Logged | Unknown:
    """How often the last part of the mail log shows a kind of message, and from whom (Logged: seen, count, clients, peer)."""
    return _logged(reading, kind) if kind in _KINDS else unreadable("the catalogue knows no such kind of message")


@lru_cache(maxsize=256)
def _logged(reading: Reading, kind: str) -> Logged | Unknown:
    lines = log(reading)
    if not isinstance(lines, tuple):
        return unreadable("the log has an unexpected form") if not isinstance(lines, Unknown) else lines
    found = [line for line in lines if _KINDS[kind].search(line)]
    peers = Counter(peer[1] for line in found if (peer := _PEER.search(line)))
    domains = [domain[1] for line in found if (domain := _SENDER.search(line)) and TYPES["domain"](domain[1])]
    return Logged(
        count=len(found),
        clients=len(peers),
        peer=peers.most_common(1)[0][0] if peers else "",
        domain=domains[-1].lower() if domains else "",
    )


@derivation("any-of")
def any_of(listed: object) -> bool | Unknown:
    """Whether a measured list, such as a domain's mail hosts, has anything in it (bool)."""
    return bool(listed) if isinstance(listed, tuple) else first_unknown(listed)
