"""How does a lab host become one that postmedic may read and mend? The rendered dispatchers, sudo rules and forced commands.

Until there is an enrolment for people, this is its stand-in: the same files in the same places.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bot import facts, operations  # filling the catalogues
from bot.connectors.dispatcher import HOME, render, render_fix, render_fix_entry, render_root, render_sudoers
from bot.facts.base import FACTS
from bot.operations.base import OPERATIONS
from bot.sandbox.hosts import people
from bot.sandbox.slack.identity import Identity
from tests.lab import Host, Lab

TEAM = Identity().team_id  # of the local workspace
PROBE, FIX, VISITOR = "postmedic-probe", "postmedic-fix", "visitor"


def enrol(lab: Lab, names: Iterable[str] = ("mx12", "mx13")) -> None:
    """Install the dispatchers of the present catalogues; they are part of the hosts' clean state from then on."""
    probes = {fact.probe.name: fact.probe for fact in FACTS.values()}.values()
    keys = {who: Path(f"{path}.pub").read_text().strip() for who, path in ((PROBE, lab.keys.probe), (FIX, lab.keys.fix))}
    files = {
        f"{HOME}/read": (render(probes), 0o755),
        f"{HOME}/root-read": (render_root(probes), 0o755),
        f"{HOME}/fix-entry": (render_fix_entry(), 0o755),
        f"{HOME}/fix": (render_fix(OPERATIONS.values()), 0o755),
        "/etc/sudoers.d/postmedic": (render_sudoers(probe=PROBE, fix=FIX), 0o440),
        f"/var/lib/{PROBE}/.ssh/authorized_keys": (f'restrict,command="{HOME}/read" {keys[PROBE]}\n', 0o644),
        f"/var/lib/{FIX}/.ssh/authorized_keys": (f'restrict,command="{HOME}/fix-entry" {keys[FIX]}\n', 0o644),
    }
    for name in names:
        lab[name].prepare({path: (text.encode(), mode) for path, (text, mode) in files.items()})


def write_inventory(
    lab: Lab, path: Path, approvers: str = '{ users = ["U0BEN", "U0CHEN"] }', *, ordinary: bool = False
) -> Path:
    """Write an inventory of the lab's mail hosts; they are reached through the lab's relay ports on loopback.

    `ordinary`: by an account that `admit` made, and without one for fixes.
    """
    accounts = _ACCOUNTS[ordinary].format(probe=lab.keys.probe, fix=lab.keys.fix)
    tables = (_table(lab[name], f"{accounts}approvers = {approvers}\n") for name in ("mx12", "mx13"))
    listed = people(path.parent, {"ben": f"{TEAM}/U0BEN", "chen": f"{TEAM}/U0CHEN"})
    path.write_text("\n".join([*tables, listed]), encoding="utf-8")
    path.chmod(0o600)
    return path


def admit(lab: Lab, host: Host) -> None:
    """Make an account with a login and no rights, as hosts have that nobody enrolled."""
    home = f"/home/{VISITOR}"
    host.run(
        f"""
        useradd --create-home --shell /bin/sh {VISITOR}
        install -d -m 700 -o {VISITOR} -g {VISITOR} {home}/.ssh
        echo '{Path(f"{lab.keys.probe}.pub").read_text().strip()}' > {home}/.ssh/authorized_keys
        """,
        check=True,
    )


def _table(host: Host, rest: str) -> str:
    return f"""\
[[host]]
name = "{host.name}"
aliases = ["{host.name}.lab.example"]
address = "127.0.0.1"
port = {host.ssh_port}
host_keys = ["{" ".join(host.host_key.split()[:2])}"]
{rest}"""


_ACCOUNTS = {
    True: f"""reader = {{{{ user = "{VISITOR}", key = "{{probe}}" }}}}
enrolled = false
""",
    False: f"""reader = {{{{ user = "{PROBE}", key = "{{probe}}" }}}}
writer = {{{{ user = "{FIX}", key = "{{fix}}" }}}}
enrolled = true
""",
}


__all__ = ["FIX", "PROBE", "VISITOR", "admit", "enrol", "facts", "operations", "write_inventory"]
