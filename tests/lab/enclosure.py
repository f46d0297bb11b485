"""Where do the lab's hosts live, and what makes sure nothing of them outlives the process that started them.

One process holds a network, a mount and a process namespace; a pipe ties it to its owner. When the owner ends in whatever
way, the pipe closes, the holder exits, and the kernel takes every process, mount and interface with it. Never adds an
address, a route, a rule or a mount to the machine itself.
"""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from tests.lab.host import LabError

# /run is the enclosure's own: overlays live there in memory, and systemd-nspawn leaves its traces there.
_HOLD = """
set -e
mount -t tmpfs -o mode=755 lab /run
mkdir /run/lab
ip link set lo up
ip link add br0 type bridge
ip address add 10.77.0.1/24 dev br0
ip link set br0 up
echo ready
set +e
read -r _
"""


class Enclosure:
    """The namespaces of one lab; `inside` starts commands in them, `close` ends everything in them."""

    def __init__(self) -> None:
        self._holder = subprocess.Popen(
            ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "-c", _HOLD],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, text=True,
        )  # fmt: skip
        assert self._holder.stdout is not None
        if self._holder.stdout.readline() != "ready\n":
            self.close()
            raise LabError("the lab's namespaces could not be made: root with CAP_SYS_ADMIN is needed")
        self.pid = int(Path(f"/proc/{self._holder.pid}/task/{self._holder.pid}/children").read_text())

    def inside(self, *command: str) -> list[str]:
        """The argument list that runs a command in the enclosure's three namespaces."""
        return ["nsenter", "--target", str(self.pid), "--mount", "--net", "--pid", "--", *command]

    def call(self, *command: str, stdin: bytes = b"") -> None:
        """Run one command inside and wait; raises LabError with what it printed."""
        done = subprocess.run(self.inside(*command), input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            raise LabError(f"{command[0]} … ended with {done.returncode}:\n{done.stdout.decode(errors='replace')}")

    def close(self) -> None:
        """End the holder and with it everything inside; safe to call twice."""
        if self._holder.stdin is not None:
            self._holder.stdin.close()
        try:
            self._holder.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._holder.kill()
            self._holder.wait()
        if self._holder.stdout is not None:
            self._holder.stdout.close()


def control_groups(name: str) -> list[Path]:
    """The control group folders a lab of this name owns, one per hierarchy that systemd tracks."""
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    kinds = [(fields[1], fields[2], fields[3].split(",")) for fields in mounts]
    roots = [place for place, kind, options in kinds if kind == "cgroup2" or "name=systemd" in options]
    return [Path(root) / name for root in roots]


def remove_control_groups(name: str) -> None:
    """Remove a dead lab's empty control groups, which no namespace takes along when it ends."""
    for top in control_groups(name):
        deadline = time.monotonic() + 5
        while top.is_dir() and time.monotonic() < deadline:
            folders = sorted((path for path in top.rglob("*") if path.is_dir()), key=lambda path: -len(path.parts))
            for folder in [*folders, top]:
                try:
                    folder.rmdir()
                except OSError:
                    # A process that is still exiting keeps its folder busy for a moment.
                    time.sleep(0.02)
