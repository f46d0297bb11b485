"""Which entries of one's own are in use beside the built-in ones? Reads their folders at the start and whenever they change.

A state of the folders is used whole or not at all: when it loads, passes every check, and leaves the built-in entries' cases
as they were. Otherwise what was good last stays in use, which is at the start the built-in entries alone. The built-in entries
are read once: they belong to the program that runs.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from bot.authoring.cases import run
from bot.authoring.check import checked
from bot.engine import Known, compiled
from bot.errors import KnowledgeError
from bot.knowledge import library
from bot.knowledge.cases import cases
from bot.knowledge.seal import SEAL
from bot.render.visible import visible

LOG = logging.getLogger(__name__)
LOOK_SECONDS = 3.0
_MOST_NAMED = 5  # findings in the message; `postmedic knowledge check` names all

Stamp = tuple[tuple[str, int, int, int], ...]


class Shelf:
    """The entries in use, and the folders they come from."""

    def __init__(self, own: Sequence[Path], *, pinned: str = "", signers: Path | None = None) -> None:
        """Read the built-in entries; raises `KnowledgeError` when they cannot be used, as nothing could then be recognised.

        With `pinned`, the digest of all entries that were reviewed, nothing else than exactly those is ever used; with
        `signers`, the file of those who may sign, no folder that none of them signed.
        """
        self._own = tuple(own)
        self._pinned = pinned
        self._signers = signers
        self._stamp: Stamp = ()
        self.known = compiled(library.load(pinned="" if own else pinned))
        self._built_in = self.known.library
        self._cases = {name: cases(self._built_in.folders[name]) for name in self._built_in} if own else {}

    async def read(self) -> Known:
        """Take the folders as they are now if they are sound, else keep what is in use and say why.

        Raises `KnowledgeError` at the start when they are not the entries that are pinned, or not signed and sound.
        """
        if not self._own:
            return self.known
        self._stamp = await asyncio.to_thread(stamp, self._own, self._signers)
        try:
            self.known = await asyncio.to_thread(asyncio.run, self._sound())
        except KnowledgeError as error:
            strict = self._pinned or self._signers  # the built-in entries alone are not what was asked for
            if strict and self.known.library is self._built_in:
                raise
            self.known = replace(self.known, refused=visible(str(error)))
        return self.known

    async def watch(self, use: Callable[[Known], None], *, every: float = LOOK_SECONDS) -> None:
        """Look at the folders until cancelled and hand over what is known after each change, once its write has ended."""
        seen = self._stamp
        while self._own:
            await asyncio.sleep(every)
            now = await asyncio.to_thread(stamp, self._own, self._signers)
            if now == seen and now != self._stamp:
                use(await self.read())
            seen = now

    async def _sound(self) -> Known:
        """The built-in entries and one's own; raises `KnowledgeError` unless every check passes."""
        known = compiled(library.load(self._own, beside=self._built_in, pinned=self._pinned, signers=self._signers))
        try:
            own = [one for name, one in known.library.items() if name not in self._built_in]
            findings = await checked(known.library, own, known.matcher)
        except OSError as error:
            detail = f"it cannot be read: {error.strerror}"
            raise KnowledgeError(where=error.filename, detail=detail, hint="look at its rights") from error
        for name, recorded in self._cases.items():
            for case in recorded:
                findings += await run(self._built_in[name], case, known.matcher)
        wrong = [str(one) for one in findings if one.error]
        if wrong:
            more = f" … and {len(wrong) - _MOST_NAMED} more" if len(wrong) > _MOST_NAMED else ""
            detail = " ".join(wrong[:_MOST_NAMED]) + more
            raise KnowledgeError(where=f"{len(wrong)} to mend", detail=detail, hint="`postmedic knowledge check` names all")
        return known


def announce(known: Known) -> None:
    """Say in the log what is in use from now on."""
    if known.refused:
        LOG.error("knowledge_paths are not used as they are now; what was good last stays in use: %s", known.refused)
    else:
        LOG.info("%d problems are known", len(known.library))


def stamp(roots: Sequence[Path], signers: Path | None = None) -> Stamp:
    """What tells whether a file was written, made or removed, without reading any."""
    found = []
    forms = ("*/*/problem.yaml", "*/*/cases/*.yaml", SEAL)
    for path in (*(path for root in roots for form in forms for path in root.glob(form)), *((signers,) if signers else ())):
        try:
            state = path.stat()
        except OSError:  # it went away, or may not be looked at; reading it will say why
            found.append((str(path), 0, 0, 0))
        else:
            found.append((str(path), state.st_mtime_ns, state.st_size, state.st_ino))
    return (*((str(root), int(root.is_dir()), 0, 0) for root in roots), *sorted(found))
