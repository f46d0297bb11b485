"""What of a text from outside may be kept and shown? Never a secret; mail addresses as the settings say.

With a key, the part of an address before the @ becomes a pseudonym such as `~3f9a0c41d2@example.com`: the same for the same
address, and not to be guessed without the key, which never leaves the database. Domains stay, because most problems are
about them; so do names of roles such as postmaster. A pseudonym is no token, so nothing can ever ask a host about one.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum
from typing import Any

import re2

from bot.model.probe import Reading
from bot.render.redact import redact

# Chinese is written without blanks, so a word before an address is no part of it.
_LOCAL = r"(?:[A-Za-z0-9\x{c0}-\x{1fff}_.+%&!#*=~^'-]+|[\x{3040}-\x{9fff}\x{ac00}-\x{d7a3}]+)"
_ADDRESS = re2.compile(rf"({_LOCAL}|\"[^\"\n@]{{1,64}}\")@([A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\]|xn--[a-z0-9.-]+)")
# Where Postfix and Dovecot name a person without a domain.
_NAMED = re2.compile(
    rf"(\b(?:to|from|orig_to|user|sender|recipient)=<|\bsasl_(?:username|sender)=|\bunknown user: \")({_LOCAL})([>\",; \n]|\z)"
)
_KEYS = re2.compile(r"^(?:to|from|orig_to|sasl_username|sasl_sender|user|username|login|sender|recipient|rcpt|mail|email|uid)=")
_PSEUDONYM = re2.compile(r"^~[0-9a-f]{10}$")
_UNITS = (".service", ".socket", ".timer", ".target", ".slice", ".mount", ".scope")
_NOBODY = """
postmaster mailer-daemon double-bounce root abuse hostmaster webmaster nobody noreply no-reply postfix mail daemon dovecot vmail
www-data security info support git
"""
_ROLES = frozenset(_NOBODY.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Discretion:
    """What is done to every text from outside; an empty key shows addresses as they are."""

    key: bytes = b""

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        return self.counted(text)[0]

    def counted(self, text: str) -> tuple[str, int]:
        """The text without secrets, and how many there were."""
        text, masked = redact(text)
        return (self._pseudonyms(text) if self.key else text), masked

    def value(self, fact: object) -> object:
        """A fact with the same done to every text in it."""
        match fact:
            case Enum():
                return fact
            case str():
                return self(fact)
            case tuple():
                if all(isinstance(one, str) for one in fact):
                    whole = "\n".join(fact)
                    if self(whole) == whole:  # one pass over hundreds of log lines, of which nearly none has a secret
                        return fact
                return tuple(self.value(one) for one in fact)
            case _ if is_dataclass(fact) and not isinstance(fact, type):
                old: dict[str, Any] = {one.name: getattr(fact, one.name) for one in fields(fact) if one.init}
                new = {name: self.value(one) for name, one in old.items()}
                return fact if new == old else replace(fact, **new)
            case _:
                return fact

    def reading(self, reading: Reading) -> Reading:
        """A host's answer with the same done to it; bytes that are no text stay as they are where nothing is hidden."""
        out, err = self(reading.out), self(reading.err)
        stdout = reading.stdout if out == reading.out else out.encode()
        stderr = reading.stderr if err == reading.err else err.encode()
        return replace(reading, stdout=stdout, stderr=stderr)

    def _pseudonyms(self, text: str) -> str:
        if "@" in text:
            text = _ADDRESS.sub(self._address, text)
        if "=" in text or "unknown user" in text:
            text = _NAMED.sub(lambda found: f"{found.group(1)}{self._local(found.group(2), '')}{found.group(3)}", text)
        return text

    def _address(self, found: re2._Match[str]) -> str:
        local, domain = str(found.group(1)), str(found.group(2))
        if domain.endswith(_UNITS):
            return str(found.group(0))
        key = _KEYS.search(local)
        before = key.group(0) if key else local[: len(local) - len(local.lstrip("'*="))]
        return f"{before}{self._local(local[len(before) :], domain)}@{domain}"

    def _local(self, local: str, domain: str) -> str:
        name = local.lower()
        if not local or name in _ROLES or _PSEUDONYM.search(local):
            return local
        address = f"{name}@{domain.lower().rstrip('.')}"
        return "~" + hmac.new(self.key, address.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:10]
