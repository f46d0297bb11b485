"""What changed on a lab host between two moments: every file of its disk, compared.

Reads from outside, through /proc, so that looking changes nothing on the host. Left out, and only these: the kernel's
and the running system's file systems (/proc, /sys, /dev, /run), which are not on the disk; /var/spool/postfix/pid, where
Postfix keeps what others keep in /run (its first showq writes a lock file there, whoever asks); the random state and the
session cache of its TLS manager, which it writes when a first client connects and when it ends; and /var/log, because a log
line is the honest trace of a connection.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field

_TLS_MANAGER = {"/var/lib/postfix/prng_exch", "/var/lib/postfix/smtp_scache.db", "/var/lib/postfix/smtpd_scache.db"}
LEFT_OUT = frozenset({"/proc", "/sys", "/dev", "/run", "/var/spool/postfix/pid", "/var/log"} | _TLS_MANAGER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file as it was: type and permission bits, owner, size in bytes (0 for a folder), mtime in ns, and what it holds.

    `changed` is its ctime in ns, which no program can set; two entries are the same whatever it is.
    """

    mode: int
    owner: tuple[int, int]
    size: int
    mtime: int
    content: str
    changed: int = field(compare=False)


def snapshot(root: str, earlier: Mapping[str, Entry] | None = None) -> dict[str, Entry]:
    """Read every file under a root; keys are absolute paths as the host sees them.

    With an `earlier` snapshot, files whose ctime is as it was then are not read again: nothing can have written to them.
    """
    known = earlier or {}
    found: dict[str, Entry] = {}
    for path in _walk(root, root):
        # A queue file may leave between being listed and being read: then it is simply not there.
        with contextlib.suppress(FileNotFoundError):
            name = path[len(root) :] or "/"
            found[name] = _entry(path, known.get(name))
    return found


def diff(before: Mapping[str, Entry], after: Mapping[str, Entry]) -> dict[str, tuple[Entry | None, Entry | None]]:
    """Paths that differ, with both states; None where the path did not exist."""
    paths = sorted(before.keys() | after.keys())
    pairs = {path: (before.get(path), after.get(path)) for path in paths}
    return {path: pair for path, pair in pairs.items() if pair[0] != pair[1]}


def _walk(folder: str, root: str) -> list[str]:
    found = [folder]
    for item in os.scandir(folder):
        if item.path[len(root) :] in LEFT_OUT:
            continue
        if item.is_dir(follow_symlinks=False):
            found.extend(_walk(item.path, root))
        else:
            found.append(item.path)
    return found


def _entry(path: str, earlier: Entry | None) -> Entry:
    status = os.lstat(path)
    content = ""
    if earlier is not None and earlier.changed == status.st_ctime_ns:
        content = earlier.content
    elif stat.S_ISLNK(status.st_mode):
        content = os.readlink(path)
    elif stat.S_ISREG(status.st_mode):
        with open(path, "rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
    return Entry(
        mode=status.st_mode,
        owner=(status.st_uid, status.st_gid),
        size=0 if stat.S_ISDIR(status.st_mode) else status.st_size,
        mtime=status.st_mtime_ns,
        content=content,
        changed=status.st_ctime_ns,
    )
