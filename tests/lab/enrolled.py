"""How is a lab host reached as postmedic reaches it? By the script an administrator runs, or by an ordinary account."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bot.connectors.enrolment import FIX_USER as FIX
from bot.connectors.enrolment import PROBE_USER as PROBE
from bot.connectors.enrolment import Kit, script
from bot.connectors.ssh_connection import public_key
from bot.execution.enrolment import expected, programs
from bot.model.host import Account, Approvers, Via
from bot.model.host import Host as Known
from bot.sandbox.hosts import people
from bot.sandbox.slack.identity import Identity
from tests.lab import Host, Keys, Lab

TEAM = Identity().team_id  # of the local workspace
VISITOR = "visitor"


def enrolled_lab() -> Lab:
    """Start a lab whose mail hosts an administrator enrolled before their first boot, with the present catalogues."""
    return Lab.up(enrolment=enrolling)


def enrolling(keys: Keys, host: str, others: Mapping[str, str] | None = None) -> str:
    """The script that enrols a host; `others` are programs instead of those of the catalogues."""
    probe, fix = public_key(str(keys.probe)), public_key(str(keys.fix))
    kit = Kit(host=host, version=expected().version, programs=others or programs(), probe_key=probe, fix_key=fix)
    return script(kit, probe_key=str(keys.probe), fix_key=str(keys.fix))


def known(lab: Lab, host: Host) -> Known:
    """The enrolled host as the inventory knows it."""
    return Known(
        name=host.name,
        address="127.0.0.1",
        port=host.ssh_port,
        host_keys=(host.host_key,),
        reader=Account(user=PROBE, key=str(lab.keys.probe)),
        writer=Account(user=FIX, key=str(lab.keys.fix)),
        via=Via.ENROLLED,
        approvers=Approvers(),
    )


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
