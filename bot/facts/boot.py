"""Since when does this host run? A plan is bound to the boot its facts were measured in, never to its host alone."""

from __future__ import annotations

import re

from bot.facts.base import fact, refusal, unreadable
from bot.model.fact import FactUse, Unknown
from bot.model.probe import Probe, Reading

BOOT = FactUse(name="boot-id")

# The kernel's random id of this boot (random(4)), and when process 1 began (field 22 of proc(5) stat, in ticks since the boot):
# a container that restarts keeps the id of its kernel. The name of process 1 may hold anything, so it is cut off first.
BOOT_ID = Probe(
    name="boot-id",
    script="""
read -r id </proc/sys/kernel/random/boot_id || exit 1
read -r line </proc/1/stat || exit 1
set -f
set -- ${line##*)}
echo "$id ${20}"
""",
    bytes=256,
)
_SAID = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}) ([0-9]{1,20})\n", re.ASCII)


@fact("boot-id", BOOT_ID)
def boot_id(reading: Reading) -> str | Unknown:
    """Which boot of the host this is: the same word as long as it was not restarted (str)."""
    if refused := refusal(reading):
        return refused
    said = _SAID.fullmatch(reading.out)
    if reading.exit != 0 or said is None:
        return unreadable("the id of the boot has an unexpected form")
    return f"{said[1]}.{said[2]}"
