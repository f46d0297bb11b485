"""How is the alias database built from its source? Never edits an alias: who reads whose mail is a decision."""

from __future__ import annotations

from bot.model.fact import Facts
from bot.model.plan import Change
from bot.model.text import Text
from bot.operations.base import operation, shown
from bot.operations.tables import COMPILED


@operation(
    "aliases-rebuild",
    script=COMPILED
    + """
tables=$(postconf -o mynetworks= -hx alias_database) || exit 1
[ -n "$tables" ] || { echo "alias_database is empty" >&2; exit 65; }
for table in $(printf '%s' "$tables" | tr ',' ' '); do
    case $table in
        hash:/* | btree:/*) keep "${table#*:}.db" ;;
        lmdb:/*) keep "${table#*:}.lmdb" ;;
        cdb:/*) keep "${table#*:}.cdb" ;;
    esac
    compiled postalias "$table" || exit
done
""",
    says=Text(
        en="Build the alias database again from its source (postalias, as newaliases does).",
        zh="由别名源文件重新生成别名数据库（用 postalias，与 newaliases 相同）。",
    ),
)
def rebuild(facts: Facts) -> tuple[Change, ...]:
    """Postfix uses the aliases as they are written now."""
    path = facts.look("alias-files.path")
    what = f"{path}.db" if isinstance(path, str) and path != "-" else "alias_database"
    return (Change(what=what, before=shown(facts, "alias-files.state"), after="fresh"),)
