"""Where are the database and directory servers that lookup tables ask, and does one on this host listen?

Of a table's file, which holds a password, only the server lines leave the host. Nothing connects to a server: databases count
connections that end early and block the host that makes them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.facts.base import fact
from bot.facts.pairs import SHELL, pairs, text
from bot.model.fact import Unknown
from bot.model.probe import Access, Probe, Reading

LOOKUP_SERVERS = Probe(
    name="lookup-servers",
    access=Access.ROOT,
    script=SHELL
    + r"""
need postconf ss
all=$(postconf -o mynetworks= -nx 2>/dev/null; postconf -o mynetworks= -P 2>/dev/null)
[ -n "$all" ] || exit 1
first() { for one; do if [ -S "$one" ]; then echo "$one"; break; fi; done; }
set -f
tables=$(printf '%s\n' "$all" | grep -oE '(proxy:)?(mysql|pgsql|ldap):/[A-Za-z0-9_./-]+' | sort -u)
for table in $tables; do
    via=direct
    case $table in proxy:*) via=proxy; table=${table#proxy:} ;; esac
    kind=${table%%:*} file=${table#*:}
    [ -r "$file" ] || { echo "server=$table $via no-file - -"; continue; }
    hosts=$(sed -nE 's/^[[:space:]]*(hosts|server_host)[[:space:]]*=[[:space:]]*//p' "$file" | tr ',' ' ')
    for host in ${hosts:-localhost}; do
        case $host in *[!A-Za-z0-9_.:/-]*) continue ;; esac
        name=${host#inet:} name=${name#ldap*://} name=${name%/}
        case $kind in mysql) port=3306 ;; pgsql) port=5432 ;; *) port=389 ;; esac
        case $host in unix:*) path=${host#unix:} ;; ldapi:*) path=ldapi ;; localhost) path=default ;; *) path= ;; esac
        case $name in *:*[0-9]) port=${name##*:} name=${name%:*} ;; esac
        if [ "$kind" != ldap ] && [ -n "$path" ]; then
            case $path$kind in
                defaultmysql) path=$(first /run/mysqld/mysqld.sock /var/lib/mysql/mysql.sock /tmp/mysql.sock) ;;
                defaultpgsql) path=$(first /run/postgresql/.s.PGSQL.5432 /tmp/.s.PGSQL.5432) ;;
            esac
            if [ -S "$path" ]; then state=socket; else state=no-socket; fi
            echo "server=$table $via $state $name $port"
            continue
        fi
        case $name in
            127.* | localhost | ::1)
                if ss -H -ltn "sport = :$port" | grep -q .; then state=listens; else state=closed; fi ;;
            *) state=elsewhere ;;
        esac
        echo "server=$table $via $state $name $port"
    done
done
chrooted=$(postconf -o mynetworks= -M smtp/inet cleanup/unix 2>/dev/null | awk '$5 == "y" { print "yes"; exit }')
echo "chrooted=${chrooted:-no}"
echo end=ok
""",
    bytes=16384,
)
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]{0,127}")
_STATES = ("no-file", "no-socket", "closed", "outside-chroot", "elsewhere", "socket", "listens")


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupServers:
    """The server that looks worst: `state` is none (no such table), no-file (the table's file is missing), no-socket, closed
    (nothing listens on that port here), outside-chroot (a socket that chrooted programs cannot see), elsewhere (on another
    host), socket or listens."""

    state: str
    table: str
    server: str
    port: str


@fact("lookup-servers", LOOKUP_SERVERS)
def lookup_servers(reading: Reading) -> LookupServers | Unknown:
    """The state of the worst server that a mysql, pgsql or ldap table asks (LookupServers)."""
    values = pairs(reading)
    if isinstance(values, Unknown):
        return values
    chrooted = text(values, "chrooted") == "yes"
    found = []
    for line in values.get("server", ()):
        words = line.split()
        if len(words) != 5 or not all(_WORD.fullmatch(word) or word == "-" for word in words):
            continue
        table, via, state, server, port = words
        if state == "socket" and via == "direct" and chrooted:
            state = "outside-chroot"
        if state in _STATES:
            found.append((_STATES.index(state), table, server, port))
    if not found:
        return LookupServers(state="none", table="-", server="-", port="-")
    rank, table, server, port = min(found)
    return LookupServers(state=_STATES[rank], table=table, server=server, port=port)
