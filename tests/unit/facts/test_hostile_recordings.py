"""Can a hostile host crash or stall the parsers of logins, tables and sending? Mutations of what the recorded cases hold."""

from __future__ import annotations

import random
import time

import pytest

from bot.facts.base import FACTS, refusal
from bot.knowledge import library
from bot.knowledge.cases import cases
from bot.model.fact import Unknown
from bot.model.probe import Reading
from tests.unit.facts.test_hostile import mutated

MINE = (
    "dovecot-auth",
    "outbound",
    "queue",
    "relay",
    "sasl",
    "sasl-socket",
    "saslauthd-auth",
    "smtpd-conf",
    "tables",
    "tcp-banner",
)
ROUNDS = 600


def recordings() -> dict[str, list[Reading]]:
    found: dict[str, list[Reading]] = {}
    for folder in library.entries(library.BUILT_IN):
        for case in cases(folder):
            for key, reading in case.readings.items():
                if reading.exit == 0:
                    found.setdefault(key.split()[0], []).append(reading)
    return found


RECORDED = recordings()


@pytest.mark.parametrize("name", MINE)
def test_mutations_never_raise(name: str) -> None:
    fact, chance = FACTS[name], random.Random(name)
    originals = RECORDED[fact.probe.name]
    for _ in range(ROUNDS):
        original = chance.choice(originals)
        text = mutated(chance, original.stdout)
        reading = Reading(key=original.key, exit=chance.choice((0, 0, 1)), stdout=text, truncated=chance.random() < 0.1)
        started = time.perf_counter()
        value = refusal(reading) or fact.parse(reading, *original.key.split()[1:])
        assert time.perf_counter() - started < 0.25, "a bound far above what any answer needs, for a busy machine"
        if isinstance(value, Unknown):
            assert len(value.detail) < 120


@pytest.mark.parametrize("name", MINE)
def test_recordings_parse(name: str) -> None:
    values = [FACTS[name].parse(one, *one.key.split()[1:]) for one in RECORDED[FACTS[name].probe.name]]
    assert any(not isinstance(value, Unknown) for value in values)


def test_no_recording_holds_a_local_part_of_a_queued_address() -> None:
    for reading in RECORDED["queue"]:
        assert '"address": "@' in reading.out or '"address"' not in reading.out
