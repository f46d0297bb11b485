"""`postmedic version`: which program this is, to hold against a clone of the release or the record's `program.started`."""

from __future__ import annotations

from argparse import Namespace

from bot import program
from bot.cli.status import Status


def run(arguments: Namespace) -> int:
    """Print the version and the digest of the program's files."""
    print(f"{program.NAME} {program.release()} {program.digest()}")
    return Status.FINE
