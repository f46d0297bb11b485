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
    above = {*path.absolute().parents, *path.resolve().parents}
    for folder in sorted(above, key=lambda one: len(one.parts), reverse=True):
        mode = folder.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            return f"everybody may write the folder {folder}, and so replace it; `chmod o-w {folder}`"
    return ""


def shown_to_others(path: Path) -> str:
    """Say why others may read or change a private file, and what closes it; empty when they cannot. Raises `OSError`."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        return f"it is open to others (mode {mode:o}); `chmod 600 {path}`"
    return open_to_others(path)
