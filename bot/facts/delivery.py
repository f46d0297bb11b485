"""Can Postfix start what delivers its mail: does master.cf have every service named, and does every pipe command exist?

Of a command only its program's path leaves the host; its arguments may hold passwords.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.facts.base import fact
from bot.facts.pairs import SHELL, pairs, text
from bot.model.fact import Unknown
from bot.model.probe import Probe, Reading

DELIVERY = Probe(
    name="delivery",
    script=rf"""
{SHELL}
need postconf awk sed getent
postconf -M 2>/dev/null | awk '$2 == "unix" || $2 == "fifo" || $2 == "unix-dgram" || $2 == "pass" {{ print "service=" $1 }}'
for one in default_transport relay_transport local_transport virtual_transport mailbox_transport fallback_transport \
    content_filter error_service_name bounce_service_name; do
    postconf -xh "$one" 2>/dev/null | sed -nE "s#^([A-Za-z0-9_-]+)(:.*)?\$#named=\1 $one#p"
done
for table in $(postconf -xh transport_maps 2>/dev/null | grep -oE '(hash|btree|lmdb|texthash):/[A-Za-z0-9_./-]+'); do
    awk '/^[^#[:space:]]/ && $2 ~ /^[A-Za-z0-9_-]+:/ {{ sub(/:.*/, "", $2); print "named=" $2 " transport_maps" }}' \
        "${{table#*:}}" 2>/dev/null
done
postconf -xh transport_maps 2>/dev/null | grep -oE 'inline:\{{[^}}]*\}}|static:[A-Za-z0-9_-]+:' |
    grep -oE '[=:][A-Za-z0-9_-]+:' | sed -E 's#^[=:](.*):#named=\1 transport_maps#'
postconf -M 2>/dev/null | awk '$8 == "pipe" {{
    user = program = "-"
    for (i = 9; i <= NF; i++) {{
        if ($i ~ /^user=/) {{ user = substr($i, 6); sub(/:.*/, "", user) }}
        if ($i ~ /^argv=/) program = substr($i, 6)
    }}
    print $1, user, program
}}' | while read -r name user program; do
    if [ "$user" = - ]; then state=no-user
    elif ! getent passwd "$user" >/dev/null; then state=unknown-user
    elif [ "$program" = - ]; then state=no-command
    elif [ ! -e "$program" ]; then state=missing
    elif [ ! -x "$program" ]; then state=not-executable
    else state=ready; fi
    echo "pipe=$name $state $program $user"
done
program=$(postconf -xh mailbox_command 2>/dev/null | awk '{{ print $1 }}')
echo "command=$program"
case $program in /*) if [ -x "$program" ]; then echo found=yes; else echo found=no; fi ;; *) echo found=unknown ;; esac
echo end=ok
""".strip(),
    bytes=32768,
)
# Without one of these other parts of Postfix wait in vain; which of them master.cf has decides, not whether they run now.
_NEEDED = ("pickup", "cleanup", "qmgr", "rewrite", "bounce", "defer", "trace", "verify", "proxymap", "anvil", "scache", "error",
           "retry", "discard", "local", "smtp", "tlsmgr")  # fmt: skip
# They stand in Debian's master.cf whether their programs are installed or not.
_SHIPPED = frozenset({"uucp", "ifmail", "bsmtp", "scalemail-backend", "mailman", "maildrop"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Transports:
    """What the configuration names as a transport and master.cf does not have: empty `missing` where there is none."""

    missing: str
    setting: str  # the parameter that names it

    @property
    def complete(self) -> bool:
        """Whether every named transport has its service."""
        return not self.missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """The command of a pipe service or of mailbox_command that cannot be run; `state` is ready where all can."""

    state: str  # ready, missing, not-executable, no-user, unknown-user or no-command
    service: str
    program: str
    user: str


@fact("transports", DELIVERY)
def transports(reading: Reading) -> Transports | Unknown:
    """Whether master.cf has every transport that the configuration names (Transports: complete, missing, setting)."""
    values = pairs(reading)
    if isinstance(values, Unknown):
        return values
    services = set(values.get("service", ()))
    for line in values.get("named", ()):
        name, _, setting = line.partition(" ")
        if name and name not in services:
            return Transports(missing=name[:64], setting=setting[:64])
    return Transports(missing="", setting="")


@fact("internal-service", DELIVERY)
def internal_service(reading: Reading) -> Transports | Unknown:
    """Whether master.cf has every service that Postfix's own parts need (Transports: complete, missing)."""
    values = pairs(reading)
    if isinstance(values, Unknown):
        return values
    services = set(values.get("service", ()))
    missing = next((name for name in _NEEDED if name not in services), "")
    return Transports(missing=missing, setting="master.cf" if missing else "")


@fact("pipe-command", DELIVERY)
def pipe_command(reading: Reading) -> Command | Unknown:
    """Whether the commands that mail is piped to can be run (Command: state, service, program, user)."""
    values = pairs(reading)
    if isinstance(values, Unknown):
        return values
    for line in values.get("pipe", ()):
        service, state, program, user = (*line.split(" "), "", "", "", "")[:4]
        if state != "ready" and service not in _SHIPPED:
            return Command(state=state[:20], service=service[:64], program=program[:128], user=user[:64])
    program = text(values, "command")[:128]
    if text(values, "found") == "no":
        return Command(state="missing", service="mailbox_command", program=program, user="-")
    return Command(state="ready", service="", program="", user="")
