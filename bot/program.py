"""Which program is this? One digest over every file it is made of, which a clone of the release gives as well.

How to make it there without the program stands in deploy/RUNBOOK.md, and a test does so.
"""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path

NAME = "postmedic"
ROOT = Path(__file__).parent.parent
PARTS = ("bot", "handlers", "knowledge", "deploy/host")  # the program, what it knows, and what it prints for hosts


def digest(root: Path = ROOT) -> str:
    """SHA-256 over the names and the SHA-256 of all files, without what Python itself writes beside them."""
    found = (path for part in PARTS for path in (root / part).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    named = sorted((path.relative_to(root).as_posix().encode(), path) for path in found)
    whole = hashlib.sha256()
    for name, path in named:
        whole.update(hashlib.sha256(path.read_bytes()).hexdigest().encode() + b"  " + name + b"\n")
    return whole.hexdigest()


def release() -> str:
    """The version as the project's metadata has it."""
    return version(NAME)
