"""Do the host's name servers answer, and does Postfix's chroot ask the same ones? Asks each for the root zone, nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from bot.facts.base import fact, unreadable
from bot.facts.network import parsed
from bot.facts.pairs import SHELL, flag, pairs, text
from bot.model.fact import Unknown
from bot.model.probe import Probe, Reading

RESOLVER = Probe(
    name="resolver",
    script=rf"""
{SHELL}
need dig postconf awk cmp
listed() {{ awk '$1 == "nameserver" && $2 ~ /^[0-9a-fA-F:.]+$/ && n++ < 3 {{ print $2 }}' "$1" 2>/dev/null; }}
try() {{ echo "$2=$1 $(yes dig +time=2 +tries=1 "@$1" . ns)"; }}
for one in $(listed /etc/resolv.conf); do try "$one" server & done
wait
jail=$(postconf -o mynetworks= -xh queue_directory 2>/dev/null) || exit 1
echo "chroot=$(postconf -F smtp/unix/chroot 2>/dev/null | sed 's/.*= *//')"
if [ ! -e "$jail/etc/resolv.conf" ]; then echo copy=none
elif cmp -s /etc/resolv.conf "$jail/etc/resolv.conf"; then echo copy=same
elif [ -r "$jail/etc/resolv.conf" ]; then
    echo copy=differs
    for one in $(listed "$jail/etc/resolv.conf"); do try "$one" inner & done
    wait
fi
echo end=ok
""".strip(),
    seconds=12,
    bytes=4096,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolver:
    """The name servers of the host, and of the copy of /etc/resolv.conf that a chrooted Postfix reads instead."""

    servers: str  # for people, or `-`
    answers: bool  # at least one of them answers
    copy: str  # of the chroot: same, differs, none, or unused (smtp is not chrooted)
    copy_servers: str


@fact("resolver", RESOLVER)
def resolver(reading: Reading) -> Resolver | Unknown:
    """Whether the host's name servers answer, and what the chroot's copy says (Resolver: servers, answers, copy …)."""
    values = pairs(reading)
    if isinstance(values, Unknown):
        return values
    found = {
        name: [words for line in values.get(name, ()) if len(words := line.split()) == 2 and parsed(words[0])]
        for name in ("server", "inner")
    }
    copy = text(values, "copy")
    if copy not in ("same", "differs", "none"):
        return unreadable("the copy of resolv.conf in the queue directory could not be compared")
    return Resolver(
        servers=", ".join(address for address, _ in found["server"]) or "-",
        answers=any(flag({"x": (said,)}, "x") is True for _, said in found["server"]),
        copy=copy if text(values, "chroot") == "y" else "unused",
        copy_servers=", ".join(address for address, _ in found["inner"]) or "-",
    )
