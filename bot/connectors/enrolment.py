"""What makes a mail host one that postmedic may read and mend? Its files, and the script for root that puts them in place.

Only texts are made here. This file must never contact a host, and nothing of it runs anywhere before a person started it.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.connectors.dispatcher import JOURNAL, fill, render_sudoers
from bot.errors import Refused
from bot.model.enrolment import HOME, PROGRAMS

PROBE_USER, FIX_USER = "postmedic-probe", "postmedic-fix"
TEMPLATES = Path(__file__).resolve().parents[2] / "deploy" / "host"

_KEY = re.compile(r"(ssh-ed25519|ecdsa-sha2-nistp(256|384|521)|ssh-rsa|sk-[a-z0-9@.-]+) [A-Za-z0-9+/]{40,4000}={0,2}")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?")
_END = "END-OF-A-FILE-OF-POSTMEDIC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """One file of an enrolled host; it is root's. `name` is what the kit calls it."""

    name: str
    path: str
    mode: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """What one host is enrolled with; keys are public key lines, `fix_key` is empty where postmedic may only read."""

    host: str
    version: str
    programs: Mapping[str, str]
    probe_key: str
    fix_key: str = ""

    def __post_init__(self) -> None:
        _named_well(self.host)
        for key in (self.probe_key, *([self.fix_key] if self.fix_key else [])):
            if not _KEY.fullmatch(key):
                raise Refused(detail=f"{key[:40]!r} is not a public key")
        if self.probe_key == self.fix_key:
            raise Refused(detail="reading and mending need two keys: who holds the one for reading must not be able to mend")

    @property
    def files(self) -> tuple[Placed, ...]:
        """Every file, in no particular order."""
        found = [Placed(name=name, path=f"{HOME}/{name}", mode=0o755, text=self.programs[name]) for name in PROGRAMS]
        found.append(Placed(name="version", path=f"{HOME}/version", mode=0o644, text=f"{self.version}\n"))
        rules = render_sudoers(probe=PROBE_USER, fix=FIX_USER if self.fix_key else "")
        found.append(Placed(name="sudoers", path="/etc/sudoers.d/postmedic", mode=0o440, text=rules))
        found.append(_authorized(PROBE_USER, "read", self.probe_key))
        if self.fix_key:
            found.append(_authorized(FIX_USER, "fix-entry", self.fix_key))
        return tuple(found)


def script(kit: Kit, *, probe_key: str, fix_key: str = "") -> str:
    """Give the sh text that enrols a host; the two key names are of the private key files, for the lines it prints."""
    texts = {placed.name: placed.text for placed in kit.files}
    texts["inventory"] = listed(kit, probe_key=probe_key, fix_key=fix_key)
    return fill(
        _template("enroll.sh"),
        files="\n".join(_function(name, text) for name, text in texts.items()),
        MENDS="yes" if kit.fix_key else "no",
        **_named(kit.host, kit.version),
    )


def listed(kit: Kit, *, probe_key: str, fix_key: str = "") -> str:
    """Give the lines of the host's table in the inventory that say how it is reached; the keys are private key files."""
    accounts = f"reader = {{ user = {_quoted(PROBE_USER)}, key = {_quoted(probe_key)} }}\n"
    if kit.fix_key:
        accounts += f"writer = {{ user = {_quoted(FIX_USER)}, key = {_quoted(fix_key)} }}\n"
    return f"{accounts}enrolled = true\n"


def removal(host: str, version: str) -> str:
    """Give the sh text that takes everything of postmedic away from a host."""
    _named_well(host)
    return fill(_template("unenroll.sh"), **_named(host, version))


def _named_well(host: str) -> None:
    if not _HOST.fullmatch(host):
        raise Refused(detail=f"{host[:60]!r} is not a lower-case host name")


def _named(host: str, version: str) -> dict[str, str]:
    return {"HOST": host, "VERSION": version, "HOME": shlex.quote(HOME), "JOURNAL": shlex.quote(JOURNAL)}


def _authorized(account: str, program: str, key: str) -> Placed:
    line = f'restrict,command="{HOME}/{program}" {key}\n'
    return Placed(name=account, path=f"/var/lib/{account}/.ssh/authorized_keys", mode=0o644, text=line)


def _function(name: str, text: str) -> str:
    """A function that prints `text`, which stands there as it is, to be read."""
    if _END in text.splitlines() or not text.endswith("\n"):
        raise ValueError(f"{name} cannot stand in a script")
    return f"file_{name.replace('-', '_')}() {{\n  cat <<'{_END}'\n{text}{_END}\n}}\n"


def _quoted(text: str) -> str:
    """A TOML string."""
    return json.dumps(text, ensure_ascii=False)


def _template(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")
