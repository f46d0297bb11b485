"""Has master.cf the services that mail cannot do without? And must Postfix be restarted to see a changed main.cf?"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.facts.base import fact, unreadable
from bot.facts.pairs import SHELL, number, pairs
from bot.model.fact import Unknown
from bot.model.probe import Probe, Reading

CORE_SERVICES = Probe(
    name="core-services",
    script=SHELL
    + """
need postconf
all=$(postconf -o mynetworks= -M 2>/dev/null) || exit 1
for name in pickup cleanup qmgr rewrite bounce defer trace verify flush proxymap showq error retry discard local virtual; do
    printf '%s\\n' "$all" | grep -qE "^$name +(unix|fifo) " || echo "missing=$name"
done
folder=$(postconf -o mynetworks= -xh config_directory 2>/dev/null)
echo "now=$(date +%s)"
echo "changed=$(stat -L -c %Y "$folder/main.cf" 2>/dev/null)"
for pid in $(pgrep -ox master 2>/dev/null); do echo "running=$(ps -o etimes= -p "$pid" | tr -d ' ')"; done
postconf -o mynetworks= -n 2>&1 >/dev/null | sed -nE \\
    's/^.*: support for parameter "([A-Za-z0-9_]+)" will be removed; instead, specify "([A-Za-z0-9_=, ]+)".*$/old=\\1 \\2/p'
echo end=ok
""",
    bytes=8192,
)
_NAME = re.compile(r"[a-z0-9_]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreServices:
    """`missing`: the services that master.cf lacks, for people (`-`: none); `changed_since_start`: main.cf is newer than the
    running master; `old`: parameters in use that a coming release removes, `instead` the first one's successor."""

    missing: str
    complete: bool
    changed_since_start: bool
    old: str
    instead: str


@fact("core-services", CORE_SERVICES)
def core_services(reading: Reading) -> CoreServices | Unknown:
    """What master.cf lacks, whether main.cf changed since Postfix started, and which parameters go away (CoreServices)."""
    values = pairs(reading)
    if isinstance(values, Unknown):
        return values
    now, changed = number(values, "now"), number(values, "changed")
    if now is None or changed is None:
        return unreadable("the age of main.cf has an unexpected form")
    running = number(values, "running")
    missing = [name for name in values.get("missing", ()) if _NAME.fullmatch(name)]
    old = [line.split(" ", 1) for line in values.get("old", ()) if " " in line]
    return CoreServices(
        missing=", ".join(missing) or "-",
        complete=not missing,
        changed_since_start=running is not None and changed > now - running + 1,
        old=", ".join(name for name, _ in old) or "-",
        instead=old[0][1][:64] if old else "-",
    )
