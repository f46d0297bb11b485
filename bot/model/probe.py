"""What is a read-only measurement, what does one ask for, and what comes back? Never holds anything that changes a host."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum


class Access(StrEnum):
    """The least right with which a probe tells the truth (measured on Debian 12 and 13)."""

    ANYONE = "anyone"
    LOGS = "logs"  # group adm or systemd-journal, or root
    ROOT = "root"


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A named, fixed, read-only POSIX sh text; `$1`, `$2` … are its typed tokens and nothing else in it varies."""

    name: str
    script: str
    parameters: tuple[str, ...] = ()  # names of token types, see bot/facts/tokens.py
    access: Access = Access.ANYONE
    seconds: int = 5
    bytes: int = 65536

    @property
    def digest(self) -> str:
        """The first 12 characters of the SHA-256 of its text: which text it was that a recorded host answered."""
        return hashlib.sha256(self.script.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One probe with its tokens; the tokens have been checked against the probe's parameters."""

    probe: Probe
    tokens: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """How readings are filed: the words as they travel, e.g. `tcp-banner 203.0.113.10 25`."""
        return " ".join((self.probe.name, *self.tokens))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The raw result of one request; `exit` is None when the probe did not end (lost, killed)."""

    key: str
    exit: int | None
    stdout: bytes = b""
    stderr: bytes = b""
    truncated: bool = False
    seconds: float = 0.0

    @property
    def out(self) -> str:
        """Standard output as text; undecodable bytes are replaced, so a hostile host cannot raise here."""
        return self.stdout.decode("utf-8", "replace")

    @property
    def err(self) -> str:
        """Standard error as text, decoded like `out`."""
        return self.stderr.decode("utf-8", "replace")


# Exit codes of the dispatcher itself, beside those of the commands.
NO_PERMISSION = 77  # EX_NOPERM: this account may not read the subject
TIMED_OUT = 124  # coreutils timeout(1)
KILLED = 137  # timeout -s KILL
NOT_INSTALLED = 127
