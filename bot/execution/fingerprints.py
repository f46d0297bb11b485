"""Which keys does the inventory trust for a host? A plan is for the host that has the key it was made over."""

from __future__ import annotations

import base64
import hashlib

from bot.model.host import Host


def fingerprints(host: Host) -> frozenset[str]:
    """The SHA256 fingerprints of the keys the inventory trusts for a host, as OpenSSH writes them.

    A host without keys is the machine itself, whose plans carry the empty fingerprint.
    """
    if not host.host_keys:
        return frozenset({""})
    return frozenset(_fingerprint(line) for line in host.host_keys)


def _fingerprint(line: str) -> str:
    words = line.split()
    try:
        blob = base64.b64decode(words[1], validate=True)
    except (IndexError, ValueError):
        return "unreadable"
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
