"""Is there room on this machine for more lab hosts? Their systemds share one small budget of inotify instances per user.

A host that gets none freezes while it boots. Never raises the budget: that would change the machine.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lab.host import LabError

INSTANCES = 7  # of one host: 5 once it is up, and some for logins
PATIENCE = 300.0  # seconds, until other labs have ended
_LIMIT = Path("/proc/sys/fs/inotify/max_user_instances")
_LIBC = ctypes.CDLL(None, use_errno=True)


@contextmanager
def starting(lock: Path, hosts: int) -> Iterator[None]:
    """Wait for room for this many hosts, and let no other lab start meanwhile; raises LabError where none is to be had."""
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        deadline = time.monotonic() + PATIENCE
        while not _room(hosts * INSTANCES):
            if time.monotonic() > deadline:
                limit = _LIMIT.read_text().strip()
                raise LabError(
                    f"{hosts} hosts need {hosts * INSTANCES} inotify instances, and other programs of this user hold the rest "
                    f"of the {limit} there are: end other labs, or raise it with: sysctl fs.inotify.max_user_instances=1024"
                )
            time.sleep(1)
        yield


def _room(instances: int) -> bool:
    opened: list[int] = []
    try:
        while len(opened) < instances and (descriptor := _LIBC.inotify_init1(os.O_CLOEXEC)) >= 0:
            opened.append(descriptor)
        return len(opened) == instances
    finally:
        for descriptor in opened:
            os.close(descriptor)
