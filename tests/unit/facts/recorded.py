"""What did real hosts answer? Recorded on Debian 12 (Postfix 3.7) and Debian 13 (3.10), healthy and broken; never invented.

The states: healthy; loopback-down (lo is down, inet_interfaces also names 192.0.2.7, mynetworks is not set, sendmail is gone);
aliases (of all kinds, one to nobody; sendmail not executable); names (localhost moved, one name unknown; a foreign sendmail);
broken-main-cf (a line without `=`, no /etc/hosts, loopback flushed). Wherever a secret could slip out stands CANARY.
"""

from __future__ import annotations

import json
from pathlib import Path

import bot.facts
from bot.facts.base import FACTS
from bot.model.probe import Reading

assert bot.facts.__all__
RELEASES = ("debian12", "debian13")
STATES: dict[str, dict[str, dict[str, object]]] = json.loads((Path(__file__).parent / "readings.json").read_text())


def reading(state: str, key: str) -> Reading:
    """The recorded reading of a request in a state such as `debian12 healthy`."""
    one = STATES[state][key]
    code, stdout = one["exit"], one["stdout"]
    assert isinstance(code, int)
    assert isinstance(stdout, str)
    return Reading(key=key, exit=code, stdout=stdout.encode())


def measured(state: str, name: str, *arguments: str) -> object:
    """The value of a fact from the recorded reading."""
    fact = FACTS[name]
    key = " ".join((fact.probe.name, *fact.probe_arguments(*arguments)))
    return fact.parse(reading(state, key), *arguments)


def answer(stdout: str, exit: int = 0) -> Reading:
    """A reading with this output."""
    return Reading(key="probe", exit=exit, stdout=stdout.encode())
