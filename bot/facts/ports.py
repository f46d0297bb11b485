"""Which program holds the mail ports? Only root sees the owner of a socket; only program names leave the host."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.facts.base import fact
from bot.facts.pairs import SHELL, number, pairs
from bot.model.fact import Unknown
from bot.model.probe import Access, Probe, Reading

PORT_HOLDERS = Probe(
    name="port-holders",
    script=SHELL
    + """
need ss
ss -H -ltnp '( sport = :25 or sport = :465 or sport = :587 )' | awk '{
    port = $4; sub(/.*:/, "", port)
    name = "?"
    # A child shares the socket of its master, so the first process that is named may be smtpd.
    if ($0 ~ /[(]"master",/) name = "master"
    else if (match($0, /users:[(][(]"[^"]*"/)) name = substr($0, RSTART + 9, RLENGTH - 10)
    print "port" port "=" name
}' | sort -u
echo "masters=$(pgrep -cx master)"
echo end=ok
""",
    access=Access.ROOT,
    bytes=8192,
)
_PROGRAM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@+-]{0,31}")
_PORTS = ("25", "465", "587")


@dataclass(frozen=True, slots=True, kw_only=True)
class PortHolders:
    """Who listens on 25, 465 and 587: whether a program other than Postfix does, the first such port and its program."""

    foreign: bool
    port: int  # 0 without a foreign program
    program: str  # `-` without one, or where its name is of no usual form
    masters: int  # Postfix masters (or programs of that name) that run


@fact("port-holders", PORT_HOLDERS)
def port_holders(reading: Reading) -> PortHolders | Unknown:
    """Whether a program other than Postfix holds the ports 25, 465 or 587, and which (PortHolders)."""
    values = pairs(reading)
    if isinstance(values, Unknown):
        return values
    foreign = [(port, name) for port in _PORTS for name in values.get(f"port{port}", ()) if name != "master"]
    port, program = foreign[0] if foreign else ("0", "-")
    return PortHolders(
        foreign=bool(foreign),
        port=int(port),
        program=program if _PROGRAM.fullmatch(program) else "-",
        masters=number(values, "masters") or 0,
    )
