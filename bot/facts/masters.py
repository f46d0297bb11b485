"""What does master.cf say about the services that listen on the network? And what does Postfix itself find odd in main.cf?"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.facts.base import fact, unreadable
from bot.facts.network import parsed
from bot.model.fact import Unknown
from bot.model.probe import Probe, Reading

SERVICE_HOSTS = Probe(
    name="service-hosts",
    script="""
services=$(postconf -o mynetworks= -M 2>/dev/null) || exit 1
set -f
for name in $(printf '%s\\n' "$services" | awk '$2 == "inet" { print $1 }'); do
    host=${name%:*}
    case $name in
        *[!][A-Za-z0-9.:_-]* | -*) echo 'service ?' ;;
        *:*)
            case $host in
                \\[*\\]) echo "service $name literal" ;;
                *) echo "service $name $(getent ahosts "$host" >/dev/null && echo found || echo unknown)" ;;
            esac
            ;;
        *) echo "service $name any" ;;
    esac
done
echo end
""".strip(),
    seconds=10,
    bytes=16384,
)
# The warnings name a parameter with its value, and a value can be a password: only names and line numbers leave the host.
CONFIG_WARNINGS = Probe(
    name="config-warnings",
    script="""
command -v postconf >/dev/null || exit 127
postconf -n 2>&1 >/dev/null | sed -nE '
s/^.*warning: .*, line ([0-9]+): overriding earlier entry: ([A-Za-z0-9_]+)=.*$/twice \\2 \\1/p
s/^.*warning: .*: unused parameter: ([A-Za-z0-9_]+)=.*$/unused \\1 0/p
s/^.*fatal: .*, line ([0-9]+): missing .=. after attribute name.*$/fatal no-equals \\1/p
s/^.*fatal: open [^ ]*: No such file or directory$/fatal no-file 0/p
s/^.*fatal: open [^ ]*: Permission denied$/fatal not-readable 0/p
s/^.*fatal: (could not find any active network interfaces|parameter inet_interfaces: no local .*)$/fatal no-interface 0/p
s/^.*fatal: .*$/fatal other 0/p
' | sort -u
echo end
""".strip(),
    bytes=16384,
)
_NAME = re.compile(r"[A-Za-z0-9_]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceHosts:
    """The network services of master.cf that are bound to a host: the first whose host does not resolve, or empty texts."""

    services: tuple[str, ...]
    unresolved: str  # as master.cf writes it: mail.example.com:2525
    host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigWarnings:
    """What `postconf -n` complains about; names only."""

    unused: tuple[str, ...]  # set, but no Postfix program reads it: often a spelling mistake
    twice: tuple[str, ...]  # set more than once: the last one counts
    fatal: str  # no-equals, no-file, not-readable, no-interface, other; empty: main.cf can be read
    line: int  # of the fatal error, 0 without

    @property
    def clean(self) -> bool:
        return not (self.unused or self.twice or self.fatal)

    @property
    def unused_names(self) -> str:
        return ", ".join(self.unused) or "-"

    @property
    def twice_names(self) -> str:
        return ", ".join(self.twice) or "-"


@fact("service-hosts", SERVICE_HOSTS)
def service_hosts(reading: Reading) -> ServiceHosts | Unknown:
    """Network services of master.cf with a host of their own, and the first whose host is unknown (ServiceHosts)."""
    if reading.exit != 0 or reading.out.split()[-1:] != ["end"]:
        return unreadable("postconf cannot read master.cf, or the list was cut")
    lines = [line.split() for line in reading.out.splitlines() if line.startswith("service ")]
    if any(len(line) != 3 for line in lines):
        return unreadable("master.cf holds a network service of an unexpected form")
    unresolved = next((name for _, name, state in lines if state == "unknown" and not parsed(name.rpartition(":")[0])), "")
    return ServiceHosts(
        services=tuple(name[:253] for _, name, _ in lines[:100]),
        unresolved=unresolved[:253],
        host=unresolved.rpartition(":")[0][:253],
    )


@fact("config-warnings", CONFIG_WARNINGS)
def config_warnings(reading: Reading) -> ConfigWarnings | Unknown:
    """Parameters that are unused or set twice, and why main.cf cannot be read at all (ConfigWarnings)."""
    if reading.exit != 0 or reading.out.split()[-1:] != ["end"]:
        return unreadable("the warnings about main.cf have an unexpected form")
    lines = [line.split() for line in reading.out.splitlines()]
    known = [line for line in lines if len(line) == 3 and _NAME.fullmatch(line[1].replace("-", "_")) and line[2].isdecimal()]
    fatal = next((line for line in known if line[0] == "fatal"), ["fatal", "", "0"])
    return ConfigWarnings(
        unused=tuple(dict.fromkeys(line[1] for line in known if line[0] == "unused"))[:50],
        twice=tuple(dict.fromkeys(line[1] for line in known if line[0] == "twice"))[:50],
        fatal=fatal[1],
        line=int(fatal[2][:9]),
    )
