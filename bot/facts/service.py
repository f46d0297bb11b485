"""Does a mail service run, has it failed, and which unit is the real one?

On Debian 12 postfix.service is an empty shell that is always `active (exited)` and postfix@-.service does the work; on
Debian 13 postfix.service does it and forbids the other. What systemd believes is compared with the master process, because
Postfix may have been started, or killed, behind its back.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.facts.base import fact, unreadable
from bot.model.fact import Unknown
from bot.model.probe import Probe, Reading

SERVICE = Probe(
    name="service",
    parameters=("service",),
    script="""
case $1 in
    postfix) units='postfix.service postfix@-.service' process=master ;;
    *) units=$1.service process=$1 ;;
esac
echo '[units]'
systemctl show -p Id,LoadState,ActiveState,SubState,Result,Type $units 2>/dev/null
echo '[processes]'
# With hidepid an ordinary account sees nobody else's processes: then no process proves nothing.
if [ -d /proc/1 ] && command -v pgrep >/dev/null; then echo visible; fi
for pid in $(pgrep -x "$process" 2>/dev/null); do
    # Processes of a container on this host belong to another namespace, so they have a second number.
    if grep -qE '^NSpid:[[:space:]]+[0-9]+$' "/proc/$pid/status" 2>/dev/null; then
        echo "process $(tr '\\000' ' ' <"/proc/$pid/cmdline" 2>/dev/null | cut -d' ' -f1)"
    fi
done
echo '[command]'
command -v "$1"
true
""".strip(),
    bytes=8192,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A mail service; `state` is running, stopped, failed, exited, starting, stopping, unmanaged (runs, but systemd did not
    start it) or no-master (systemd believes it runs, its process is gone)."""

    name: str
    installed: bool
    running: bool
    failed: bool
    state: str
    real_unit: str  # empty where systemd does not know the service


@fact("service", SERVICE, parameters=("service",))
def service(reading: Reading, name: str) -> Service | Unknown:
    """Whether a service is installed and running, its state and its real unit (Service)."""
    text = reading.out
    units_text, marker, rest = text.partition("[processes]")
    processes_text, marker2, command_text = rest.partition("[command]")
    if not marker or not marker2:
        return unreadable("the state of the service has an unexpected form")
    units = _units(units_text)
    unit = _real(units, name)
    process = any(_belongs(line, name) for line in processes_text.splitlines())
    gone = not process and "visible" in processes_text.split()
    state = _state(unit, process, gone)
    return Service(
        name=name,
        installed=bool(command_text.strip()) or bool(unit),
        running=state in ("running", "unmanaged"),
        failed=state == "failed",
        state=state,
        real_unit=unit.get("Id", ""),
    )


def _units(text: str) -> dict[str, dict[str, str]]:
    units: dict[str, dict[str, str]] = {}
    for block in text.split("\n\n"):
        pairs = (line.partition("=") for line in block.splitlines() if "=" in line)
        unit = {key.strip(): value.strip() for key, _, value in pairs}
        if unit.get("LoadState") == "loaded" and "Id" in unit:
            units[unit["Id"]] = unit
    return units


def _real(units: dict[str, dict[str, str]], name: str) -> dict[str, str]:
    shell = units.get(f"{name}.service", {})
    if name == "postfix" and shell.get("Type") == "oneshot" and "postfix@-.service" in units:
        return units["postfix@-.service"]
    return shell


def _belongs(line: str, name: str) -> bool:
    # `master` is a name that other programs use too; Postfix starts it with its whole path.
    return line.startswith("process ") and (name != "postfix" or line.endswith("/master"))


def _state(unit: dict[str, str], process: bool, gone: bool) -> str:
    active, sub = unit.get("ActiveState"), unit.get("SubState")
    if active in ("active", "reloading") and (sub in ("running", "reload") or process):
        return "no-master" if gone else "running"
    if active in ("activating", "deactivating"):
        return "starting" if active == "activating" else "stopping"
    if process:
        return "unmanaged" if unit else "running"
    if active == "failed":
        return "failed"
    return "exited" if active == "active" else "stopped"
