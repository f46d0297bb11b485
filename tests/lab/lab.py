"""A set of lab hosts on one bridge: started together, reached over loopback, gone together.

Never leaves a process, mount, interface or control group behind, however it ends; what a killed owner could not remove
(two empty kinds of folder) the next start removes.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from tests.lab import images
from tests.lab.enclosure import Enclosure, control_groups, remove_control_groups
from tests.lab.host import Host, LabError
from tests.lab.room import starting

HOSTS = {"mx12": "10.77.0.12", "mx13": "10.77.0.13", "relay": "10.77.0.10"}
RUNS = Path("/run/postmedic-lab")
_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Paths of the private keys of the two accounts of postmedic; `.pub` beside each."""

    probe: Path
    fix: Path


Enrolment = Callable[[Keys, str], str]  # the script that enrols the host of that name, run before its first boot


class Lab:
    """Running hosts; a context manager, `lab["mx12"]` is one of them."""

    def __init__(self, names: Sequence[str], enrolment: Enrolment | None = None) -> None:
        self._enrolment = enrolment
        self._closing = ExitStack()
        self._loopback: subprocess.Popen[bytes] | None = None
        with ExitStack() as undo:
            self.folder = undo.enter_context(_run_folder())
            self.keys = Keys(probe=_new_key(self.folder / "probe"), fix=_new_key(self.folder / "fix"))
            name = f"postmedic-lab-{self.folder.name}"
            undo.callback(remove_control_groups, name)
            self._enclosure = undo.enter_context(closing(Enclosure()))
            self._hosts = {host: self._place(host, control_groups(name)) for host in names}
            undo.callback(self._end)
            with ThreadPoolExecutor(len(names)) as pool:
                list(pool.map(self._start, self._hosts.values()))
            self._loopback = self._open_loopback()
            self._describe()
            self._closing = undo.pop_all()

    @classmethod
    def up(cls, hosts: Sequence[str] = tuple(HOSTS), enrolment: Enrolment | None = None) -> Lab:
        """Build what is missing, remove what killed runs left, wait for room, boot the hosts; raises LabError.

        With an `enrolment` the mail hosts are enrolled; else every host has the two accounts, with an ordinary shell.
        """
        if unknown := set(hosts) - HOSTS.keys():
            raise LabError(f"no lab host is called {', '.join(sorted(unknown))}; there are {', '.join(HOSTS)}")
        remove_leftovers()
        images.build([images.RELEASE_OF[host] for host in hosts])
        with starting(RUNS / "starting", len(hosts)):
            return cls(hosts, enrolment)

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __getitem__(self, name: str) -> Host:
        return self._hosts[name]

    def __iter__(self) -> Iterator[Host]:
        return iter(self._hosts.values())

    def close(self) -> None:
        """End all hosts and remove everything of this lab; safe to call twice."""
        self._closing.close()

    def inventory(self) -> list[dict[str, str | int]]:
        """One row for each host: name, address, port, host_key, postfix (its version)."""
        return [
            {
                "name": host.name,
                "address": "127.0.0.1",
                "port": host.ssh_port,
                "host_key": host.host_key,
                "postfix": host.run("postconf -h mail_version").out.strip(),
            }
            for host in self
        ]

    def reset(self, *names: str) -> None:
        """Bring the named hosts, or all, back to the clean state side by side."""
        chosen = [self[name] for name in names] or list(self)
        with ThreadPoolExecutor(len(chosen)) as pool:
            list(pool.map(Host.reset, chosen))

    def _place(self, name: str, groups: Sequence[Path]) -> Host:
        tree = str(images.tree(images.RELEASE_OF[name]))
        return Host(name, HOSTS[name], self._enclosure, tree, [top / name for top in groups])

    def _end(self) -> None:
        self._enclosure.close()
        for host in self:
            host.reap()
        if self._loopback is not None:
            self._loopback.wait(timeout=10)

    def _start(self, host: Host) -> None:
        relay = host.name == "relay"
        role = (_HERE / ("role-relay.sh" if relay else "role-mx.sh"), (host.name,))
        if self._enrolment is not None and not relay:
            enrol = self.folder / f"enrol-{host.name}.sh"
            enrol.write_text(self._enrolment(self.keys, host.name), encoding="utf-8")
            host.customise((_HERE / "prepare.sh", (host.name, host.address)), role, (enrol, ()))
        else:
            keys = [key.with_suffix(".pub").read_text().strip() for key in (self.keys.probe, self.keys.fix)]
            host.customise((_HERE / "prepare.sh", (host.name, host.address, *keys)), role)
        host.boot()

    def _open_loopback(self) -> subprocess.Popen[bytes]:
        with ExitStack() as here:
            targets, descriptors = [], []
            for host in self:
                listener = here.enter_context(socket.create_server(("127.0.0.1", 0)))
                host.ssh_port = listener.getsockname()[1]
                descriptors.append(listener.fileno())
                targets.append(f"{listener.fileno()}={host.address}:22")
            program = [sys.executable, str(_HERE / "loopback.py"), *targets]
            inside = ["nsenter", "--target", str(self._enclosure.pid), "--net", "--pid", "--", *program]
            return subprocess.Popen(inside, pass_fds=descriptors, stdin=subprocess.DEVNULL, start_new_session=True)

    def _describe(self) -> None:
        known = [f"[127.0.0.1]:{host.ssh_port} {host.host_key}\n" for host in self]
        (self.folder / "known_hosts").write_text("".join(known))
        (self.folder / "inventory.json").write_text(json.dumps(self.inventory(), indent=2))


def running() -> list[Path]:
    """The folders of the labs that are up, of this or another process."""
    return [folder for folder in RUNS.glob("*/") if not _orphaned(folder)]


def leader(folder: Path, host: str) -> int:
    """The init process of a host of a running lab; raises LabError when it is not up."""
    for top in control_groups(f"postmedic-lab-{folder.name}"):
        members = top / host / "payload/init.scope/cgroup.procs"
        if members.is_file() and (pids := members.read_text().split()):
            return int(pids[0])
    raise LabError(f"no host called {host} is up in the lab {folder.name}")


def remove_leftovers() -> None:
    """Remove the folders of labs whose owner is gone; their namespaces went with the owner."""
    with _alone():
        for folder in RUNS.glob("*/"):
            if _orphaned(folder):
                remove_control_groups(f"postmedic-lab-{folder.name}")
                shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _run_folder() -> Iterator[Path]:
    folder = RUNS / f"{os.getpid()}-{os.urandom(3).hex()}"
    with ExitStack() as held:
        with _alone():
            folder.mkdir(mode=0o700)
            lock = held.enter_context((folder / "lock").open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        held.callback(shutil.rmtree, folder)
        yield folder


@contextmanager
def _alone() -> Iterator[None]:
    RUNS.mkdir(mode=0o700, exist_ok=True)
    with (RUNS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _orphaned(folder: Path) -> bool:
    """Whether a run folder's lock, which the kernel frees when its owner ends, is free."""
    try:
        with (folder / "lock").open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except FileNotFoundError:
        return True
    return True


def _new_key(path: Path) -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", path.name, "-f", str(path)], check=True)
    return path
