"""Has the queue's file system room for mail? Compared with what smtpd itself demands before it takes a message."""

from __future__ import annotations

from dataclasses import dataclass

from bot.facts.base import derivation, fact, first_unknown, unreadable
from bot.facts.pairs import SHELL, number, pairs
from bot.model.fact import Unknown
from bot.model.probe import Probe, Reading

QUEUE_SPACE = Probe(
    name="queue-space",
    script=SHELL
    + """
need postconf df
queue=$(postconf -o mynetworks= -xh queue_directory 2>/dev/null) || exit 1
echo "message=$(postconf -o mynetworks= -xh message_size_limit 2>/dev/null)"
echo "least=$(postconf -o mynetworks= -xh queue_minfree 2>/dev/null)"
df -Pk "$queue" | awk 'NR == 2 { print "free-kib=" $4; print "size-kib=" $2 }'
df -Pi "$queue" | awk 'NR == 2 { print "inodes=" $2; print "inodes-free=" $4 }'
echo end=ok
""",
    bytes=4096,
)
_MIB = 1024 * 1024
_DEFAULT = 10_240_000  # message_size_limit as Postfix has it


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSpace:
    """`state` is room, full (less than one and a half messages of the largest size are free), minfree (queue_minfree asks for
    more than is free) or inodes (no more files can be made); sizes in MiB."""

    state: str
    free: int
    size: int
    needed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeLimit:
    """`state` is none (no limit), low (below Postfix's default), default or raised; sizes in MiB: of a whole message, and of
    the largest attachment, which grows by a third when it is encoded."""

    state: str
    mebibytes: str
    attachment: str


@fact("queue-space", QUEUE_SPACE)
def queue_space(reading: Reading) -> QueueSpace | Unknown:
    """Whether the queue's file system has the free space and inodes that smtpd demands (QueueSpace)."""
    values = pairs(reading)
    if isinstance(values, Unknown):
        return values
    free, size, message, least = (number(values, name) for name in ("free-kib", "size-kib", "message", "least"))
    if free is None or size is None or message is None or least is None:
        return unreadable("the free space of the queue has an unexpected form")
    inodes, left = number(values, "inodes"), number(values, "inodes-free")
    needed = max(message * 3 // 2, least)
    state = "room"
    if inodes and left is not None and left < 16:  # file systems without a table of inodes count none
        state = "inodes"
    elif free * 1024 < message * 3 // 2:
        state = "full"
    elif free * 1024 < least:
        state = "minfree"
    return QueueSpace(state=state, free=free // 1024, size=size // 1024, needed=-(-needed // _MIB))


@derivation("size-limit")
def size_limit(limit: object) -> SizeLimit | Unknown:
    """What message_size_limit means for people (SizeLimit)."""
    if not isinstance(limit, str):
        return first_unknown(limit)
    if not (limit.isascii() and limit.isdecimal()):
        return first_unknown()
    size = int(limit[:18])
    state = "none" if size == 0 else "low" if size < _DEFAULT else "default" if size == _DEFAULT else "raised"
    return SizeLimit(state=state, mebibytes=f"{size / _MIB:.1f}", attachment=f"{size * 0.73 / _MIB:.1f}")
