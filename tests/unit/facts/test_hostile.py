"""Can a hostile host crash or stall a parser? Mutations of real output must give a value or Unknown, quickly."""

from __future__ import annotations

import random
import time

import pytest

from bot.facts.base import FACTS
from bot.model.fact import Unknown
from bot.model.probe import Reading
from tests.unit.facts.recorded import STATES

ROUNDS = 400
SPICE = (
    b"\x00",
    b"\xff\xfe",
    b"\n",
    b" ",
    b"=",
    b"[",
    b"{",
    b"-1",
    b"9" * 400,
    "٣".encode(),
    b"1e308",
    b"\xed\xa0\x80",
    b"end\n",
    b"\r",
)
CASES = [
    (name, fact.probe.name, key.split()[1:])
    for name, fact in FACTS.items()
    for key in STATES["debian12 healthy"]
    if key.split()[0] == fact.probe.name
]


def mutated(chance: random.Random, text: bytes) -> bytes:
    for _ in range(chance.randint(1, 6)):
        at, end = sorted((chance.randint(0, len(text)), chance.randint(0, len(text))))
        text = chance.choice(
            (text[:at], text[:at] + chance.choice(SPICE) + text[at:], text[:at] + text[end:], text + text[at:end])
        )
    return text


@pytest.mark.parametrize(("name", "probe", "tokens"), CASES, ids=[f"{name} {' '.join(t)}" for name, _, t in CASES])
def test_mutations_never_raise(name: str, probe: str, tokens: list[str]) -> None:
    chance = random.Random(name)
    arguments = tokens if FACTS[name].parameters and tokens else ["inet_interfaces"] * len(FACTS[name].parameters)
    key = " ".join((probe, *tokens))
    originals = [str(state[key]["stdout"]).encode() for state in STATES.values() if key in state]
    for _ in range(ROUNDS):
        text = mutated(chance, chance.choice(originals))
        reading = Reading(key=key, exit=chance.choice((0, 0, 1)), stdout=text, truncated=chance.random() < 0.1)
        started = time.perf_counter()
        value = FACTS[name].parse(reading, *arguments)
        assert time.perf_counter() - started < 0.25, "a bound far above what any answer needs, for a busy machine"
        if isinstance(value, Unknown):
            assert "\x00" not in value.detail
            assert len(value.detail) < 120
