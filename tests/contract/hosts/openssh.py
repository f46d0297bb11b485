"""A real sshd on loopback whose accounts have the rendered dispatchers as forced commands."""

from __future__ import annotations

import contextlib
import getpass
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bot.connectors.dispatcher import Change, render, render_fix, render_fix_entry, render_root
from bot.model.host import Account, Approvers, Host, Via
from bot.model.probe import Probe
from tests.contract.hosts.catalogue import OPERATIONS, PROBES

CONFIG = """
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
MaxStartups 200
LogLevel {log_level}
"""


def new_key(file: Path) -> str:
    """Make an ed25519 key pair and give its public line without the comment."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", file], check=True)
    return file.with_suffix(".pub").read_text().strip()


def install(folder: Path, *, probes: Sequence[Probe] = PROBES, operations: Sequence[Change] = OPERATIONS) -> None:
    """Write the dispatchers as the enrolment does, but into `folder`."""
    texts = {
        "read": render(probes, root_read=str(folder / "root-read")),
        "root-read": render_root(probes),
        "fix": render_fix(operations, journal=str(folder / "journal")),
        "fix-entry": render_fix_entry(fix=str(folder / "fix")),
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    (folder / "version").write_text("0.0.0\n")


@contextlib.contextmanager
def sshd(
    folder: Path,
    *,
    probes: Sequence[Probe] = PROBES,
    operations: Sequence[Change] = OPERATIONS,
    log_level: str = "ERROR",
) -> Iterator[Host]:
    """Run an sshd that writes `sshd.log` in `folder`; the `shell` key there logs in to an ordinary shell."""
    install(folder, probes=probes, operations=operations)
    host_key, probe, fix, shell = (new_key(folder / name) for name in ("host_key", "probe_key", "fix_key", "shell_key"))
    (folder / "authorized_keys").write_text(
        f'restrict,command="{folder}/read" {probe}\nrestrict,command="{folder}/fix-entry" {fix}\nrestrict {shell}\n'
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "sshd_config").write_text(CONFIG.format(port=port, folder=folder, log_level=log_level))
    os.makedirs("/run/sshd", exist_ok=True)
    daemon = subprocess.Popen(["/usr/sbin/sshd", "-D", "-E", folder / "sshd.log", "-f", folder / "sshd_config"])
    try:
        for _ in range(600):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        user = getpass.getuser()
        yield Host(
            name="mail01",
            address="127.0.0.1",
            port=port,
            host_keys=(host_key,),
            reader=Account(user=user, key=str(folder / "probe_key")),
            writer=Account(user=user, key=str(folder / "fix_key")),
            via=Via.ENROLLED,
            approvers=Approvers(),
        )
    finally:
        daemon.terminate()
        daemon.wait()
