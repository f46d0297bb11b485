"""Does Dovecot offer Postfix a login socket that smtpd can use?

Reads two settings of `doveconf` only: the rest may hold secrets. Nothing here asks Dovecot to check a password.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.facts.base import fact
from bot.facts.pairs import SHELL, Pairs, flag, pairs, text
from bot.model.fact import Reason, Unknown
from bot.model.probe import Access, Probe, Reading

DOVECOT = Probe(
    name="dovecot",
    script=rf"""
{SHELL}
need postconf pgrep ss awk
queue=$(postconf -h queue_directory 2>/dev/null); queue=${{queue:-/var/spool/postfix}}
path=$(postconf -h smtpd_sasl_path 2>/dev/null)
echo "queue=$queue"
echo "path=$path"
echo "installed=$(yes command -v doveconf)"
echo "running=$(yes pgrep -x dovecot)"
echo "snippets=$(yes grep -qE '^[[:space:]]*!include(_try)?[[:space:]]+conf\.d/\*\.conf' /etc/dovecot/dovecot.conf)"
# Asked for the listeners alone, Dovecot 2.3 prints the path of the first one in the wrong place.
doveconf service 2>/dev/null | sed -n '/^service auth {{/,/^}}/p' |
    sed -nE 's/^[[:space:]]*unix_listener[[:space:]]+([^[:space:]]+)[[:space:]]*\{{.*/listener=\1/p'
ss -H -xl | awk -v queue="$queue/" 'index($5, queue) == 1 {{ print "listens=" $5 }}'
doveconf -h auth_mechanisms 2>/dev/null | head -1 | sed 's/^/mechanisms=/'
echo end=ok
""".strip(),
    bytes=16384,
)
SOCKET = Probe(
    name="sasl-socket",
    # The folder `private` is open to root and postfix only.
    access=Access.ROOT,
    script=rf"""
{SHELL}
need postconf ss awk stat id
queue=$(postconf -h queue_directory 2>/dev/null); queue=${{queue:-/var/spool/postfix}}
owner=$(postconf -h mail_owner 2>/dev/null); owner=${{owner:-postfix}}
path=$(postconf -h smtpd_sasl_path 2>/dev/null)
case $path in /*) ;; *) path=$queue/$path ;; esac
echo "owner=$owner"
for one in $(id -nG "$owner" 2>/dev/null); do echo "group=$one"; done
stat -L -c 'socket=%F|%U|%G|%a' "$path" 2>/dev/null || echo socket=none
# A file that was left behind has the path of a socket, but not its inode.
inode=" ino:$(stat -L -c %i "$path" 2>/dev/null) "
listens=$(ss -H -xle | awk -v path="$path" -v inode="$inode" '
    $5 == path && (!index($0, " ino:") || index($0 " ", inode)) {{ found = 1 }} END {{ print found ? "yes" : "no" }}')
echo "listens=$listens"
echo end=ok
""".strip(),
    bytes=4096,
)
_USABLE = re.compile(r"[0-7]{1,4}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dovecot:
    """Dovecot as a login service for Postfix."""

    installed: bool | Unknown
    running: bool | Unknown
    snippets: bool | Unknown  # its configuration reads conf.d/*.conf
    listener: bool | Unknown  # it is configured to listen where smtpd_sasl_path points
    standard: bool | Unknown  # it is configured to listen, or listens, at private/auth
    plaintext_only: bool | Unknown  # it offers nothing but PLAIN and LOGIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Socket:
    """The socket that smtpd_sasl_path names: `state` is open, missing, denied, refused (nobody listens) or not-a-socket."""

    state: str


@fact("dovecot-auth", DOVECOT)
def dovecot(reading: Reading) -> Dovecot | Unknown:
    """Whether Dovecot can serve logins to Postfix (Dovecot: installed, running, listener, standard, plaintext-only)."""
    values = pairs(reading)
    if isinstance(values, Unknown):
        return values
    queue, path = text(values, "queue"), text(values, "path")
    configured = {*values.get("listener", ()), *values.get("listens", ())}
    asked = path if path.startswith("/") else f"{queue}/{path}"
    installed = flag(values, "installed")
    offered = text(values, "mechanisms").upper().split()
    nobody = Unknown(reason=Reason.NOT_INSTALLED, detail="Dovecot is not installed")
    return Dovecot(
        installed=installed,
        running=flag(values, "running"),
        snippets=flag(values, "snippets"),
        listener=asked in configured,
        standard=f"{queue}/private/auth" in configured,
        plaintext_only=set(offered) <= {"PLAIN", "LOGIN"} if offered else nobody,
    )


@fact("sasl-socket", SOCKET)
def sasl_socket(reading: Reading) -> Socket | Unknown:
    """Whether smtpd can use the socket that smtpd_sasl_path names (Socket: state)."""
    values = pairs(reading)
    if isinstance(values, Unknown):
        return values
    described = text(values, "socket")
    if described == "none":
        return Socket(state="missing")
    kind, user, group, mode = (*described.split("|"), "", "", "", "")[:4]
    if kind != "socket":
        return Socket(state="not-a-socket")
    if flag(values, "listens") is False:
        return Socket(state="refused")
    return Socket(state="open" if _may_use(values, user, group, mode) else "denied")


def _may_use(values: Pairs, user: str, group: str, mode: str) -> bool:
    bits = int(mode, 8) if _USABLE.fullmatch(mode) else 0
    if user == text(values, "owner"):
        return bits & 0o200 != 0
    if group in values.get("group", ()):
        return bits & 0o020 != 0
    return bits & 0o002 != 0
