"""Which programs of postmedic does a host have, and are they those that this postmedic would install? Pure.

A host says what it has by hashing the files it would run, so that one changed, missing or older file is another digest.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

HOME = "/usr/local/lib/postmedic"
PROGRAMS = ("read", "root-read", "fix-entry", "fix")
# What the host runs in the folder of its programs; `version` is for people, the digest decides.
TELLING = f"head -c 64 version && sha256sum {' '.join(PROGRAMS)}"

_VERSION = re.compile(r"[0-9A-Za-z.+-]{1,40}")
_SUM = re.compile(r"([0-9a-f]{64})  (\S+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """The version a host was enrolled with, and one digest over its programs as they are there now."""

    version: str
    digest: str

    @property
    def shown(self) -> str:
        """As people compare it: `0.1.0 (1f2e3d4c5b6a)`."""
        return f"{self.version} ({self.digest[:12]})"


def made_of(version: str, programs: Mapping[str, str]) -> Enrolment:
    """What a host with these programs says; `programs` maps each of `PROGRAMS` to its text."""
    found = told(telling(version, programs))
    if found is None:
        raise ValueError(f"{version!r} is no version")
    return found


def telling(version: str, programs: Mapping[str, str]) -> str:
    """What `TELLING` prints on a host with these programs."""
    sums = {name: hashlib.sha256(programs[name].encode()).hexdigest() for name in PROGRAMS}
    return f"{version}\n" + "".join(f"{sums[name]}  {name}\n" for name in PROGRAMS)


def told(text: str) -> Enrolment | None:
    """Read what `TELLING` printed; None when it is of another form."""
    version, *rest = text.splitlines() or [""]
    found = [_SUM.fullmatch(line) for line in rest]
    sums = {one[2]: one[1] for one in found if one}
    if not _VERSION.fullmatch(version) or None in found or tuple(sums) != PROGRAMS or len(rest) != len(PROGRAMS):
        return None
    return Enrolment(version=version, digest=_digest(sums))


def _digest(sums: Mapping[str, str]) -> str:
    """As an administrator computes it: sha256sum read root-read fix-entry fix | sha256sum."""
    return hashlib.sha256("".join(f"{sums[name]}  {name}\n" for name in PROGRAMS).encode()).hexdigest()
