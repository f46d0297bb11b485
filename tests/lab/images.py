"""Which clean root file systems exist, and how is a missing one built and cached.

Never hands out a tree whose build did not finish, and never names a package mirror: it asks the machine's apt.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lab.host import LabError

RELEASE_OF = {"mx12": "bookworm", "mx13": "trixie", "relay": "bookworm"}
PACKAGES = (
    "postfix postfix-pcre ssl-cert libsasl2-modules sasl2-bin dovecot-core dnsmasq bind9-dnsutils openssh-server sudo "
    "iproute2 procps nftables openssl cron bsd-mailx swaks netcat-openbsd python3 python3-venv make"
)
_INSTALL = Path(__file__).with_name("install.sh")


def cache() -> Path:
    """The folder that keeps built trees; POSTMEDIC_LAB_CACHE overrides it."""
    return Path(os.environ.get("POSTMEDIC_LAB_CACHE", "/var/cache/postmedic-lab"))


def tree(release: str) -> Path:
    """Where the finished tree of a release belongs; a changed recipe is another folder."""
    recipe = hashlib.sha256(f"{release}\n{PACKAGES}\n".encode() + _INSTALL.read_bytes()).hexdigest()
    return cache() / f"{release}-{recipe[:12]}"


def build(releases: Iterable[str]) -> None:
    """Build the missing trees side by side; raises LabError with the end of the log when one fails."""
    if all(tree(release).is_dir() for release in releases):
        return
    cache().mkdir(parents=True, exist_ok=True)
    with _only_builder() as lock:
        missing = [release for release in dict.fromkeys(releases) if not tree(release).is_dir()]
        for partial in cache().glob("*.partial"):
            shutil.rmtree(partial)
        running = {release: _start(release, lock) for release in missing}
        try:
            for release, process in running.items():
                if process.wait() != 0:
                    raise LabError(f"building the {release} tree failed; the log {_log(release)} ends:\n{_tail(release)}")
                _partial(release).rename(tree(release))
        finally:
            for process in running.values():
                process.kill()
                process.wait()


def _start(release: str, lock: int) -> subprocess.Popen[bytes]:
    command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", str(_INSTALL)]
    with _log(release).open("wb") as log:
        # The build inherits the lock: should its starter be killed, the next one waits instead of racing it.
        return subprocess.Popen(
            [*command, release, str(_partial(release)), _mirror(), PACKAGES],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[lock], start_new_session=True,
        )  # fmt: skip


def _mirror() -> str:
    codename = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    targets = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", f"Release: {codename}"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if not targets.stdout.strip():
        raise LabError(f"apt on this machine has no source for {codename or 'Debian'}: add one, then build again")
    return targets.stdout.split()[0]


def _partial(release: str) -> Path:
    return tree(release).with_suffix(".partial")


def _log(release: str) -> Path:
    return cache() / f"{release}.log"


def _tail(release: str) -> str:
    return "\n".join(_log(release).read_text(errors="replace").splitlines()[-15:])


@contextmanager
def _only_builder() -> Iterator[int]:
    with (cache() / "lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock.fileno()
