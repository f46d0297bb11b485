"""Can this Postfix use every kind of lookup table that it is told to use, and may proxymap ask the tables it is asked for?"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.facts.base import fact, unreadable
from bot.facts.pairs import SHELL, pairs
from bot.model.fact import Unknown
from bot.model.probe import Probe, Reading

# Types and names of tables only: what stands inside inline:{…} or static:… may be a secret and stays on the host.
LOOKUPS = Probe(
    name="lookups",
    script=SHELL
    + r"""
need postconf
all=$(postconf -o mynetworks= -nx 2>/dev/null; postconf -o mynetworks= -P 2>/dev/null)
[ -n "$all" ] || exit 1
set -f
echo "types=$(postconf -m 2>/dev/null | tr '\n' ' ')"
tables=$(printf '%s\n' "$all" | grep -oE '(^|[ ,=])(proxy:)?[a-z][a-z0-9-]*:(/[A-Za-z0-9_./-]+|\{)' | tr -d ' ,=' | sort -u)
for table in $tables; do
    case $table in
        *://* | *{) ;;
        proxy:*) echo "proxied=${table#proxy:}"; echo "table=${table#proxy:}" ;;
        unix:* | inet:* | local:* | smtp:* | lmtp:* | relay:* | dovecot:*) ;;
        *) echo "table=$table" ;;
    esac
done
for word in $(postconf -o mynetworks= -xh proxy_read_maps 2>/dev/null | tr ',' ' '); do
    case $word in proxy:*{*) ;; proxy:*) echo "approved=${word#proxy:}" ;; esac
done
echo end=ok
""",
    bytes=32768,
)
_TABLE = re.compile(r"[a-z][a-z0-9-]*:/[A-Za-z0-9_./-]{1,200}")
# Kinds a Postfix may be built with; another word before a colon is no table.
_KINDS = frozenset(
    {"btree", "cdb", "cidr", "dbm", "hash", "ldap", "lmdb", "memcache", "mongodb", "mysql", "nis", "nisplus", "pcre", "pgsql"}
    | {"regexp", "sdbm", "socketmap", "sqlite", "texthash"}
)
_ASKED = frozenset({"mysql", "pgsql", "ldap", "mongodb", "memcache"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookups:
    """The tables main.cf and master.cf name: the first whose type this Postfix cannot use, and the first that is asked through
    proxymap without being approved for it; `-` without one."""

    unsupported: str  # a table: mysql:/etc/postfix/x.cf
    unsupported_type: str
    unapproved: str
    remote: str  # the first table that asks a server (SQL, LDAP)
    supported: str  # all types that work here, for people


@fact("lookups", LOOKUPS)
def lookups(reading: Reading) -> Lookups | Unknown:
    """The first table of a type this Postfix lacks, the first not approved for proxymap, the first on a server (Lookups)."""
    values = pairs(reading)
    if isinstance(values, Unknown):
        return values
    types = values.get("types", ("",))[0].split()
    if not types:
        return unreadable("postconf does not say which kinds of tables it supports")
    tables = [table for table in values.get("table", ()) if _TABLE.fullmatch(table) and _kind(table) in _KINDS]
    proxied = [table for table in values.get("proxied", ()) if _TABLE.fullmatch(table)]
    approved = set(values.get("approved", ()))
    unsupported = next((table for table in tables if _kind(table) not in types), "-")
    return Lookups(
        unsupported=unsupported,
        unsupported_type=_kind(unsupported),
        unapproved=next((table for table in proxied if table not in approved), "-"),
        remote=next((table for table in tables if _kind(table) in _ASKED), "-"),
        supported=" ".join(types),
    )


def _kind(table: str) -> str:
    return table.partition(":")[0]
