"""Is there a way out of this host, over IPv4 and over IPv6? Looks at the routes; sends nothing."""

from __future__ import annotations

from dataclasses import dataclass

from bot.facts.base import fact
from bot.facts.pairs import SHELL, flag, pairs
from bot.model.fact import Unknown
from bot.model.probe import Probe, Reading

# Addresses that only a route to the Internet reaches; an unreachable or prohibited route makes `ip` fail.
ROUTES = Probe(
    name="routes",
    script=f"""
{SHELL}
need ip
echo "ipv4=$(yes ip -4 route get 192.0.2.1)"
echo "ipv6=$(yes ip -6 route get 2001:4860::1)"
echo end=ok
""".strip(),
    bytes=1024,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """Whether packets for the Internet have a route, for each family."""

    ipv4: bool | Unknown
    ipv6: bool | Unknown


@fact("routes", ROUTES)
def routes(reading: Reading) -> Routes | Unknown:
    """Whether this host has a route to the Internet (Routes: ipv4, ipv6)."""
    values = pairs(reading)
    return values if isinstance(values, Unknown) else Routes(ipv4=flag(values, "ipv4"), ipv6=flag(values, "ipv6"))
