"""Do the mailboxes on this host belong to their users, and how large are they? Names of local users and sizes only."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.facts.base import derivation, fact, first_unknown
from bot.facts.pairs import SHELL, pairs
from bot.model.fact import Unknown
from bot.model.probe import Access, Probe, Reading

MAILBOXES = Probe(
    name="mailboxes",
    access=Access.ROOT,
    script=SHELL
    + r"""
need postconf find
spool=$(postconf -o mynetworks= -xh mail_spool_directory 2>/dev/null) || exit 1
home=$(postconf -o mynetworks= -xh home_mailbox 2>/dev/null)
find "$spool/" -maxdepth 1 -type f -printf 'spool=%f %u %m %s\n' 2>/dev/null | head -n 200
find "$spool/" -maxdepth 0 -printf 'folder=%u %g %m\n' 2>/dev/null
if [ -n "$home" ]; then
    getent passwd | awk -F: '$3 >= 1000 && $3 < 60000 { print $1 " " $6 }' | head -n 200 | while read -r user folder; do
        [ -e "$folder/${home%/}" ] || continue
        echo "home=$user $(stat -L -c '%U %a %s' "$folder/${home%/}" 2>/dev/null)"
    done
fi
base=$(postconf -o mynetworks= -xh virtual_mailbox_base 2>/dev/null)
uids=$(postconf -o mynetworks= -xh virtual_uid_maps 2>/dev/null)
case $uids in
    static:[0-9]*) if [ -d "$base" ]; then echo "virtual=${uids#static:} $(stat -L -c '%u' "$base" 2>/dev/null)"; fi ;;
esac
echo end=ok
""",
    bytes=32768,
)
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailboxes:
    """`foreign`: the first user whose mailbox belongs to somebody else (`owner`) or cannot be written by its owner; `kind` is
    spool, home or virtual (then `foreign` is the uid that should own virtual_mailbox_base); `-` where all is right."""

    foreign: str
    owner: str
    kind: str
    largest: int  # bytes of the largest mailbox file in the spool
    largest_user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxLimit:
    """The limit of mailbox files against the limit of a message and the largest mailbox: `state` is none (no limit), below
    (smaller than one message may be: local(8) refuses to run), reached (the largest mailbox is full) or room."""

    state: str


@fact("mailboxes", MAILBOXES)
def mailboxes(reading: Reading) -> Mailboxes | Unknown:
    """The first mailbox that does not belong to its user, and the largest in the spool (Mailboxes)."""
    values = pairs(reading)
    if isinstance(values, Unknown):
        return values
    spool = [line.split() for line in values.get("spool", ())]
    spool = [line for line in spool if len(line) == 4 and _NAME.fullmatch(line[0]) and line[3].isdecimal()]
    homes = [line.split() for line in values.get("home", ())]
    virtual = [line.split() for line in values.get("virtual", ())]
    wrong = [(line[0], line[1], "spool") for line in spool if line[1] != line[0] or not _writable(line[2])]
    wrong += [(line[0], line[1], "home") for line in homes if len(line) == 4 and (line[1] != line[0] or not _writable(line[2]))]
    wrong += [(line[0], line[1], "virtual") for line in virtual if len(line) == 2 and line[0] != line[1]]
    foreign, owner, kind = wrong[0] if wrong else ("-", "-", "-")
    size, user = max(((int(line[3][:15]), line[0]) for line in spool), default=(0, "-"))
    return Mailboxes(foreign=foreign[:64], owner=owner[:64], kind=kind, largest=size, largest_user=user)


@derivation("mailbox-limit")
def mailbox_limit(limit: object, message: object, boxes: object) -> MailboxLimit | Unknown:
    """Whether mailbox_size_limit is below message_size_limit or reached by the largest mailbox (MailboxLimit)."""
    if not isinstance(limit, str) or not isinstance(message, str):
        return first_unknown(limit, message)
    if not (limit.isdecimal() and message.isdecimal()):
        return first_unknown()
    if limit == "0":
        return MailboxLimit(state="none")
    if message == "0" or int(limit) < int(message):
        return MailboxLimit(state="below")
    if not isinstance(boxes, Mailboxes):
        return first_unknown(boxes)
    # A message of a tenth of the limit that no longer fits is what people notice first.
    return MailboxLimit(state="reached" if boxes.largest * 10 >= int(limit) * 9 else "room")


def _writable(mode: str) -> bool:
    return mode[-3:-2] in ("6", "7")
