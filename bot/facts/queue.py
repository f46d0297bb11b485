"""What waits in the mail queue, where to, and why? A bounded sample without local parts; never a message's content.

A full list of 100,000 messages takes a minute, its first 256 kB a fifth of a second: counts are "at least" when it was cut.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from bot.facts.base import fact, refusal, unreadable
from bot.model.fact import Reason, Unknown
from bot.model.probe import Probe, Reading

_BYTES = 262144
QUEUE = Probe(
    name="queue",
    # The local part of every address is dropped on the host; a message's domain is all a diagnosis needs.
    script=rf"""
command -v postqueue >/dev/null || exit 127
date +%s
{{ postqueue -j 2>&1 || echo "exit=$?"; }} | sed -E 's/[^][ "<>(){{}}:;,]+@/@/g' | head -c {_BYTES}
""".strip(),
    seconds=8,
    bytes=_BYTES + 64,
)
_MOST_REASONS = 60  # many servers word the same refusal differently
_MOST_DOMAINS = 12
_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9])?")
_UNANSWERED = re.compile(r"connect to HOST:25: (?:Connection timed out|No route to host)$")
_VOLATILE = ((re.compile(r"[A-Za-z0-9_.-]*\[[0-9A-Fa-f.:]+\]"), "HOST"), (re.compile(r"\b[0-9A-F]{8,16}\b"), "ID"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """One reason for waiting, its volatile parts normalised, how many messages wait for it, and since when (0: not known)."""

    text: str
    count: int
    oldest: int = 0  # arrival of the oldest and of the newest of them, seconds since 1970
    newest: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """The mail that waits: counts of messages (at least, when `truncated`), reasons and domains most frequent first."""

    count: int
    truncated: bool
    active: int
    deferred: int
    hold: int
    incoming: int
    maildrop: int
    oldest: int  # age of the oldest message in seconds
    reasons: tuple[Wait, ...]
    domains: tuple[str, ...]

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return self.count == 0

    @property
    def port25_unanswered(self) -> bool:
        """Whether mail waits because a connection to port 25 was not answered."""
        return any(_UNANSWERED.search(one.text) for one in self.reasons)

    @property
    def relay_login_refused(self) -> bool:
        """Whether mail waits because a server refused our login."""
        return any("SASL authentication failed; server" in one.text for one in self.reasons)

    @property
    def no_mechanism(self) -> bool:
        """Whether mail waits because Postfix and a server have no login mechanism in common."""
        told = ("no mechanism available", "no compatible authentication mechanisms")
        return any(one in waiting.text for waiting in self.reasons for one in told)

    @property
    def main_reason(self) -> str:
        """The most frequent reason, empty when none is known."""
        return self.reasons[0].text if self.reasons else ""


@fact("queue", QUEUE)
def queue(reading: Reading) -> Queue | Unknown:
    """What waits in the queue (Queue: count, truncated, active, deferred, hold, maildrop, oldest, reasons, domains)."""
    return refusal(reading) or _queue(reading.stdout, reading.truncated)


@lru_cache(maxsize=32)
def _queue(stdout: bytes, truncated: bool) -> Queue | Unknown:
    first, _, rest = stdout.decode("utf-8", "replace").partition("\n")
    if not (first.isascii() and first.isdecimal() and len(first) <= 15):
        return unreadable("the queue list does not begin with the host's time")
    cut = truncated or len(stdout) >= _BYTES
    lines = rest.split("\n")
    messages = [one for one in map(_message, lines[:-1]) if one is not None]
    if not messages and "mail system is down" in rest:
        return Unknown(reason=Reason.NOT_APPLICABLE, detail="Postfix is not running, so the queue cannot be listed")
    if not messages and "exit=" in rest:
        return unreadable("the queue could not be listed")
    names: Counter[str] = Counter()
    reasons: dict[str, list[int]] = {}
    domains: Counter[str] = Counter()
    oldest = int(first)
    for message in messages:
        names[str(message.get("queue_name"))] += 1
        oldest = min(oldest, _arrival(message, oldest))
        recipients = _recipients(message)
        domains.update(domain for domain, _ in recipients if domain)
        for reason in {reason for _, reason in recipients if reason}:
            reasons.setdefault(reason, []).append(_arrival(message, 0))
    return Queue(
        count=len(messages), truncated=cut, active=names["active"], deferred=names["deferred"], hold=names["hold"],
        incoming=names["incoming"], maildrop=names["maildrop"], oldest=max(0, int(first) - oldest),
        reasons=tuple(_wait(text, at) for text, at in sorted(reasons.items(), key=lambda one: -len(one[1]))[:_MOST_REASONS]),
        domains=tuple(domain for domain, _ in domains.most_common(_MOST_DOMAINS)),
    )  # fmt: skip


def _wait(text: str, arrivals: list[int]) -> Wait:
    known = [at for at in arrivals if at]
    return Wait(text=text, count=len(arrivals), oldest=min(known, default=0), newest=max(known, default=0))


def _message(line: str) -> dict[str, object] | None:
    # A line of a hostile host may be nested to any depth or hold any number: it is then no message.
    if not line.startswith("{") or line.count("[") > 100_000:
        return None
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _arrival(message: dict[str, object], otherwise: int) -> int:
    at = message.get("arrival_time")
    return at if isinstance(at, int) and not isinstance(at, bool) and 0 < at < 2**40 else otherwise


def _recipients(message: dict[str, object]) -> list[tuple[str, str]]:
    listed = message.get("recipients")
    found = []
    for one in listed if isinstance(listed, list) else []:
        if isinstance(one, dict):
            domain = str(one.get("address", "")).rpartition("@")[2].lower()
            reason = str(one.get("delay_reason", ""))[:400]
            found.append((domain if _DOMAIN.fullmatch(domain) else "", _normal(reason)))
    return found


def _normal(reason: str) -> str:
    for pattern, name in _VOLATILE:
        reason = pattern.sub(name, reason)
    return "".join(char for char in reason if char.isprintable())[:240]
