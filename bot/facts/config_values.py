"""Does every parameter of main.cf hold a value of its kind? `postconf` does not check that; the daemons do, and die.

The kind of a parameter is read off its default: a number, a time, yes or no. Only names leave the host, never values, but
for the networks of mynetworks.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from bot.facts.base import fact
from bot.facts.pairs import SHELL, pairs
from bot.model.fact import Unknown
from bot.model.probe import Probe, Reading

# Parameters whose default looks like a number or like yes/no, but that take more.
_FREE = "compatibility_level|smtpd_forbid_bare_newline|mail_version|mail_release_date"
CONFIG_VALUES = Probe(
    name="config-values",
    script=SHELL
    + r"""
need postconf
postconf -o mynetworks= -n >/dev/null 2>&1 || exit 1
{ postconf -d 2>/dev/null; echo ==; postconf -o mynetworks= -nx 2>/dev/null; } | awk '
    $0 == "==" { own = 1; next }
    { at = index($0, " ="); name = substr($0, 1, at - 1); value = substr($0, at + 2); gsub(/^[ \t]+|[ \t]+$/, "", value) }
    name ~ /^(FREE)$/ { next }
    !own { default_of[name] = value; next }
    name ~ /^(smtp|smtpd|lmtp|tlsproxy_client)_tls_security_level$/ {
        if (value !~ /^(|none|may|encrypt)$/ && (name ~ /^smtpd/ || value !~ /^(dane|dane-only|fingerprint|verify|secure)$/))
            print "bad=" name " level"
        next
    }
    default_of[name] ~ /^(yes|no)$/ && value !~ /^([Yy][Ee][Ss]|[Nn][Oo])$/ { print "bad=" name " yes-no" }
    default_of[name] ~ /^[0-9]+$/ && value !~ /^-?[0-9]+$/ { print "bad=" name " number" }
    default_of[name] ~ /^[0-9]+[smhdw]$/ && value !~ /^[0-9]+[smhdwSMHDW]?$/ { print "bad=" name " time" }'
set -f
for word in $(postconf -xh mynetworks 2>/dev/null | tr ',' ' '); do
    case $word in *[!][0-9a-fA-F.:/]*) ;; *) echo "net=$word" ;; esac
done
echo end=ok
""".replace("FREE", _FREE),
    bytes=16384,
)
_NAME = re.compile(r"[a-z0-9_]{1,64}")
_KINDS = {"level", "yes-no", "number", "time"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigValues:
    """The first parameter whose value is not of its kind; `kind` is what it should be: number, time, yes-no, level (of TLS)
    or network (then `better` is the network Postfix would take, where one can be told); `-` where all are right."""

    bad: bool
    parameter: str
    kind: str
    better: str
    names: str  # of all such parameters, for people


@fact("config-values", CONFIG_VALUES)
def config_values(reading: Reading) -> ConfigValues | Unknown:
    """The first parameter of main.cf whose value is not of its kind, and all their names (ConfigValues)."""
    values = pairs(reading)
    if isinstance(values, Unknown):
        return values
    listed = [line.split() for line in values.get("bad", ())]
    found = [(pair[0], pair[1], "-") for pair in listed if len(pair) == 2 and _NAME.fullmatch(pair[0]) and pair[1] in _KINDS]
    networks = [better for word in values.get("net", ()) if (better := _better(word)) is not None]
    found += [("mynetworks", "network", better) for better in networks]
    parameter, kind, better = found[0] if found else ("-", "-", "-")
    names = ", ".join(dict.fromkeys(name for name, *_ in found)) or "-"
    return ConfigValues(bad=bool(found), parameter=parameter, kind=kind, better=better, names=names)


def _better(word: str) -> str | None:
    """None for a network Postfix takes; else the one it would take, or `-` where none can be told."""
    bare = word.replace("[", "").replace("]", "")
    try:
        ipaddress.ip_network(bare)
    except ValueError:
        try:
            return str(ipaddress.ip_network(bare, strict=False))
        except ValueError:
            return "-"
    return None
