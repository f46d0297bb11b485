"""Are Postfix's own caches (TLS sessions, postscreen, address verification) files that this release can open?"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.facts.base import fact
from bot.facts.pairs import SHELL, pairs
from bot.model.fact import Unknown
from bot.model.probe import Access, Probe, Reading

CACHES = Probe(
    name="caches",
    access=Access.ROOT,
    script=SHELL
    + r"""
need postconf od
folder=$(postconf -o mynetworks= -xh data_directory 2>/dev/null) || exit 1
for file in "$folder"/*_cache.db "$folder"/*_scache.db "$folder"/*_cache_map.db; do
    [ -s "$file" ] || continue # what Postfix has just made is empty until it is written out
    # Bytes 12 to 15 of a Berkeley DB file say what it is: btree or hash.
    case $(od -An -tx1 -j12 -N4 "$file" 2>/dev/null | tr -d ' \n') in
        62310500 | 00053162 | 61150600 | 00061561) state=good ;;
        *) state=bad ;;
    esac
    if [ "$state" = good ] && [ "$(stat -c %U "$file")" != "$(postconf -o mynetworks= -xh mail_owner)" ]; then state=foreign; fi
    echo "cache=$(basename "$file") $state"
done
echo end=ok
""",
    bytes=4096,
)
_NAME = re.compile(r"[a-z0-9_]{1,60}\.db")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caches:
    """`bad`: a cache file that is no Berkeley DB; `foreign`: one that does not belong to Postfix; `-` without one."""

    bad: str
    foreign: str


@fact("caches", CACHES)
def caches(reading: Reading) -> Caches | Unknown:
    """The first cache file in data_directory that is no database, and the first that is not Postfix's (Caches)."""
    values = pairs(reading)
    if isinstance(values, Unknown):
        return values
    listed = [line.split() for line in values.get("cache", ())]
    named = [(line[0], line[1]) for line in listed if len(line) == 2 and _NAME.fullmatch(line[0])]
    first = {state: next((name for name, found in named if found == state), "-") for state in ("bad", "foreign")}
    return Caches(bad=first["bad"], foreign=first["foreign"])
