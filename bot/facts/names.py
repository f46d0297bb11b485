"""Do the names Postfix listens on resolve, and to addresses this host has? Also: is `localhost` what it must be?

The same question as Postfix asks (all families, without the filter that hides IPv6 on hosts without IPv6), so that an answer
here is the answer there.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.facts.base import derivation, fact, first_unknown, unreadable
from bot.facts.network import Interfaces, parsed
from bot.facts.settings import words
from bot.model.fact import Unknown
from bot.model.probe import Probe, Reading

LISTEN_NAMES = Probe(
    name="listen-names",
    script="""
wanted=$(postconf -o mynetworks= -hx inet_interfaces 2>/dev/null) || exit 1
set -f
for word in $(printf '%s' "$wanted" | tr ',' ' '); do
    case $word in
        all | loopback-only) ;;
        *[!][A-Za-z0-9.:_-]* | -*) echo 'name ?' ;;
        \\[*\\] | *:*) echo "name $word $(printf '%s' "$word" | tr -d '[]')" ;;
        *) echo "name $word $(getent --no-addrconfig ahosts "$word" | cut -d' ' -f1 | sort -u | tr '\\n' ' ')" ;;
    esac
done
echo end
""".strip(),
    seconds=10,
    bytes=16384,
)
LOCALHOST = Probe(
    name="localhost",
    script="""
for address in $(getent --no-addrconfig ahosts localhost | cut -d' ' -f1 | sort -u); do echo "resolves $address"; done
if [ -r /etc/hosts ]; then
    sed -E 's/#.*//' /etc/hosts |
        sed -nE 's/^[[:blank:]]*([0-9a-fA-F:.]+)[[:blank:]](.*[[:blank:]])?localhost([[:blank:]].*)?$/line \\1/p'
else
    echo no-hosts-file
fi
if [ -r /etc/nsswitch.conf ]; then sed -nE 's/#.*//; s/^[[:space:]]*hosts:[[:space:]]*/order /p' /etc/nsswitch.conf; fi
echo end
""".strip(),
    seconds=10,
    bytes=8192,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenName:
    """One word of inet_interfaces that is a name or an address, and what it resolves to on the host."""

    name: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Localhost:
    """What `localhost` is on this host: `missing`, `elsewhere` (an address outside loopback) or `loopback`."""

    state: str
    elsewhere: str  # the address outside loopback, else empty
    in_hosts_file: bool
    files_used: bool  # whether names are looked up in /etc/hosts at all (nsswitch.conf)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """The first reason why Postfix cannot listen as inet_interfaces says; `state` is ok, unresolved, absent or down."""

    state: str
    name: str = ""
    address: str = ""
    interface: str = ""
    kind: str = "none"  # of the address: loopback, other, none
    named: str = "none"  # how it is written: localhost, name, address, none


@fact("listen-names", LISTEN_NAMES)
def listen_names(reading: Reading) -> tuple[ListenName, ...] | Unknown:
    """Each name or address in inet_interfaces with what it resolves to; empty for `all` and `loopback-only` (tuple)."""
    if reading.exit != 0 or reading.out.split()[-1:] != ["end"]:
        return unreadable("postconf cannot read main.cf, or the list was cut")
    found = []
    for line in reading.out.splitlines():
        kind, *rest = line.split() or [""]
        if kind == "name" and rest:
            if rest[0] == "?":
                return unreadable("inet_interfaces holds something that is neither a name nor an address")
            found.append(ListenName(name=rest[0][:253], addresses=tuple(one for one in rest[1:65] if parsed(one))))
    return tuple(found)


@fact("localhost", LOCALHOST)
def localhost(reading: Reading) -> Localhost | Unknown:
    """What the name localhost resolves to, whether /etc/hosts has it, and whether that file is used (Localhost)."""
    lines = [line.split() for line in reading.out.splitlines() if line.strip()]
    if not lines or lines[-1] != ["end"]:
        return unreadable("the answer about localhost has an unexpected form")
    given = {kind: [line[1] for line in lines if line[0] == kind and len(line) > 1] for kind in ("resolves", "line")}
    addresses = [one for one in map(parsed, given["resolves"]) if one is not None]
    elsewhere = next((str(one) for one in addresses if not one.is_loopback), "")
    order = next((line[1:] for line in lines if line[0] == "order"), ["files"])
    return Localhost(
        state="elsewhere" if elsewhere else "loopback" if addresses else "missing",
        elsewhere=elsewhere,
        in_hosts_file=bool(given["line"]),
        files_used="files" in order,
    )


@derivation("listening")
def listening(names: object, protocols: object, interfaces: object) -> Listening | Unknown:
    """Whether every address Postfix must listen on is held by an interface that is up (Listening); needs `listen-names`,
    `expanded(inet_protocols)` and `interfaces`."""
    if not isinstance(names, tuple) or not isinstance(protocols, str) or not isinstance(interfaces, Interfaces):
        return first_unknown(names, protocols, interfaces)
    used = words(protocols)
    families = {version for version, word in ((4, "ipv4"), (6, "ipv6")) if word in used or "all" in used}
    for one in names:
        literal = parsed(one.name) is not None
        named = "address" if literal else "localhost" if one.name.lower() == "localhost" else "name"
        usable = [text for text in one.addresses if (address := parsed(text)) is not None and address.version in families]
        if not usable:
            return Listening(state="unresolved", name=one.name, named=named)
        for text in usable:
            if not interfaces.holds(text):
                return _missing(one.name, named, text, interfaces)
    return Listening(state="ok")


def _missing(name: str, named: str, text: str, interfaces: Interfaces) -> Listening:
    address = parsed(text)
    loopback = address is not None and address.is_loopback
    resting = interfaces.resting(text)
    return Listening(
        state="down" if resting else "absent",
        name=name,
        named=named,
        address=text.strip("[]"),
        interface=resting or (interfaces.loopback if loopback else "-"),
        kind="loopback" if loopback else "other",
    )
