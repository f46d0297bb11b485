"""Can programs on this host hand mail to Postfix? They run /usr/sbin/sendmail, or /usr/lib/sendmail: both must be its own."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.facts.base import fact, unreadable
from bot.model.fact import Reason, Unknown
from bot.model.probe import Probe, Reading

SENDMAIL = Probe(
    name="sendmail",
    script="""
for path in /usr/sbin/sendmail /usr/lib/sendmail; do
    if [ -d "$path" ]; then kind=folder
    elif [ ! -e "$path" ]; then kind=missing
    elif [ -x "$path" ]; then kind=program
    else kind=not-executable; fi
    echo "path $path $kind $(readlink -f "$path" 2>/dev/null)"
done
target=$(readlink -f /usr/sbin/sendmail 2>/dev/null)
if command -v dpkg-query >/dev/null; then
    # On hosts with a merged /usr a package may still list the file without it.
    for path in "$target" "${target#/usr}"; do
        dpkg-query -S "$path" 2>/dev/null | sed -nE 's/^([a-z0-9][a-z0-9+.-]*)(:[a-z0-9]+)?: .*$/owner \\1/p'
    done
    dpkg-divert --list /usr/sbin/sendmail 2>/dev/null | sed -n 's/^.*diversion of.*$/diverted/p'
elif command -v rpm >/dev/null; then
    rpm -qf --qf 'owner %{NAME}\\n' "$target" 2>/dev/null
else
    echo no-packages
fi
for name in postfix mail; do if command -v "$name" >/dev/null; then echo "command $name"; fi; done
echo end
""".strip(),
    bytes=8192,
)
_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]{0,63}", re.IGNORECASE)
_KINDS = frozenset({"folder", "missing", "program", "not-executable"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sendmail:
    """The program /usr/sbin/sendmail: `state` is present, missing, not-executable, or foreign (of another mail system)."""

    state: str
    owner: str  # the package it belongs to, `-` where none says so
    postfix_installed: bool
    diverted: bool  # dpkg-divert moved Postfix's own file aside
    link: str  # /usr/lib/sendmail: present, missing or elsewhere
    mail_command: bool  # mail(1), which many scripts use, is there


@fact("sendmail", SENDMAIL)
def sendmail(reading: Reading) -> Sendmail | Unknown:
    """Whether /usr/sbin/sendmail is there, runs, and belongs to Postfix, and /usr/lib/sendmail leads to it (Sendmail)."""
    lines = [line.split() for line in reading.out.splitlines() if line.strip()]
    paths = {line[1]: line[2:] for line in lines if line[0] == "path" and len(line) >= 3 and line[2] in _KINDS}
    if not lines or lines[-1] != ["end"] or set(paths) != {"/usr/sbin/sendmail", "/usr/lib/sendmail"}:
        return unreadable("the answer about sendmail has an unexpected form")
    owners = [line[1] for line in lines if line[0] == "owner" and len(line) == 2 and _PACKAGE.fullmatch(line[1])]
    owner = owners[0] if owners else "-"
    program, link = paths["/usr/sbin/sendmail"], paths["/usr/lib/sendmail"]
    if program[0] == "program" and program[1:] != ["/usr/sbin/sendmail"] and (len(program) < 2 or ["no-packages"] in lines):
        return Unknown(reason=Reason.NOT_INSTALLED, detail="nothing on the host says whose program sendmail is")
    return Sendmail(
        state=_state(program, owner),
        owner=owner,
        postfix_installed=["command", "postfix"] in lines,
        diverted=["diverted"] in lines,
        mail_command=["command", "mail"] in lines,
        link="missing" if link[0] == "missing" else "present" if link[1:] == program[1:] else "elsewhere",
    )


def _state(program: list[str], owner: str) -> str:
    kind, *target = program
    if kind != "program":
        return "not-executable" if kind == "not-executable" else "missing"
    # A link to something no package owns is foreign; a file of its own without a package is a Postfix built by hand.
    return "present" if owner == "postfix" or (owner == "-" and target == ["/usr/sbin/sendmail"]) else "foreign"
