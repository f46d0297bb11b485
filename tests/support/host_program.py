"""The host's program for fixes as it really runs, in a folder, with one operation that leaves a line each time it runs.

It runs as root without a host: `prepared(folder)`, then `said(folder)`. Its journal is beside it, and so is `effects`.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

from bot.connectors.dispatcher import render_fix
from tests.contract.hosts.catalogue import Operation

# It ends with 3: a status that was lost must not read as 0.
EFFECT = Operation(name="append", parameters={"file": "path"}, script='echo ran >>"/$1"\necho finished\nexit 3')
# A step that waits until a file is there.
WAITING = Operation(name="wait", parameters={"file": "path"}, script='until [ -e "/$1" ]; do sleep 0.1; done', seconds=60)
# A host without systemd, wherever this runs: what the program starts is below it then, and dies with it.
HIDDEN = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs tmpfs /run && exec "$0"']
APART = HIDDEN if Path("/run/systemd/system").is_dir() else []


def prepared(folder: Path) -> Path:
    """Put the host's program for fixes into a folder, with its journal beside it."""
    folder.mkdir()
    (folder / "fix").write_text(render_fix([EFFECT, WAITING], journal=str(folder / "journal")))
    (folder / "fix").chmod(0o755)
    return folder


def said(folder: Path, die_at: int | str | None = None, verb: str = "run") -> str:
    """Send the step to the host's program as the account for fixes does; `die_at` as in `killed_at`. Gives what it said."""
    tracer = [] if die_at is None else [sys.executable, "-m", "tests.support.killed_at", str(die_at), str(folder)]
    words = "run e1 0 append " + str(folder / "effects")[1:] if verb == "run" else "ask e1 0"
    done = subprocess.run(
        [*tracer, *APART, folder / "fix"], input=words, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stderr == "", done.stderr
    return done.stdout


def waits(folder: Path) -> bool:
    """Whether somebody waits for the end of the step."""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "comm").read_text() == "flock\n" and os.readlink(process / "fd/9") == f"{folder}/journal/e1/0.lock":
                return True
    return False
