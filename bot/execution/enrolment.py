"""Which programs would this postmedic install on a host? Those of its own catalogues: only a host that has them is mended."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import version

import bot.facts
import bot.operations  # noqa: F401  fills the catalogue
from bot.connectors.dispatcher import render, render_fix, render_fix_entry, render_root
from bot.facts.base import FACTS
from bot.model.enrolment import Enrolment, made_of, telling
from bot.operations.base import OPERATIONS


@cache
def programs() -> Mapping[str, str]:
    """The text of each program by its name."""
    probes = tuple(fact.probe for fact in FACTS.values())
    return {
        "read": render(probes),
        "root-read": render_root(probes),
        "fix-entry": render_fix_entry(),
        "fix": render_fix(OPERATIONS.values()),
    }


@cache
def expected() -> Enrolment:
    """What a host says that was enrolled by this postmedic and is as it was then."""
    return made_of(version("postmedic"), programs())


def answer() -> str:
    """What such a host prints when it is asked for its version."""
    return telling(expected().version, programs())
