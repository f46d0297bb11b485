"""Which indexed lookup tables does Postfix use, and does each compiled file exist and match its source? Never reads a table.

Names come from the configuration. Caches have no source, and alias tables are compiled by newaliases in another form, so both
are set apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from bot.facts.base import derivation, fact, refusal
from bot.facts.pairs import SHELL, pairs
from bot.model.fact import Reason, Unknown
from bot.model.probe import Probe, Reading

TABLES = Probe(
    name="tables",
    # Where main.cf is broken postconf says nothing; then the file itself still names the tables.
    script=rf"""
{SHELL}
need postconf awk stat
named='(hash|btree|lmdb|cdb|dbm):/[A-Za-z0-9_.@/-]+'
data=$(postconf -h data_directory 2>/dev/null)
aliases=$(postconf -xh alias_maps alias_database 2>/dev/null | grep -oE "$named")
all=$(postconf -x 2>/dev/null) || all=$(cat /etc/postfix/main.cf)
printf '%s\n%s\n' "$all" "$(postconf -P 2>/dev/null)" | grep -v '^ *#' | grep -oE "$named" | sort -u |
    grep -v ":${{data:-/var/lib/postfix}}/" | head -60 |
while IFS= read -r table; do
    path=${{table#*:}}
    case $table in lmdb:*) file=$path.lmdb ;; cdb:*) file=$path.cdb ;; dbm:*) file=$path.pag ;; *) file=$path.db ;; esac
    if [ -x "${{path%/*}}" ]; then
        source=$(stat -L -c %Y "$path" 2>/dev/null) || source=none
        compiled=$(stat -L -c %Y "$file" 2>/dev/null) || compiled=none
    else
        source=hidden compiled=hidden
    fi
    case " $(echo $aliases) " in *" $table "*) kind=alias ;; *) kind=map ;; esac
    echo "table=$table $source $compiled $kind"
done
echo end=ok
""".strip(),
    bytes=32768,
)
_TYPES = {"hash": ".db", "btree": ".db", "lmdb": ".lmdb", "cdb": ".cdb", "dbm": ".pag"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table that Postfix is told to use: `state` is fresh, missing, stale, no-source or neither."""

    name: str  # hash:/etc/postfix/virtual
    state: str
    alias: bool  # compiled by newaliases, not by postmap

    @property
    def path(self) -> str:
        """The source file."""
        return self.name.partition(":")[2]

    @property
    def compiled(self) -> str:
        """The file that Postfix opens."""
        return self.path + _TYPES.get(self.name.partition(":")[0], ".db")


@fact("tables", TABLES)
def tables(reading: Reading) -> tuple[Table | Unknown, ...] | Unknown:
    """Every indexed table that the configuration names, by name (tuple of Table: name, state, alias)."""
    return refusal(reading) or _tables(reading.exit, reading.stdout)


@lru_cache(maxsize=32)
def _tables(code: int, stdout: bytes) -> tuple[Table | Unknown, ...] | Unknown:
    values = pairs(Reading(key="tables", exit=code, stdout=stdout))
    return values if isinstance(values, Unknown) else tuple(map(_table, values.get("table", ())))


@derivation("broken-table")
def broken_table(named: object, known: object) -> Table | Unknown:
    """The table a message is about; where the message names none, the first that is not fresh (Table)."""
    if isinstance(known, Unknown) or not isinstance(known, tuple):
        return known if isinstance(known, Unknown) else Unknown(reason=Reason.NOT_APPLICABLE, detail="no tables are known")
    listed = [one for one in known if isinstance(one, Table)]
    if isinstance(named, str) and named:
        fitting = [one for one in listed if named in (one.name, one.path, one.compiled)]
        detail = "the configuration no longer names the table of this message"
    else:
        fitting = sorted(listed, key=lambda one: (one.state in ("fresh", "neither"), one.alias))
        detail = "the configuration names no indexed table"
    return fitting[0] if fitting else Unknown(reason=Reason.NOT_APPLICABLE, detail=detail)


@derivation("outdated-table")
def outdated_table(known: object) -> Table | Unknown:
    """The first table that is not fresh, else any (Table), for messages that name no table."""
    found = broken_table(None, known)
    return found if isinstance(found, Table | Unknown) else Unknown(reason=Reason.NOT_APPLICABLE, detail="no tables are known")


def _table(line: str) -> Table | Unknown:
    name, source, compiled, kind = (*line.split(" "), "", "", "", "")[:4]
    if name.partition(":")[0] not in _TYPES or kind not in ("alias", "map"):
        return Unknown(reason=Reason.UNREADABLE, detail="a table was described in an unexpected form")
    if "hidden" in (source, compiled):
        return Unknown(reason=Reason.NO_PERMISSION, detail="the folder of a table may not be read")
    return Table(name=name, state=_state(source, compiled), alias=kind == "alias")


def _state(source: str, compiled: str) -> str:
    match source.isdecimal(), compiled.isdecimal():
        case True, False:
            return "missing"
        case False, True:
            return "no-source"
        case False, False:
            return "neither"
        case _:
            newer = (len(source), source) > (len(compiled), compiled)
            return "stale" if newer else "fresh"
