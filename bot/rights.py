"""Who else on this machine could change what postmedic believes? It is asked before a file is believed, and changes nothing."""

from __future__ import annotations

import stat
from pathlib import Path


def open_to_others(path: Path) -> str:
    """Say why others could change `path` or put something else in its place, and what closes it; empty when nobody can.

    In a folder with the sticky bit, such as /tmp, nobody can replace the files of others. Raises `OSError`.
    """
    if path.stat().st_mode & stat.S_IWOTH:
        return f"everybody may write it; `chmod o-w {path}`"
    for folder in sorted(_folders(path), key=lambda one: len(one.parts), reverse=True):
        mode = folder.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            return f"everybody may write the folder {folder}, and so replace it; `chmod o-w {folder}`"
    return ""


def _folders(path: Path) -> set[Path]:
    """Every folder that is passed on the way to `path`, those of each link on it too."""
    passed: set[Path] = set()
    at, left = Path("/"), list(path.absolute().parts)
    while left:
        name = left.pop(0)
        if name == "..":
            at = at.parent
        elif (at / name).is_symlink():  # that it ends somewhere was seen by `stat`
            passed.add(at)
            left = [*(at / name).readlink().parts, *left]
        else:
            passed |= {at} if at / name != at else set()
            at /= name
    return passed


def shown_to_others(path: Path) -> str:
    """Say why others may read or change a private file, and what closes it; empty when they cannot. Raises `OSError`."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        return f"it is open to others (mode {mode:o}); `chmod 600 {path}`"
    return open_to_others(path)
