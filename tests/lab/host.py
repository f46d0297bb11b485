"""One lab host: a booted Debian with real Postfix, how to run something on it, and how to make it new again.

Never keeps a change across `reset` except the files given to `prepare`.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

from tests.lab.filesystem import Entry, snapshot

if TYPE_CHECKING:
    from tests.lab.enclosure import Enclosure

_ENVIRONMENT = (
    "env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME=/root", "LANG=C.UTF-8", "TERM=dumb",
)  # fmt: skip
_BOOT_SECONDS = 120.0
_MAIL = "SYSLOG_FACILITY=2"


class LabError(Exception):
    """The lab itself did not do what it was asked; says what happened and what it printed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a command on a host came to: exit code and text of both outputs."""

    rc: int
    out: str
    err: str


class Host:
    """One host of a lab; `name`, `address` (inside the lab), `ssh_port` (on 127.0.0.1), `host_key` (public key line)."""

    def __init__(self, name: str, address: str, enclosure: Enclosure, trees: str, control_groups: list[Path]) -> None:
        self.name = name
        self.address = address
        self.ssh_port = 0
        self.host_key = ""
        self._enclosure = enclosure
        self._lower = trees
        self._control_groups = control_groups
        self._place = f"/run/lab/{name}"
        self._prepared: dict[str, tuple[bytes, int]] = {}
        self._machine: subprocess.Popen[bytes] | None = None
        self._leader = 0

    @property
    def leader(self) -> int:
        """The process id, as this machine counts, of the host's systemd; 0 while it is down."""
        return self._leader

    def customise(self, *scripts: tuple[Path, tuple[str, ...]]) -> None:
        """Run scripts in the tree before its first boot; what they write becomes part of the clean state."""
        self._mount("layer", self._lower)
        root = f"{self._place}/root"
        for script, arguments in scripts:
            self._enclosure.call(
                "chroot", root, *_ENVIRONMENT, "sh", "-s", "--", *arguments, stdin=script.read_bytes()
            )  # fmt: skip
        key = Path(f"/proc/{self._enclosure.pid}/root{root}/etc/ssh/ssh_host_ed25519_key.pub")
        self.host_key = " ".join(key.read_text().split()[:2])
        self._enclosure.call("umount", root)
        self._lower = f"{self._place}/layer:{self._lower}"

    def boot(self) -> None:
        """Start from the clean state and wait until every unit is up; raises LabError naming those that failed."""
        self._mount("changes", self._lower)
        self._unpack(self._prepared, self._enclosure.inside("chroot", f"{self._place}/root"))
        for folder in self._control_groups:
            folder.mkdir(parents=True, exist_ok=True)
        join = "".join(f"echo $$ > '{folder}/cgroup.procs'; " for folder in self._control_groups)
        nspawn = self._enclosure.inside(
            "systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit", "--network-bridge=br0",
            f"--machine={self.name}", "--resolv-conf=off", "--timezone=off", "--link-journal=no", "--console=pipe",
            "--directory", f"{self._place}/root",
        )  # fmt: skip
        self._machine = subprocess.Popen(
            ["sh", "-c", f'{join} exec "$@"', "sh", *nspawn],
            # Both kinds of machine, old and new control groups, then give a host the one its systemd wants.
            env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        self._wait_until_up(time.monotonic() + _BOOT_SECONDS)

    def stop(self) -> None:
        """End every process of the host at once, as pulling the plug would."""
        if self._machine is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._leader or self._machine.pid, signal.SIGKILL)
        self.reap()
        self._enclosure.call("umount", f"{self._place}/root")

    def reap(self) -> None:
        """Wait for the end of a host whose processes were told, or made, to end."""
        if self._machine is not None:
            self._machine.wait(timeout=10)
        self._machine, self._leader = None, 0

    def reset(self) -> None:
        """Throw away everything that changed and boot again; files given to `prepare` are put back."""
        self.stop()
        self.boot()

    def run(self, command: str, *, timeout: float = 30.0, stdin: bytes = b"", check: bool = False) -> Result:
        """Run shell text as root on the host; raises TimeoutError after `timeout` s, LabError on rc ≠ 0 if `check`."""
        arguments = self._inside("timeout", "--kill-after=2", str(timeout), "bash", "-c", command)
        started = time.monotonic()
        # Files, not pipes: a daemon started by the command may keep its output open for ever.
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            given.write(stdin)
            given.seek(0)
            done = subprocess.run(arguments, stdin=given, stdout=out, stderr=err, timeout=timeout + 5, check=False)
            texts = [_text(file) for file in (out, err)]
        if done.returncode in (124, 137) and time.monotonic() - started >= timeout:
            raise TimeoutError(f"{self.name}: no end after {timeout} s: {command}")
        if check and done.returncode != 0:
            raise LabError(f"{self.name}: {command}\nended with {done.returncode}:\n{texts[0]}{texts[1]}")
        return Result(rc=done.returncode, out=texts[0], err=texts[1])

    def prepare(self, files: Mapping[str, tuple[bytes, int]]) -> None:
        """Install files as root: absolute path → (content, mode); they are part of the clean state from now on."""
        self._prepared.update(files)
        self._unpack(files, self._inside())

    def mark(self) -> str:
        """A place in the mail log; give it to `logs` to read what came after; empty while the log of this boot is."""
        # After an entry that does not pass the filter of `logs`, systemd 252 leaves out the first one that does.
        shown = self.run(f"journalctl --sync; journalctl --quiet --boot --lines=1 --show-cursor {_MAIL}", check=True).out
        return shown.partition("cursor: ")[2].strip()

    def logs(self, since: str = "") -> list[str]:
        """The mail log lines as an administrator sees them, all of this boot or those after a mark."""
        after = f"--after-cursor='{since}'" if since else "--boot"
        # What a program said just now may still wait in the journal's socket; `--sync` returns once it stands in the journal.
        return self.run(f"journalctl --sync; journalctl --quiet --output=short {after} {_MAIL}", check=True).out.splitlines()

    def snapshot(self, earlier: Mapping[str, Entry] | None = None) -> dict[str, Entry]:
        """Every file of the host's disk as it is now; `filesystem.LEFT_OUT` says what is not compared.

        An `earlier` one of the same boot makes it quick.
        """
        return snapshot(f"/proc/{self._leader}/root", earlier)

    def _inside(self, *command: str) -> list[str]:
        return inside(self._leader, *command)

    def _mount(self, upper: str, lower: str) -> None:
        place = self._place
        self._enclosure.call("rm", "-rf", f"{place}/{upper}", f"{place}/work")
        self._enclosure.call("mkdir", "-p", f"{place}/{upper}", f"{place}/work", f"{place}/root")
        layers = f"lowerdir={lower},upperdir={place}/{upper},workdir={place}/work"
        self._enclosure.call("mount", "-t", "overlay", "overlay", "-o", layers, f"{place}/root")

    def _unpack(self, files: Mapping[str, tuple[bytes, int]], prefix: list[str]) -> None:
        if not files:
            return
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for path, (content, mode) in files.items():
                member = tarfile.TarInfo(str(PurePosixPath(path).relative_to("/")))
                member.size, member.mode, member.mtime = len(content), mode, int(time.time())
                archive.addfile(member, io.BytesIO(content))
        done = subprocess.run([*prefix, "tar", "-x", "-p", "-C", "/"], input=packed.getvalue(), capture_output=True)
        if done.returncode != 0:
            raise LabError(f"{self.name}: files could not be installed:\n{done.stderr.decode(errors='replace')}")

    def _wait_until_up(self, deadline: float) -> None:
        assert self._machine is not None
        state = "no systemd"
        while time.monotonic() < deadline and self._machine.poll() is None:
            self._leader = self._leader or _leader(self._machine.pid)
            if self._leader:
                state = self.run("systemctl is-system-running --wait", timeout=deadline - time.monotonic()).out.strip()
            if state == "running":
                return
            if state == "degraded":
                raise LabError(f"{self.name} booted, but units failed:\n{self.run('systemctl --failed').out}")
            time.sleep(0.05)
        raise LabError(f"{self.name} did not boot within {_BOOT_SECONDS:.0f} s: {state}")


def inside(leader: int, *command: str) -> list[str]:
    """The argument list that runs a command as root in every namespace of the host with this init process."""
    return ["nsenter", "--target", str(leader), "--all", "--root", "--wd", "--", *_ENVIRONMENT, *command]


def _leader(pid: int) -> int:
    """The init process of the container below a process, or 0 while there is none."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    spaces = next(line for line in status.splitlines() if line.startswith("NSpid:")).split()[1:]
    if len(spaces) > 2 and spaces[-1] == "1":
        return pid
    return next((found for child in children if (found := _leader(int(child)))), 0)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")
