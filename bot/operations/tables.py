"""How is an indexed lookup table compiled again? Only a table that the configuration names, never one that newaliases makes."""

from __future__ import annotations

from bot.model.fact import Facts
from bot.model.plan import Change
from bot.model.text import Text
from bot.operations.base import operation

# Berkeley's files are rewritten in place: a reader, or a kill, would meet half of one. So they are made in a folder of their
# own, as a kill also leaves work files that make the next attempt fail. LMDB has transactions, CDB is renamed by Postfix.
# A table and its folder may be a mail user's, who plants links: so it is made in the journal, which only root enters, the
# result gets the owner and mode of the very file that was read, and is moved to a new name in the folder that was entered once.
COMPILED = """
compiled() { # PROGRAM TYPE:PATH
    case $2 in
        hash:* | btree:*) ;;
        *) "$1" "$2"; return ;;
    esac
    path=${2#*:} made=$folder/compiled
    rm -rf "$made"
    name=${path##*/}
    mkdir "$made" && cd -- "${path%/*}" && {
        cat <&8 >"$made/source" && owner=$(stat -c %u:%g - <&8) && mode=$(stat -c %a - <&8)
    } 8<"./$name" && "$1" "${2%%:*}:$made/source" &&
        chown "$owner" "$made/source.db" && chmod "$mode" "$made/source.db" && sync "$made/source.db" &&
        mv -fT "$made/source.db" "./$name.db.postmedic" && sync "./$name.db.postmedic" &&
        mv -fT "./$name.db.postmedic" "./$name.db"
    code=$?
    rm -rf "$made"
    return "$code"
}
"""


@operation(
    "table-postmap",
    parameters={"table": "table"},
    # postmap gives the compiled file the mode of its source; as a fresh file it would replace one that was kept.
    script=COMPILED
    + """
named() { printf '%s' "$1" | tr ' ,' '\\n\\n' | sed 's/^proxy://' | grep -qxF -- "$2"; }
named "$(postconf -x; postconf -P)" "$1" || { echo "the configuration does not name $1" >&2; exit 65; }
if named "$(postconf -xh alias_maps alias_database)" "$1"; then echo "$1 is compiled by newaliases" >&2; exit 65; fi
path=${1#*:}
[ -f "$path" ] || { echo "the source $path does not exist" >&2; exit 66; }
case $1 in
    lmdb:*) keep "$path.lmdb" ;;
    cdb:*) keep "$path.cdb" ;;
    dbm:*) keep "$path.pag"; keep "$path.dir" ;;
    *) keep "$path.db" ;;
esac
compiled postmap "$1"
""",
    says=Text(
        en="Compile the lookup table from its source file (postmap); the source is not changed.",
        zh="用 postmap 根据源文件重新生成查找表；源文件不变。",
    ),
)
def postmap(facts: Facts, table: str) -> tuple[Change, ...]:
    """The compiled table holds what its source says."""
    return (Change(what=f"{table} (compiled)", before="missing or older than its source", after="as its source"),)
