"""How does an administrator run the role of the project? `ansible-playbook` over SSH, with a login that may become root."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.lab import Host, Lab

LOGIN = "ops"
_PLAYBOOK = Path(__file__).parents[2] / "deploy/host/playbook.yml"
_RECAP = re.compile(r"changed=(\d+) +unreachable=0 +failed=(\d+)")


def administered(host: Host, key: Path) -> None:
    """Let the key's owner log in as `LOGIN`, who may become root."""
    host.run(
        f"""
        install -d -m 700 -o {LOGIN} /home/{LOGIN}/.ssh
        echo '{key.with_suffix(".pub").read_text().strip()}' >/home/{LOGIN}/.ssh/authorized_keys
        echo '{LOGIN} ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/{LOGIN}
        chmod 440 /etc/sudoers.d/{LOGIN}
        """,
        check=True,
    )


def play(lab: Lab, host: Host, key: Path, folder: Path) -> tuple[int, int, str]:
    """Run the role, started in the folder of `postmedic-files`: how many tasks changed and failed, and what was said."""
    variables = f"ansible_host=127.0.0.1 ansible_port={host.ssh_port} ansible_user={LOGIN} ansible_ssh_private_key_file={key}"
    known = f"-o UserKnownHostsFile={lab.folder}/known_hosts"
    (settings := folder / "ansible.cfg").touch()  # instead of one's own
    program = Path(sys.executable).with_name("ansible-playbook")
    done = subprocess.run(
        [program, "--inventory", f"{host.name},", "--extra-vars", variables, "--ssh-common-args", known, _PLAYBOOK],
        # The folder of the lab is short, as the name of a socket must be, and goes with it.
        env=os.environ
        | {
            "ANSIBLE_CONFIG": str(settings),
            "ANSIBLE_HOME": str(lab.folder),
            "ANSIBLE_PIPELINING": "1",
            "LC_ALL": "C.UTF-8",
            "PWD": str(folder),
        },
        cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    recap = _RECAP.search(done.stdout)
    assert recap is not None, done.stdout + done.stderr
    return int(recap[1]), int(recap[2]), done.stdout + done.stderr
