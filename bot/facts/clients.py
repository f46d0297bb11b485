"""May a client relay through this Postfix without logging in? Judged from mynetworks and the address a log line names."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from bot.facts.base import derivation, first_unknown
from bot.facts.network import Interfaces, parsed
from bot.facts.settings import MASKED, words
from bot.model.fact import Reason, Unknown

# Not `is_private`, which also holds for the networks of documentation: those stand for public ones.
_PRIVATE = tuple(
    ipaddress.ip_network(network)
    for network in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "fc00::/7", "fe80::/10")
)
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What mynetworks says: whether it holds this host's loopback addresses that are in use."""

    loopback: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """The client a text names; `kind` is none (no address in the text), loopback, own (an address of this host), private or
    public; `trusted`: mynetworks holds it."""

    kind: str
    address: str
    trusted: bool


@derivation("trust")
def trust(mynetworks: object) -> Trust | Unknown:
    """Whether mynetworks (expanded) holds 127.0.0.1, so that programs here may send through SMTP (Trust)."""
    if not isinstance(mynetworks, str):
        return first_unknown(mynetworks)
    held = _holds(mynetworks, "127.0.0.1")
    return held if isinstance(held, Unknown) else Trust(loopback=held)


@derivation("client")
def client(peer: object, mynetworks: object, interfaces: object) -> Client | Unknown:
    """Who the client in `host[address]` is to this host (Client); kind `none` where no text names one."""
    if not isinstance(peer, str):
        return Client(kind="none", address="-", trusted=False)
    if not isinstance(mynetworks, str) or not isinstance(interfaces, Interfaces):
        return first_unknown(mynetworks, interfaces)
    text = peer.rpartition("[")[2].partition("]")[0]
    address = parsed(text)
    if address is None:
        return Client(kind="none", address="-", trusted=False)
    trusted = _holds(mynetworks, str(address))
    if isinstance(trusted, Unknown):
        return trusted
    if address.is_loopback:
        kind = "loopback"
    elif interfaces.holds(str(address)):
        kind = "own"
    else:
        kind = "private" if any(address in network for network in _PRIVATE) else "public"
    return Client(kind=kind, address=str(address), trusted=trusted)


@derivation("networks-permitted")
def networks_permitted(relay: object, recipient: object) -> bool | Unknown:
    """Whether mynetworks counts for relaying: permit_mynetworks stands in smtpd_relay_restrictions, or, where that is
    empty, in smtpd_recipient_restrictions (bool)."""
    if not isinstance(relay, str) or not isinstance(recipient, str):
        return first_unknown(relay, recipient)
    deciding = relay or recipient
    if "permit_mynetworks" in words(deciding):
        return True
    return Unknown(reason=Reason.NOT_APPLICABLE, detail="a part of the setting is masked") if MASKED in deciding else False


@derivation("given")
def given(capture: object) -> bool:
    """Whether the pasted text names this at all (bool)."""
    return isinstance(capture, str)


def _holds(mynetworks: str, text: str) -> bool | Unknown:
    """Whether the list holds the address: first match counts, `!` excludes; a table or file in it is not decided here."""
    address = ipaddress.ip_address(text)
    for word in words(mynetworks):
        network = _network(word.removeprefix("!"))
        if network is None:
            return Unknown(reason=Reason.NOT_APPLICABLE, detail="mynetworks names a table or a file that was not asked")
        if address.version == network.version and address in network:
            return not word.startswith("!")
    return False


def _network(word: str) -> _Network | None:
    """The network of one word as Postfix writes it: 127.0.0.0/8, [::1]/128, 192.0.2.1."""
    try:
        return ipaddress.ip_network(word.replace("[", "").replace("]", ""), strict=False)
    except ValueError:
        return None
