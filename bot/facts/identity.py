"""Who does Postfix think it is? The domain local mail gets, and whether a domain's mail is delivered here."""

from __future__ import annotations

from dataclasses import dataclass

from bot.facts.base import derivation, fact, first_unknown, unreadable
from bot.facts.network import Interfaces, parsed
from bot.facts.settings import MASKED, words
from bot.facts.tokens import TYPES
from bot.model.fact import Reason, Unknown
from bot.model.probe import Probe, Reading

ORIGIN = Probe(
    name="origin",
    script="""
origin=$(postconf -o mynetworks= -hx myorigin 2>/dev/null) || exit 1
case $origin in
    /*) echo "file $origin $(head -n 1 "$origin" 2>/dev/null | tr -d '[:space:]')" ;;
    *) echo "value $origin" ;;
esac
""".strip(),
    bytes=2048,
)
# Asks the tables themselves, so a domain in a database counts; what cannot be asked makes the answer unclear, not "no".
MAIL_DOMAIN = Probe(
    name="mail-domain",
    parameters=("domain",),
    script="""
wanted=$(printf '%s' "$1" | tr '[:upper:]' '[:lower:]') unclear=
for name in mydestination virtual_alias_domains virtual_mailbox_domains relay_domains; do
    list=$(postconf -o mynetworks= -hx "$name" 2>/dev/null) || exit 1
    set -f
    for word in $(printf '%s' "$list" | tr ',[:upper:]' ' [:lower:]'); do
        if [ "$word" = "$wanted" ]; then echo "class $name"; exit 0; fi
    done
    for word in $(printf '%s' "$list" | tr ',' ' '); do
        case $word in
            [[:alpha:]]*:*)
                complaint=$(postmap -q "$wanted" "$word" 2>&1 >/dev/null) && { echo "class $name"; exit 0; }
                [ -z "$complaint" ] || unclear=1
                ;;
            /*)
                if [ ! -r "$word" ]; then unclear=1
                elif grep -qixF -e "$wanted" "$word"; then echo "class $name"; exit 0; fi
                ;;
            \\[* | !*) unclear=1 ;;
        esac
    done
done
if [ -n "$unclear" ]; then echo unclear; else echo none; fi
""".strip(),
    seconds=12,
    bytes=1024,
)
MAIL_HOSTS = Probe(
    name="mail-hosts",
    parameters=("domain",),
    script="""
command -v dig >/dev/null || exit 127
answer=$(dig +time=2 +tries=1 +noall +comments +answer "$1" mx) || { echo failed; exit 0; }
printf '%s' "$answer" | grep -qE 'status: (NOERROR|NXDOMAIN)' || { echo failed; exit 0; }
hosts=$(printf '%s\\n' "$answer" | awk '$4 == "MX" { print $6 }' | head -n 10)
for host in ${hosts:-$1}; do
    for type in a aaaa; do
        dig +time=2 +tries=1 +short "$host" "$type" | grep -E '^[0-9a-fA-F:.]+$' | sed 's/^/address /'
    done
done
echo end
""".strip(),
    seconds=15,
    bytes=8192,
)
NEXT_HOP = Probe(
    name="next-hop",
    script="""
hop=$(postconf -o mynetworks= -hx relayhost 2>/dev/null) || exit 1
host=${hop#[}
host=${host%%]*}
case $hop in \\[*) ;; *) host=${hop%%:*} ;; esac
case $host in
    '') echo none ;;
    *[!A-Za-z0-9.:_-]* | -*) exit 1 ;;
    *) echo "hop $(getent --no-addrconfig ahosts "$host" | cut -d' ' -f1 | sort -u | tr '\\n' ' ')" ;;
esac
""".strip(),
    seconds=10,
    bytes=8192,
)
_CLASSES = {
    "mydestination": "local",
    "virtual_alias_domains": "virtual-alias",
    "virtual_mailbox_domains": "virtual-mailbox",
    "relay_domains": "relay",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The domain that bare names such as root get ($myorigin), and the file it is read from (empty: main.cf itself)."""

    domain: str
    file: str


@fact("origin", ORIGIN)
def origin(reading: Reading) -> Origin | Unknown:
    """The domain of $myorigin, read from its file where it names one, e.g. /etc/mailname (Origin)."""
    kind, *rest = reading.out.split() or [""]
    file = rest.pop(0) if kind == "file" and rest else ""
    if reading.exit != 0 or kind not in ("file", "value") or len(rest) != 1 or not TYPES["domain"](rest[0]):
        return unreadable("myorigin, or the file it names, holds no domain")
    return Origin(domain=rest[0].lower(), file=file[:128])


@fact("mail-domain", MAIL_DOMAIN, parameters=("domain",))
def mail_domain(reading: Reading, domain: str) -> str | Unknown:
    """What a domain is to this Postfix: local, virtual-alias, virtual-mailbox, relay, or none (str)."""
    answer = reading.out.split()
    if reading.exit != 0:
        return unreadable("postconf cannot read main.cf, so no domain is known")
    if answer == ["none"]:
        return "none"
    if len(answer) == 2 and answer[0] == "class" and answer[1] in _CLASSES:
        return _CLASSES[answer[1]]
    if answer == ["unclear"]:
        return Unknown(reason=Reason.NO_PERMISSION, detail="a table of domains could not be asked")
    return unreadable("the answer about the domain has an unexpected form")


@fact("mail-hosts", MAIL_HOSTS, parameters=("domain",))
def mail_hosts(reading: Reading, domain: str) -> tuple[str, ...] | Unknown:
    """The addresses of the hosts that DNS names for a domain's mail: its MX, else itself (tuple)."""
    lines = reading.out.split("\n")
    if "failed" in lines:
        return Unknown(reason=Reason.TIMED_OUT, detail="DNS gave no answer about the domain")
    if "end" not in lines:
        return unreadable("the answer about the domain's mail hosts was cut")
    found = [line.partition(" ")[2] for line in lines if line.startswith("address ")]
    return tuple(dict.fromkeys(one for one in found[:64] if parsed(one)))


@fact("next-hop", NEXT_HOP)
def next_hop(reading: Reading) -> tuple[str, ...] | Unknown:
    """The addresses of relayhost on this host, empty without one or where its name is unknown (tuple)."""
    kind, *rest = reading.out.split() or [""]
    if reading.exit != 0 or kind not in ("none", "hop"):
        return unreadable("relayhost holds something that is no host")
    return tuple(one for one in rest[:64] if parsed(one))


@derivation("points-here")
def points_here(addresses: object, interfaces: object) -> bool | Unknown:
    """Whether one of the addresses (`mail-hosts`, `next-hop`) is held by this host or is loopback (bool)."""
    if not isinstance(addresses, tuple) or not isinstance(interfaces, Interfaces):
        return first_unknown(addresses, interfaces)
    found = [address for text in addresses if (address := parsed(text)) is not None]
    return any(address.is_loopback or interfaces.holds(str(address)) for address in found)


@derivation("same-domain")
def same_domain(one: object, other: object) -> bool | Unknown:
    """Whether two domains, or the domain of a mail address and a domain, are the same (bool)."""
    if not isinstance(one, str) or not isinstance(other, str):
        return first_unknown(one, other)
    first, second = (text.rpartition("@")[2].strip("<>[]. ").lower() for text in (one, other))
    return bool(first) and first == second


@derivation("is-domain")
def is_domain(named: object) -> bool:
    """Whether the text names a domain: something is captured, and it is no address (bool)."""
    return isinstance(named, str) and parsed(named) is None


@derivation("listed-domain")
def listed_domain(address: object, local: object, relay: object, mailbox: object, alias: object) -> bool | Unknown:
    """Whether an address's domain stands in mydestination, relay_domains or the virtual domains as written (bool); unknown
    when it does not and one of them is a table."""
    lists = (local, relay, mailbox, alias)
    if not isinstance(address, str) or not all(isinstance(one, str) for one in lists):
        return first_unknown(address, *lists)
    domain = address.rpartition("@")[2].strip("<>. ").lower()
    patterns = [word.lower() for one in lists if isinstance(one, str) for word in words(one)]
    if domain in patterns:
        return True
    if any(":" in word or word.startswith(("/", "[", "!")) or MASKED in word for word in patterns):
        return Unknown(reason=Reason.NOT_APPLICABLE, detail="a list of domains is a table that was not asked")
    # relay_domains holds for subdomains too (parent_domain_matches_subdomains).
    return isinstance(relay, str) and any(domain.endswith("." + word.lower()) for word in words(relay))
