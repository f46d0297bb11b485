"""May Postfix use its own queue, and may other users hand mail in? Owners and modes of the queue folders and of the two
programs that carry the group of the queue; compared with what Postfix installs."""

from __future__ import annotations

from dataclasses import dataclass

from bot.facts.base import fact, unreadable
from bot.facts.pairs import SHELL, pairs, text
from bot.model.fact import Unknown
from bot.model.probe import Probe, Reading

QUEUE_RIGHTS = Probe(
    name="queue-rights",
    script=SHELL
    + """
need postconf stat
queue=$(postconf -o mynetworks= -xh queue_directory 2>/dev/null) || exit 1
commands=$(postconf -o mynetworks= -xh command_directory 2>/dev/null)
echo "owner=$(postconf -o mynetworks= -xh mail_owner 2>/dev/null)"
echo "group=$(postconf -o mynetworks= -xh setgid_group 2>/dev/null)"
for name in active bounce corrupt defer deferred flush hold incoming private saved trace maildrop public; do
    echo "folder=$name $(stat -c '%U %G %a' "$queue/$name" 2>/dev/null || echo missing - 0)"
done
for name in postdrop postqueue; do
    echo "program=$name $(stat -L -c '%U %G %a' "$commands/$name" 2>/dev/null || echo missing - 0)"
done
echo "mounted-nosuid=$(findmnt -no OPTIONS -T "$commands/postdrop" 2>/dev/null | grep -qw nosuid && echo yes || echo no)"
echo end=ok
""",
    bytes=8192,
)
_SHARED = ("maildrop", "public")  # these two the group of the queue enters


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRights:
    """What differs from what Postfix needs; `-` where nothing does."""

    folder: str  # the first queue folder with a wrong owner, group or mode
    folders: str  # all of them with owner, group and mode, for people
    program: str  # postdrop or postqueue without the group of the queue or without its set-gid bit
    program_mode: str  # its owner, group and mode
    nosuid: bool  # the file system of postdrop ignores set-gid bits
    owner: str
    group: str


@fact("queue-rights", QUEUE_RIGHTS)
def queue_rights(reading: Reading) -> QueueRights | Unknown:
    """Whether the queue folders and postdrop have the owner, group and mode that Postfix needs (QueueRights)."""
    values = pairs(reading)
    if isinstance(values, Unknown):
        return values
    owner, group = text(values, "owner"), text(values, "group")
    folders = [line.split() for line in values.get("folder", ())]
    programs = [line.split() for line in values.get("program", ())]
    if not owner or not group or any(len(line) != 4 or not _octal(line[3]) for line in (*folders, *programs)):
        return unreadable("the owners and modes of the queue have an unexpected form")
    wrong = [line for line in folders if not _folder_right(line, owner, group)]
    bare = [line for line in programs if not _program_right(line, group)]
    return QueueRights(
        folder=wrong[0][0] if wrong else "-",
        folders="; ".join(_shown(line) for line in wrong) or "-",
        program=bare[0][0] if bare else "-",
        program_mode=_shown(bare[0]) if bare else "-",
        nosuid=text(values, "mounted-nosuid") == "yes",
        owner=owner[:32],
        group=group[:32],
    )


def _octal(text: str) -> bool:
    return 0 < len(text) <= 5 and set(text) <= set("01234567")


def _folder_right(line: list[str], owner: str, group: str) -> bool:
    name, user, team, mode = line
    bits = int(mode, 8)
    shared = name not in _SHARED or (team == group and bits & (0o030 if name == "maildrop" else 0o010) != 0)
    return user == owner and bits & 0o700 == 0o700 and bits & 0o002 == 0 and shared


def _program_right(line: list[str], group: str) -> bool:
    _, _, team, mode = line
    return team == group and int(mode, 8) & 0o2011 == 0o2011


def _shown(line: list[str]) -> str:
    name, user, team, mode = line
    return f"{name} (missing)" if user == "missing" else f"{name} ({user}:{team} {mode})"
