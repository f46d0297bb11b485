"""Where does mail for a local name go, and is the alias database as new as its source? People's addresses stay on the host:
of an alias only local user names, kinds and domains leave it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.facts.base import fact, unreadable
from bot.model.fact import Reason, Unknown
from bot.model.probe import Probe, Reading

ALIAS = Probe(
    name="alias",
    parameters=("word",),
    script="""
tables=$(postconf -o mynetworks= -hx alias_maps 2>/dev/null) || exit 1
set -f
ask() { # NAME: what the alias tables say of it in $said; 1: nothing; 2: a table cannot be asked
    for table in $(printf '%s' "$tables" | tr ',' ' '); do
        case $table in nis:*) continue ;; esac
        said=$(postalias -q "$1" "$table" 2>&1) && return 0
        [ -z "$said" ] || return 2
    done
    return 1
}
user() { # NAME: a user of the host, a further alias, or nobody
    if getent passwd "$1" >/dev/null; then echo "target user $1"; return; fi
    ask "$1"
    case $? in 0) echo "target alias $1" ;; 1) echo "target nobody $1" ;; *) echo unclear ;; esac
}
ask "$1"
case $? in
    0)
        echo found
        printf '%s\\n' "$said" |
            sed -E 's/"[|][^"]*"/|/g; s/"\\/[^"]*"/\\//g; s/"([^"]*)"/\\1/g' | tr ',' '\\n' |
            while read -r target; do
                case $target in
                    '|'*) echo 'target pipe -' ;;
                    /*) echo 'target file -' ;;
                    :include:*) echo 'target include -' ;;
                    *@*) echo "target address ${target##*@}" ;;
                    '' | -* | *[!A-Za-z0-9_.+-]*) echo 'target other -' ;;
                    *) user "$target" ;;
                esac
            done
        ;;
    1) echo none ;;
    *) echo unclear ;;
esac
if getent passwd "$1" >/dev/null; then echo 'user yes'; fi
spool=$(postconf -o mynetworks= -hx mail_spool_directory 2>/dev/null)
echo "waiting $(stat -L -c %s "$spool/$1" 2>/dev/null || echo 0)"
echo end
""".strip(),
    seconds=10,
    bytes=8192,
)
ALIAS_FILES = Probe(
    name="alias-files",
    script="""
tables=$(postconf -o mynetworks= -hx alias_database 2>/dev/null) || exit 1
set -f
for table in $(printf '%s' "$tables" | tr ',' ' '); do
    path=${table#*:}
    case $table in
        hash:/* | btree:/*) built=$path.db ;;
        lmdb:/*) built=$path.lmdb ;;
        cdb:/*) built=$path.cdb ;;
        *) echo 'table other 0 0'; continue ;;
    esac
    echo "table $path $(stat -L -c %Y "$path" 2>/dev/null || echo 0) $(stat -L -c %Y "$built" 2>/dev/null || echo 0)"
done
echo end
""".strip(),
    bytes=8192,
)
_KINDS = frozenset({"user", "alias", "nobody", "address", "pipe", "file", "include", "other"})
_SHOWN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,252}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """Where mail for one local name goes; `goes` is none (no alias), user, address, elsewhere, or nobody (a name that is
    neither a user nor an alias)."""

    name: str
    goes: str
    targets: str  # users, domains and kinds, for people
    nobody: str  # the name that does not exist, else empty
    user: bool  # the name is itself a user of the host
    waiting: int  # bytes in the name's own mailbox below mail_spool_directory

    @property
    def unread(self) -> bool:
        return self.goes == "none" and self.waiting > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasFiles:
    """The databases newaliases builds: `state` is fresh, stale (older than a source), missing, no-source, or none."""

    state: str
    path: str  # of the source that decides


@fact("alias", ALIAS, parameters=("word",))
def alias(reading: Reading, name: str) -> Alias | Unknown:
    """Where the alias tables send a local name, whether that exists, and what waits in its own mailbox (Alias)."""
    lines = [line.split() for line in reading.out.splitlines() if line.strip()]
    if reading.exit != 0 or not lines or lines[-1] != ["end"]:
        return unreadable("the answer about the alias has an unexpected form")
    if ["unclear"] in lines:
        return Unknown(reason=Reason.NO_PERMISSION, detail="an alias table could not be asked")
    targets = [(line[1], line[2]) for line in lines if line[0] == "target" and len(line) == 3 and line[1] in _KINDS]
    if not targets and ["none"] not in lines:
        return unreadable("the alias holds nothing that is understood")
    nobody = next((shown for kind, shown in targets if kind == "nobody" and _SHOWN.fullmatch(shown)), "")
    waiting = next((line[1] for line in lines if line[0] == "waiting" and len(line) == 2), "0")
    return Alias(
        name=name,
        goes=_goes([kind for kind, _ in targets]),
        targets=", ".join(_target(kind, shown) for kind, shown in targets[:20]) or "-",
        nobody=nobody,
        user=["user", "yes"] in lines,
        waiting=int(waiting[:15]) if waiting.isascii() and waiting.isdecimal() else 0,
    )


@fact("alias-files", ALIAS_FILES)
def alias_files(reading: Reading) -> AliasFiles | Unknown:
    """Whether each alias database is there and no older than its source (AliasFiles)."""
    lines = [line.split() for line in reading.out.splitlines() if line.strip()]
    if reading.exit != 0 or not lines or lines[-1] != ["end"]:
        return unreadable("the answer about the alias files has an unexpected form")
    tables = [
        line[1:] for line in lines if line[0] == "table" and len(line) == 4 and line[2].isdecimal() and line[3].isdecimal()
    ]
    for path, source, built in tables:
        state = _age(int(source[:15]), int(built[:15]))
        if path != "other" and state != "fresh":
            return AliasFiles(state=state, path=path[:128])
    named = [path for path, *_ in tables if path != "other"]
    return AliasFiles(state="fresh" if named else "none", path=named[0][:128] if named else "-")


def _age(source: int, built: int) -> str:
    if not source:
        return "no-source"
    return "missing" if not built else "stale" if source > built else "fresh"


def _goes(kinds: list[str]) -> str:
    if not kinds:
        return "none"
    if "nobody" in kinds:
        return "nobody"
    return "user" if set(kinds) <= {"user", "alias"} else "address" if set(kinds) == {"address"} else "elsewhere"


def _target(kind: str, shown: str) -> str:
    if not _SHOWN.fullmatch(shown):
        return kind
    return f"…@{shown}" if kind == "address" else shown
