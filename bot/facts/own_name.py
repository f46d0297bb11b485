"""Is the name Postfix gives itself usable, and does each domain belong to one class only? Pure comparisons of settings."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.facts.base import derivation, fact, first_unknown, refusal, unreadable
from bot.facts.masters import ServiceHosts
from bot.facts.network import Interfaces, parsed
from bot.facts.settings import words
from bot.model.fact import Unknown
from bot.model.probe import Probe, Reading

HOSTNAME = Probe(name="hostname", script="uname -n; postconf -o mynetworks= -xh myhostname 2>/dev/null || echo '?'", bytes=1024)
_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnName:
    """The system's name and Postfix's: `state` is good, short (no dot), numeric, malformed or unusable (Postfix could not
    even compute it); `name` is what Postfix uses, `system` what the kernel says."""

    state: str
    name: str
    system: str
    system_sound: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Twice:
    """A domain that stands in two lists which exclude each other, with the lists; `-` where none does."""

    domain: str
    first: str
    second: str

    @property
    def found(self) -> bool:
        return self.domain != "-"


@fact("own-name", HOSTNAME)
def own_name(reading: Reading) -> OwnName | Unknown:
    """Whether myhostname and the system's own name are of a form that Postfix accepts (OwnName)."""
    if refused := refusal(reading):
        return refused
    lines = reading.out.splitlines()
    if reading.exit != 0 or len(lines) != 2:
        return unreadable("the host's name has an unexpected form")
    system, name = (line.strip()[:255] for line in lines)
    return OwnName(state="unusable" if name == "?" else _form(name), name=name, system=system, system_sound=_sound(system))


@derivation("listed-twice")
def listed_twice(destination: object, aliases: object, mailboxes: object, relays: object) -> Twice | Unknown:
    """The first domain that stands in two of mydestination, virtual_alias_domains, virtual_mailbox_domains, relay_domains
    (all expanded; a table in a list is passed over)."""
    named = {
        "mydestination": destination,
        "virtual_alias_domains": aliases,
        "virtual_mailbox_domains": mailboxes,
        "relay_domains": relays,
    }
    lists = {name: value for name, value in named.items() if isinstance(value, str)}
    if len(lists) < len(named):
        return first_unknown(*named.values())
    seen: dict[str, str] = {}
    for name, value in lists.items():
        for word in words(value):
            domain = word.lower()
            if not all(_LABEL.fullmatch(label) for label in domain.split(".")):
                continue
            if seen.setdefault(domain, name) != name and {seen[domain], name} != {"virtual_alias_domains", "relay_domains"}:
                return Twice(domain=domain[:253], first=seen[domain], second=name)
    return Twice(domain="-", first="-", second="-")


@derivation("address-held")
def address_held(address: object, interfaces: object) -> str | Unknown:
    """Whether this host has the address a setting names: held, absent, or none where it names none (str)."""
    if not isinstance(address, str) or not isinstance(interfaces, Interfaces):
        return first_unknown(address, interfaces)
    found = parsed(address)
    return "none" if found is None else "held" if interfaces.holds(address) else "absent"


@derivation("service-elsewhere")
def service_elsewhere(services: object, interfaces: object) -> str | Unknown:
    """The first service of master.cf that is bound to an address this host does not have, `-` without one (str)."""
    if not isinstance(services, ServiceHosts) or not isinstance(interfaces, Interfaces):
        return first_unknown(services, interfaces)
    bound = ((name, name.rpartition(":")[0]) for name in services.services)
    return next((name for name, host in bound if parsed(host) is not None and not interfaces.holds(host)), "-")


def _sound(name: str) -> bool:
    return 0 < len(name) <= 255 and all(_LABEL.fullmatch(label) for label in name.split("."))


def _form(name: str) -> str:
    if not _sound(name):
        return "malformed"
    if name.replace(".", "").isdecimal():
        return "numeric"
    return "good" if "." in name else "short"
