"""Who is this host to the servers it sends to? The address it leaves by, its name in reverse DNS, HELO, and the sender domain.

Asks only the host's own name servers, and only about what the host itself is set to be: never about a name from a paste.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from bot.facts.base import fact
from bot.facts.network import parsed
from bot.facts.pairs import SHELL, Pairs, pairs, text
from bot.model.fact import Reason, Unknown
from bot.model.probe import Probe, Reading

FACING = Probe(
    name="facing",
    script=rf"""
{SHELL}
need dig ip postconf awk
ask() {{ dig +short +time=2 +tries=1 "$@" 2>/dev/null; }}
helo=$(postconf -o mynetworks= -xh smtp_helo_name 2>/dev/null) || exit 1
case $helo in *[!A-Za-z0-9._-]*) known='' ;; *) known=$helo ;; esac
echo "helo=$helo"
if [ -n "$known" ]; then
    found=$(ask "$known" a) || echo failed=helo
    echo "helo-address=$(echo "$found" | grep -E '^[0-9.]+$' | tr '\n' ' ')$(ask "$known" aaaa | grep -F : | tr '\n' ' ')"
fi
face() {{
    echo "address=$1"
    names=$(ask -x "$1") || {{ echo failed=reverse; return; }}
    for name in $(echo "$names" | grep -E '^[A-Za-z0-9_]' | head -n 4); do
        back=$(ask "$name" "$2") || echo failed=forward
        echo "name=$1 ${{name%.}} $(echo $back)"
    done
}}
source() {{ awk '{{ for (i = 1; i < NF; i++) if ($i == "src") {{ print $(i + 1); exit }} }}'; }}
protocols=$(postconf -o mynetworks= -xh inet_protocols 2>/dev/null)
bound=$(postconf -o mynetworks= -xh smtp_bind_address 2>/dev/null | grep -xE '[0-9.]+')
bound6=$(postconf -o mynetworks= -xh smtp_bind_address6 2>/dev/null | tr -d '[]' | grep -xE '[0-9a-fA-F:.]+')
case $protocols in *all* | *ipv4*)
    one=${{bound:-$(ip -4 route get 192.0.2.1 2>/dev/null | source)}}
    [ -z "$one" ] || face "$one" a ;;
esac
case $protocols in *all* | *ipv6*)
    one=${{bound6:-$(ip -6 route get 2001:4860:: 2>/dev/null | source)}}
    [ -z "$one" ] || face "$one" aaaa ;;
esac
echo end=ok
""".strip(),
    seconds=20,
    bytes=8192,
)
SENDER_DNS = Probe(
    name="sender-dns",
    parameters=("domain",),
    script=rf"""
{SHELL}
need dig
ask() {{ dig +short +time=2 +tries=1 "$@" 2>/dev/null || echo failed=yes; }}
ask "$1" mx | grep -E '^([0-9]+ |failed)' | head -n 4 | sed 's/^[0-9]/mx=&/'
ask "$1" a | grep -E '^([0-9.]+$|failed)' | head -n 2 | sed 's/^[0-9]/a=&/'
ask "$1" aaaa | grep -E '^([0-9a-f:]+$|failed)' | head -n 2 | sed '/^failed/!s/^/a=/'
ask "$1" txt | grep -iE '^("v=spf1|failed)' | cut -c 1-400 | sed 's/^"/spf=/; s/"$//; s/" "//g'
ask "_dmarc.$1" txt | grep -iE '^("v=dmarc1|failed)' | cut -c 1-400 | sed 's/^"/dmarc=/; s/"$//'
echo end=ok
""".strip(),
    seconds=15,
    bytes=8192,
)
# Not ours to judge: what the world sees behind a translated address cannot be asked from here.
_HIDDEN = tuple(
    ipaddress.ip_network(one) for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facing:
    """The host as other servers see it; of IPv4 and IPv6, the address whose reverse name is worse.

    `reverse`: ok, none (no PTR), unconfirmed (the PTR's name does not lead back) or hidden (a private address: others see
    another one). `helo_found`: whether DNS has an address for the name it greets with.
    """

    address: str
    reverse: str
    name: str  # of the PTR, else `-`
    helo: str
    helo_found: bool | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderDns:
    """What DNS says of a domain mail is sent from: whether it takes mail at all, its SPF and DMARC."""

    exists: bool  # has an MX that is not null, or an address
    spf: str  # none, one or several (several is an error for who reads it)
    record: str  # the SPF record, or `-`
    dmarc: str  # absent, or its policy: none, quarantine, reject


@fact("facing", FACING)
def facing(reading: Reading) -> Facing | Unknown:
    """The host as other servers see it (Facing: address, reverse, name, helo, helo_found)."""
    values = pairs(reading)
    if isinstance(values, Unknown):
        return values
    failed = values.get("failed", ())
    if "reverse" in failed or "forward" in failed:
        return Unknown(reason=Reason.TIMED_OUT, detail="DNS gave no answer about this host's address")
    faces = [_face(address, plain, values) for address in values.get("address", ())[:2] if (plain := parsed(address))]
    if not faces:
        return Unknown(reason=Reason.NOT_APPLICABLE, detail="there is no route out, so no address to look at")
    order = ("none", "unconfirmed", "ok", "hidden")
    reverse, address, name = min(faces, key=lambda one: order.index(one[0]))
    silent = Unknown(reason=Reason.TIMED_OUT, detail="DNS gave no answer about the HELO name")
    known: bool | Unknown = silent if "helo" in failed else bool(text(values, "helo-address"))
    return Facing(address=address, reverse=reverse, name=name, helo=text(values, "helo")[:120] or "-", helo_found=known)


def _face(address: str, plain: ipaddress.IPv4Address | ipaddress.IPv6Address, values: Pairs) -> tuple[str, str, str]:
    if any(plain.version == one.version and plain in one for one in _HIDDEN):
        return "hidden", address, "-"
    names = [words[1:] for line in values.get("name", ()) if len(words := line.split()) > 1 and words[0] == address]
    for name, *back in names:
        if any(parsed(one) == plain for one in back):
            return "ok", address, name[:120]
    return ("unconfirmed", address, names[0][0][:120]) if names else ("none", address, "-")


@fact("sender-dns", SENDER_DNS, parameters=("domain",))
def sender_dns(reading: Reading, domain: str) -> SenderDns | Unknown:
    """What DNS says of a domain that mail is sent from (SenderDns: exists, spf, record, dmarc)."""
    values = pairs(reading)
    if isinstance(values, Unknown):
        return values
    if values.get("failed"):
        return Unknown(reason=Reason.TIMED_OUT, detail="DNS gave no answer about the domain")
    mail = [one for one in values.get("mx", ()) if not one.endswith(" .")]
    spf = values.get("spf", ())
    tags = dict(part.strip().lower().partition("=")[::2] for part in text(values, "dmarc").split(";"))
    return SenderDns(
        exists=bool(mail) or (not values.get("mx") and bool(values.get("a"))),
        spf=("none", "one")[len(spf)] if len(spf) < 2 else "several",
        record=spf[0][:240] if spf else "-",
        dmarc=tags.get("p", "none")[:16] if values.get("dmarc") else "absent",
    )
