"""Which addresses does this host have, on interfaces that are up? Postfix skips an interface without the UP flag, whatever
addresses it still shows (util/inet_addr_local.c)."""

from __future__ import annotations

import ipaddress
import json
from dataclasses import dataclass

from bot.facts.base import fact, unreadable
from bot.model.fact import Reason, Unknown
from bot.model.probe import Probe, Reading

INTERFACES = Probe(name="interfaces", script="ip -j addr show", bytes=131072)
IPV6 = Probe(
    name="ipv6",
    script="""
if [ -d /proc/sys/net/ipv6/conf ]; then
    echo kernel
    cat /proc/sys/net/ipv6/conf/all/disable_ipv6 /proc/sys/net/ipv6/conf/lo/disable_ipv6
else
    echo none
fi
""".strip(),
    bytes=1024,
)
_MOST = 4096  # addresses of one host that are looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """One network interface; `addresses` without prefix length, as the host writes them."""

    name: str
    up: bool
    loopback: bool
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interfaces:
    """All interfaces of the host, and what Postfix needs to know of them."""

    all: tuple[Interface, ...]

    @property
    def loopback(self) -> str:
        """The name of the loopback interface."""
        return next((one.name for one in self.all if one.loopback), "lo")

    @property
    def loopback_up(self) -> bool:
        return any(one.up for one in self.all if one.loopback)

    @property
    def loopback_v4(self) -> bool:
        return self.holds("127.0.0.1")

    @property
    def loopback_v6(self) -> bool:
        return self.holds("::1")

    @property
    def addresses(self) -> str:
        """The addresses outside loopback on interfaces that are up, for people."""
        shown = [address for one in self.all if one.up and not one.loopback for address in one.addresses]
        return ", ".join(address for address in shown if not ipaddress.ip_address(address).is_link_local) or "-"

    def holds(self, address: str) -> bool:
        """Whether an interface that is up has the address."""
        return any(same(address, held) for one in self.all if one.up for held in one.addresses)

    def resting(self, address: str) -> str:
        """The interface that has the address but is down, or an empty text."""
        return next((one.name for one in self.all if not one.up and any(same(address, a) for a in one.addresses)), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class IPv6:
    """Whether the kernel has IPv6, and whether it is switched off for all interfaces or for loopback."""

    kernel: bool
    loopback: bool
    others: bool


@fact("interfaces", INTERFACES)
def interfaces(reading: Reading) -> Interfaces | Unknown:
    """The host's interfaces, their addresses, and whether loopback is up and has 127.0.0.1 and ::1 (Interfaces)."""
    if reading.truncated:
        return Unknown(reason=Reason.TRUNCATED, detail="the list of interfaces was cut")
    try:
        listed = json.loads(reading.out)
    except (ValueError, RecursionError):
        return unreadable("the list of interfaces is not JSON; this host's ip command may be too old")
    if not isinstance(listed, list) or not listed:
        return unreadable("the list of interfaces is empty or of another form")
    found = tuple(one for entry in listed[:_MOST] if (one := _interface(entry)) is not None)
    return Interfaces(all=found) if found else unreadable("the list of interfaces is of another form")


def _interface(entry: object) -> Interface | None:
    if not isinstance(entry, dict) or not isinstance(entry.get("ifname"), str) or not isinstance(entry.get("flags"), list):
        return None
    listed = entry.get("addr_info")
    addresses = [one.get("local") for one in (listed if isinstance(listed, list) else [])[:_MOST] if isinstance(one, dict)]
    return Interface(
        name=entry["ifname"][:32],
        up="UP" in entry["flags"],
        loopback="LOOPBACK" in entry["flags"],
        addresses=tuple(one for one in addresses if isinstance(one, str) and parsed(one) is not None),
    )


@fact("ipv6", IPV6)
def ipv6(reading: Reading) -> IPv6 | Unknown:
    """Whether the kernel has IPv6 and whether it is on for loopback and for the other interfaces (IPv6)."""
    lines = [line for line in reading.out.split() if line in ("kernel", "none", "0", "1")]
    if lines[:1] == ["none"]:
        return IPv6(kernel=False, loopback=False, others=False)
    if len(lines) != 3 or lines[0] != "kernel":
        return unreadable("the kernel's IPv6 switches have an unexpected form")
    return IPv6(kernel=True, others=lines[1] == "0", loopback=lines[2] == "0" and lines[1] == "0")


def parsed(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address in a text, brackets and Postfix's `IPv6:` aside, or None."""
    try:
        return ipaddress.ip_address(text.removeprefix("IPv6:").strip("[]"))
    except ValueError:
        return None


def same(one: str, other: str) -> bool:
    """Whether two texts are the same address."""
    address = parsed(one)
    return address is not None and address == parsed(other)
