"""`postmedic knowledge new ID`: begin an entry in a folder of entries, with a first signature made of a real log line."""

from __future__ import annotations

import sys
from argparse import Namespace

from bot.authoring.scaffold import begin
from bot.cli.pasted import pasted
from bot.cli.setting_up import settings
from bot.cli.status import Status
from bot.knowledge.library import BUILT_IN


def run(arguments: Namespace) -> int:
    """Write the entry and say what comes next."""
    given = settings(arguments)
    roots = (BUILT_IN, *given.knowledge_paths)
    root = arguments.folder or (given.knowledge_paths or roots)[0]
    paste = pasted(arguments.paste) if arguments.paste else ""
    begun = begin(arguments.id, root, roots, paste)
    print(begun.path)
    if begun.signature:
        print(f"signature: {begun.signature}")
    elif arguments.paste:
        print("No line of the paste has enough fixed text for a signature: write it by hand.", file=sys.stderr)
    if root.resolve() not in {one.resolve() for one in roots}:
        print(
            f"{root} is not in knowledge_paths: add it to the settings, or export POSTMEDIC_KNOWLEDGE_PATHS={root}",
            file=sys.stderr,
        )
    print(f"Next: postmedic knowledge check {arguments.id}")
    return Status.FINE
