"""How do deliveries to other servers fail lately? Sorts what the log and the queue tell by kind; never asks a foreign server.

What was bounced left the queue, so only the log tells of it; what waits is counted from the queue, where nothing grows old.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.facts.base import derivation, first_unknown, unreadable
from bot.facts.queue import Queue
from bot.model.fact import Unknown

_SAID = r"(?:said|refused to talk to me): "
_KINDS = {
    "user-unknown": _SAID + r"55.*(?:5\.1\.1\b|5\.1\.10\b|5\.4\.1\b|unknown|no such|not exist|not found|invalid recipient|"
    r"mailbox|unrouteable|disabled|inactive|account)",
    "blocklisted": _SAID + r".*(?:bl[ao]ck|listed|spamhaus|[rd][bn]s?bl\b|reputation|banned)",
    "unauthenticated": _SAID + r".*(?:dmarc|\bspf\b|dkim|unauthenticated|[457]\.7\.(?:26|509|515)\b)",
    "identity": _SAID + r".*(?:\bptr\b|reverse|rdns|hostname|helo|[45]\.7\.25\b)",
    "rate-limited": _SAID + r"4.*(?:rate|too many|too much|temporarily deferred|limit|4\.7\.28\b|4\.7\.650\b)",
    "greylisted": _SAID + r"4.*(?:gr[ea]ylist|try again later|temporarily deferred)",
    "spam": _SAID + r"5.*(?:spam|virus|unsolicited|content|message rejected)",
    "sender": _SAID + r".*(?:sender|fully.qualified|verif)",
    "mailbox-full": _SAID + r".*(?:quota|full|storage|[45]\.2\.2\b|size limit|disk space)",
    "not-permitted": _SAID + r"5.*(?:send as|sendas|sender|from address|mail from|verified|authorization user)",
    "tls-required": _SAID + r".*starttls",
    "lost": r"(?:lost connection with|conversation with .* timed out while) ",
    "lost-greeting": r"(?:lost connection with .*|timed out) while receiving the initial server greeting",
    "lost-message": r"(?:lost connection with .*|timed out) while sending (?:end of data|message body)",
    "refused": r"connect to \S+: (?:Connection refused|No route to host|Host is unreachable|Connection reset by peer)|"
    r"connect to \S+:(?:465|587): Connection timed out",
    "no-ipv6": r"connect to \S+\[[0-9a-f:]*:[0-9a-f:]*\]:[0-9]+: (?:Network is unreachable|Cannot assign|Address family)",
    "no-ipv6-only": r"status=deferred \(connect to \S+\[[0-9a-f:]*:[0-9a-f:]*\]:[0-9]+: (?:Network is unreachable|Cannot)",
    "lookup": r"Name service error for .*(?:try again|[Mm]alformed or unexpected)",
    "no-domain": r"Name service error for .*(?:Host not found$|Host not found\)|no data record of requested type)",
    "null-mx": r"does not accept mail \(nullMX\)",
    "suspended": r"delivery temporarily suspended: ",
    "expired": r"status=(?:force-)?expired, returned to sender",
    "deferred-transport": r"\bdeferred transport\b",
    "no-smtputf8": r"SMTPUTF8 is required, but was not offered",
}
_PATTERNS = {kind: re.compile(pattern, re.IGNORECASE) for kind, pattern in _KINDS.items()}
_MAILER = re.compile(r"postfix[\w/.-]*/(?:smtp|lmtp|error|retry|qmgr|relay)(?:/\w+)*\[")
_SERVER = re.compile(r"(?:host|with|connect to) ([A-Za-z0-9][A-Za-z0-9_.-]{0,120})\[")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """Failed deliveries of one kind: lines of the recent log, recipients that wait, and the server named last (or `-`)."""

    logged: int
    waiting: int
    server: str

    @property
    def seen(self) -> bool:
        """Whether the log or the queue shows any."""
        return self.logged > 0 or self.waiting > 0

    @property
    def waits(self) -> bool:
        """Whether mail still waits for it."""
        return self.waiting > 0


@derivation("failed-deliveries")
def failed_deliveries(kind: object, log: object, queue: object) -> Failures | Unknown:
    """Failed deliveries of a kind in the recent log and in the queue (Failures: seen, logged, waiting, server)."""
    pattern = _PATTERNS.get(kind) if isinstance(kind, str) else None
    if pattern is None:
        return unreadable("there is no such kind of failed delivery")
    if not isinstance(log, tuple) or not isinstance(queue, Queue):
        return first_unknown(log, queue)
    lines = [line for line in log if _MAILER.match(line) and pattern.search(line)]
    servers = [found[1] for line in lines if (found := _SERVER.search(line))]
    waiting = sum(one.count for one in queue.reasons if pattern.search(one.text))
    return Failures(logged=len(lines), waiting=waiting, server=servers[-1] if servers else "-")
