"""How does Postfix get a cache back that it cannot open? A cache holds nothing that is not learnt again."""

from __future__ import annotations

from bot.model.fact import Facts
from bot.model.plan import Change
from bot.model.text import Text
from bot.operations.base import operation, shown


@operation(
    "caches-renew",
    script="""
kept_in=$(postconf -o mynetworks= -xh data_directory) || exit 1
case $kept_in in /*/*) ;; *) echo "the folder $kept_in is not one" >&2; exit 65 ;; esac
for file in "$kept_in"/*_cache.db "$kept_in"/*_scache.db "$kept_in"/*_cache_map.db; do
    [ -s "$file" ] && [ -f "$file" ] && [ ! -L "$file" ] || continue
    case $(od -An -tx1 -j12 -N4 "$file" | tr -d ' \\n') in 62310500 | 00053162 | 61150600 | 00061561) continue ;; esac
    keep "$file"
    rm -f -- "$file" || exit 1
done
""",
    says=Text(
        en="Remove the cache files that are no database; Postfix makes new, empty ones.",
        zh="删除已损坏的缓存文件；Postfix 会新建空的缓存。",
    ),
    reads=("caches.bad",),
)
def renew(facts: Facts) -> tuple[Change, ...]:
    """The damaged caches start empty."""
    return (Change(what=shown(facts, "caches.bad"), before="damaged", after="new"),)
