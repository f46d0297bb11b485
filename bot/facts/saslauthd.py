"""Can Postfix's smtpd reach saslauthd? Where its socket is, whether the chroot holds it, and who may enter its folder.

Nothing here asks saslauthd anything: a test needs a password, and a password has no place in a probe.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.facts.base import fact, unreadable
from bot.facts.pairs import SHELL, Pairs, flag, pairs, text
from bot.model.fact import Unknown
from bot.model.probe import Probe, Reading

SASLAUTHD = Probe(
    name="saslauthd",
    # A socket's path as it was bound is visible to everyone in the list of sockets, even where its folder is closed.
    script=rf"""
{SHELL}
need postconf pgrep ss awk stat id
queue=$(postconf -h queue_directory 2>/dev/null); queue=${{queue:-/var/spool/postfix}}
owner=$(postconf -h mail_owner 2>/dev/null); owner=${{owner:-postfix}}
echo "queue=$queue"
echo "owner=$owner"
echo "installed=$(yes test -x /usr/sbin/saslauthd)"
echo "running=$(yes pgrep -x saslauthd)"
blocked=no
if [ -r /etc/init.d/saslauthd ] && grep -qF '"$START" != "yes"' /etc/init.d/saslauthd; then
    blocked=$(yes test "$(sed -nE 's/^[[:space:]]*START=//p' /etc/default/saslauthd 2>/dev/null | tail -1 | tr -d \"\')" != yes)
fi
echo "blocked=$blocked"
sed -nE 's/^[[:space:]]*OPTIONS=.*-m[[:space:]]+([^" ]+).*/place=\1/p' /etc/default/saslauthd 2>/dev/null | tail -1
ss -H -xl | awk '$5 ~ /\/saslauthd\/mux$/ {{ print "listens=" $5 }}'
echo "level=$(postconf -h compatibility_level 2>/dev/null)"
postconf -M 2>/dev/null | awk '$2 == "inet" && $8 == "smtpd" {{ print "chroot=" $5 }}'
for one in $(id -nG "$owner" 2>/dev/null); do echo "group=$one"; done
for one in "$queue/var/run/saslauthd" /run/saslauthd; do
    stat -L -c "folder=$one %U %G %a" "$one" 2>/dev/null
done
echo end=ok
""".strip(),
    bytes=16384,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Saslauthd:
    """saslauthd as smtpd sees it."""

    installed: bool | Unknown
    running: bool | Unknown
    start_blocked: bool | Unknown  # START is not yes, and this release's start script then does nothing
    chrooted: bool | Unknown  # some smtpd runs in the chroot
    socket: str | Unknown  # right, outside-chroot, elsewhere or none
    folder: str | Unknown  # open, not-in-group, closed or missing: the folder where smtpd looks for the socket

    @property
    def reachable(self) -> bool | Unknown:
        """Whether the daemon runs and smtpd can get to its socket."""
        for value in (self.running, self.socket, self.folder):
            if isinstance(value, Unknown):
                return value
        return self.running is True and self.socket == "right" and self.folder == "open"


@fact("saslauthd-auth", SASLAUTHD)
def saslauthd(reading: Reading) -> Saslauthd | Unknown:
    """Whether smtpd can reach saslauthd (Saslauthd: installed, running, start-blocked, chrooted, socket, folder, reachable)."""
    values = pairs(reading)
    if isinstance(values, Unknown):
        return values
    running, chrooted = flag(values, "running"), _chrooted(values)
    if isinstance(chrooted, Unknown):
        socket: str | Unknown = chrooted
        folder: str | Unknown = chrooted
    else:
        right = _places(values, chrooted)
        socket = _socket(values, running is True, right, chrooted)
        folder = _folder(values, right)
    return Saslauthd(
        installed=flag(values, "installed"), running=running, start_blocked=flag(values, "blocked"),
        chrooted=chrooted, socket=socket, folder=folder,
    )  # fmt: skip


def _chrooted(values: Pairs) -> bool | Unknown:
    marks = values.get("chroot", ())
    if not marks:
        return unreadable("master.cf names no smtpd")
    # A dash is the default, which was a chroot only at compatibility level 0.
    default = text(values, "level").strip() == "0"
    return any(mark == "y" or (mark == "-" and default) for mark in marks)


def _places(values: Pairs, chrooted: bool) -> tuple[str, ...]:
    inside = f"{text(values, 'queue')}/var/run/saslauthd"
    return (inside,) if chrooted else ("/run/saslauthd", "/var/run/saslauthd")


def _socket(values: Pairs, running: bool, right: tuple[str, ...], chrooted: bool) -> str:
    # While the daemon is down, the folder it is configured to use says where its socket would be.
    bound = [path.rpartition("/")[0] for path in values.get("listens", ())] if running else list(values.get("place", ()))
    if not bound:
        return "none"
    if any(folder in right for folder in bound):
        return "right"
    return "outside-chroot" if chrooted else "elsewhere"


def _folder(values: Pairs, right: tuple[str, ...]) -> str:
    for line in values.get("folder", ()):
        path, *rest = line.split(" ")
        if path in right and len(rest) == 3:
            return _entry(rest[0], rest[1], rest[2], text(values, "owner"), values.get("group", ()))
    return "missing"


def _entry(user: str, group: str, mode: str, owner: str, groups: tuple[str, ...]) -> str:
    bits = int(mode, 8) if mode.isdecimal() and len(mode) <= 4 and not set(mode) & set("89") else 0
    if user == owner:
        return "open" if bits & 0o100 else "closed"
    if group in groups:
        return "open" if bits & 0o010 else "closed"
    if bits & 0o001:
        return "open"
    return "not-in-group" if bits & 0o010 and group == "sasl" else "closed"
