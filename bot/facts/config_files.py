"""Can Postfix read its own files at all? Which are missing, and which line of main.cf or master.cf has no sound form?

Names of files and services and line numbers leave the host; never the text of a line, which may hold a password.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.facts.base import fact
from bot.facts.pairs import SHELL, flag, number, pairs, text
from bot.model.fact import Unknown
from bot.model.probe import Probe, Reading

CONFIG_FILES = Probe(
    name="config-files",
    script=SHELL
    + r"""
need postconf
there() { if [ -r "$1" ]; then echo readable; elif [ -e "$1" ]; then echo closed; else echo missing; fi; }
folder=/etc/postfix
echo "main=$(there $folder/main.cf)"
echo "master=$(there $folder/master.cf)"
programs=$(postconf -d -h daemon_directory 2>/dev/null)
echo "script=$(there "${programs:-/usr/lib/postfix/sbin}/postfix-script")"
echo "runs=$(yes postconf -d -h mail_version)"
echo "smtp-service=$(yes getent services smtp/tcp)"
# A line that continues the one before starts with white space; before the first setting there is nothing to continue.
awk '/^[ \t]*(#|$)/ { next } /^[ \t]/ { print "indented=" NR } { exit }' $folder/main.cf 2>/dev/null
awk '/^[ \t]*(#|$)/ || /^[ \t]/ { next } !/=/ { print "no-equals=" NR; exit }' $folder/main.cf 2>/dev/null
postconf -o mynetworks= -M 2>&1 >/dev/null | sed -nE '
s/^.*fatal: .*: line ([0-9]+): bad field count.*$/fields=\1/p
s/^.*fatal: invalid ([a-z]+) field "[^"]*" in "([A-Za-z0-9_.:-]+) .*$/field=\1 \2/p
s/^.*fatal: .*master\.cf.*$/master-error=yes/p'
# `-o name = value` with blanks around the sign parses, but the service dies of it.
awk '/^[^ \t#]/ { service = $1 } /^[ \t]+-o[ \t]+[A-Za-z0-9_]+[ \t]*$/ || /^[ \t]+-o[ \t]+[A-Za-z0-9_]+[ \t]+=/ {
    print "spaced=" NR " " service; exit }' $folder/master.cf 2>/dev/null
echo end=ok
""",
    bytes=8192,
)
_SERVICE = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigFiles:
    """Files: `main`, `master`, `script` (postfix-script) are readable, closed or missing. main.cf: the first line that starts
    with white space but continues nothing, and the first without `=` (0: none). master.cf: `master_fault` is none, fields (a
    line with too few or many columns), field (a column with an impossible value), spaced (blanks around `=` of a -o option)
    or other, its line (0: unknown) and service (`-`: unknown)."""

    main: str
    master: str
    script: str
    runs: bool  # Postfix's programs can be loaded: their libraries are there
    smtp_service: bool  # /etc/services (or its source) knows smtp/tcp
    indented: int
    no_equals: int
    master_fault: str
    master_line: int
    master_service: str


@fact("config-files", CONFIG_FILES)
def config_files(reading: Reading) -> ConfigFiles | Unknown:
    """Whether main.cf, master.cf and postfix-script are there, and which of their lines are malformed (ConfigFiles)."""
    values = pairs(reading)
    if isinstance(values, Unknown):
        return values
    known = flag(values, "smtp-service")
    if isinstance(known, Unknown):
        return known
    spaced = text(values, "spaced").split()
    field = text(values, "field").split()
    line, service, fault = 0, "-", "none"
    if count := number(values, "fields"):
        line, fault = count, "fields"
    elif len(field) == 2:
        service, fault = field[1], "field"
    elif text(values, "master-error"):
        fault = "other"
    elif len(spaced) == 2 and spaced[0].isdecimal():
        line, service, fault = int(spaced[0][:9]), spaced[1], "spaced"
    return ConfigFiles(
        main=text(values, "main")[:16],
        master=text(values, "master")[:16],
        script=text(values, "script")[:16],
        runs=text(values, "runs") != "no",
        smtp_service=known,
        indented=number(values, "indented") or 0,
        no_equals=number(values, "no-equals") or 0,
        master_fault=fault,
        master_line=line,
        master_service=service if _SERVICE.fullmatch(service) else "-",
    )
