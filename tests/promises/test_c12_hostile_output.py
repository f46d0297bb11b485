"""C12: a hostile host cannot crash, stall or steer the bot: every parser gives a value or Unknown for whatever it prints.

`make soak WHAT=fuzz` makes a million outputs.
"""

from __future__ import annotations

import gc
import os
import random
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bot.operations
from bot.authoring.cases import reach
from bot.connectors.frames import FrameError, Frames
from bot.connectors.replay import ReplayReader
from bot.diagnosis.gather import value_of
from bot.errors import Refused
from bot.execution.enrolment import answer
from bot.facts.base import FACTS, Fact
from bot.knowledge.cases import Case, cases
from bot.knowledge.library import load
from bot.model.fact import Reason, Unknown
from bot.model.match import Kind, Match
from bot.model.plan import Step
from bot.model.probe import Probe, Reading, Request
from bot.model.problem import Problem
from bot.model.token import TOKEN
from bot.planning.planner import steps
from tests.support.plans import BOOTED
from tests.unit.facts.recorded import STATES

assert bot.operations.__all__
PARSED = int(os.environ.get("POSTMEDIC_FUZZ", "17000"))
DIAGNOSED = PARSED // 11
SECONDS = 0.25  # of this thread, for one output; the slowest recorded one needs a hundredth
ARGUMENTS = {
    "parameter": "inet_interfaces", "service": "postfix", "word": "smtp", "domain": "example.org", "address": "192.0.2.1",
    "host": "mail.example.org", "port": "25", "mail-port": "587", "table": "hash:/etc/postfix/virtual",
    "path": "etc/postfix/main.cf", "record": "mx",
}  # fmt: skip
SPICE = (
    b"\x00", b"\xff\xfe", b"\n", b"\r", b"\t", b" ", b"=", b"[", b"]", b"{", b"}", b'"', b"\\", b"-1", b"9" * 400, b"9" * 5000,
    b"1e308", b"1e999", b"-0", b"NaN", b"Infinity", b"null", b"true", b"\xed\xa0\x80", b'"\\ud800"', b'"\\u0000"', b"end\n",
    b"end=ok\n", "٣".encode(), "\u202e\u2028\u200b".encode(), "İ".encode(), b"\x1b[2J", b"$(id)", b"; id #",
    b"../../etc/shadow", b"{{ 7*7 }}", b"<!channel>", b"*", b"::1", b"0x1f",
)  # fmt: skip
BOMBS = (
    b"[" * 100_000, b'{"a":' * 50_000, b"[" * 500 + b"]" * 500, b'[{"a": 1e308, "a": 1e999}]', b'["\\ud800", "\\udc00"]',
    b"9" * 100_000, b"[" + b"9" * 5000 + b"]", b'{"addr_info": {"local": []}}', b"a" * 65536, b"=" * 65536, b"\n" * 65536,
    b"a=b\n" * 16384, b"\x00" * 65536, b" " * 65536, b"x " * 32768, b"(" * 32768, b"%" * 32768, b"\\" * 65535, b"",
    b"\n", b"[]", b"{}", b"null", b"0", b'""', b"\xff" * 4096, b"\xe9" * 999, b"end\n", b"ok\n" * 3,
)  # fmt: skip

LIBRARY = load()
CASES = [(problem, case) for name, problem in LIBRARY.items() for case in cases(LIBRARY.folders[name])]


def recordings() -> dict[str, list[Reading]]:
    """Everything real hosts were seen to answer, by probe."""
    found: dict[str, dict[tuple[str, bytes], Reading]] = {BOOTED.key: {(BOOTED.key, b""): BOOTED}}
    for state in STATES.values():
        for key, one in state.items():
            reading = Reading(key=key, exit=0, stdout=str(one["stdout"]).encode())
            found.setdefault(key.split()[0], {})[key, reading.stdout] = reading
    for _, case in CASES:
        for key, reading in case.readings.items():
            if reading.exit == 0:
                found.setdefault(key.split()[0], {})[key, reading.stdout] = reading
    return {name: list(readings.values()) for name, readings in found.items()}


RECORDED = recordings()
# What the programs of this version say on any host they are installed on: their own version and digest.
SAID = answer().encode()
RECORDED["enrolment"] = [Reading(key="enrolment", exit=0, stdout=SAID, stderr=b"", truncated=False)]


@pytest.fixture(autouse=True)
def no_sweep() -> Iterator[None]:
    """Keep Python from sweeping up meanwhile what thousands of other tests have left: that takes longer than any answer."""
    gc.disable()
    yield
    gc.enable()


def mutated(chance: random.Random, text: bytes) -> bytes:
    for _ in range(chance.randint(1, 6)):
        at, end = sorted((chance.randint(0, len(text)), chance.randint(0, len(text))))
        text = chance.choice(
            (text[:at], text[:at] + chance.choice(SPICE) + text[at:], text[:at] + text[end:], text + text[at:end])
        )
    return text


def arguments(fact: Fact, key: str) -> list[Sequence[str]]:
    """With which arguments the answer to `key` can be parsed: its own tokens, else those that entries use."""
    tokens = key.split()[1:]
    if len(tokens) == len(fact.parameters):
        return [tokens]
    plain = {use.arguments for problem in LIBRARY.values() for use in problem.facts if use.name == fact.name}
    used = [each for each in sorted(plain) if not any("." in argument for argument in each)]
    return [*used, [ARGUMENTS[kind] for kind in fact.parameters]]


def judged(fact: Fact, reading: Reading, given: Sequence[str]) -> None:
    began = time.thread_time()
    value = fact.parse(reading, *given)
    assert time.thread_time() - began < SECONDS, f"{fact.name} stalls on {reading.stdout[:80]!r}"
    if isinstance(value, Unknown):
        assert isinstance(value.reason, Reason)
        assert len(value.detail) < 120
        assert value.detail.isprintable(), "why a fact is unknown is said in our words, not the host's"
    else:
        repr(value)
        hash(value)


@pytest.mark.parametrize("name", FACTS)
def test_what_is_bent_is_what_real_hosts_answered(name: str) -> None:
    fact = FACTS[name]
    values = (fact.parse(one, *given) for one in RECORDED[fact.probe.name] for given in arguments(fact, one.key))
    assert any(not isinstance(value, Unknown) for value in values)


@pytest.mark.parametrize("name", FACTS)
def test_no_mutated_answer_raises_or_stalls(name: str) -> None:
    fact, chance = FACTS[name], random.Random(name)
    for _ in range(PARSED // len(FACTS)):
        original = chance.choice(RECORDED[fact.probe.name])
        judged(
            fact,
            Reading(
                key=original.key,
                exit=chance.choice((0, 0, 0, 1, 2, 64, 126, 255)),
                stdout=mutated(chance, original.stdout),
                stderr=chance.choice((b"", original.stderr, chance.choice(SPICE))),
                truncated=chance.random() < 0.1,
            ),
            chance.choice(arguments(fact, original.key)),
        )


@pytest.mark.parametrize("name", FACTS)
def test_no_bomb_raises_or_stalls(name: str) -> None:
    fact = FACTS[name]
    for bomb in BOMBS:
        original = RECORDED[fact.probe.name][0]
        half = len(original.stdout) // 2
        for stdout in (bomb, original.stdout + bomb, original.stdout[:half] + bomb + original.stdout[half:]):
            judged(fact, replace(original, stdout=stdout[: fact.probe.bytes]), arguments(fact, original.key)[0])


# What a million outputs found once: where it stands in a recorded answer, and what stood there then.
FOUND = (("facing", rb"(?m)^address=", b"address=]"), ("resolver", rb"(?m)^(server=\S+ \S+)", rb"\1\vx"))


@pytest.mark.parametrize(("name", "place", "bent"), FOUND, ids=[name for name, *_ in FOUND])
def test_what_was_found_once_is_answered(name: str, place: bytes, bent: bytes) -> None:
    fact, touched = FACTS[name], 0
    for original in RECORDED[fact.probe.name]:
        stdout, count = re.subn(place, bent, original.stdout)
        touched += count
        judged(fact, replace(original, stdout=stdout), arguments(fact, original.key)[0])
    assert touched


def hostile(chance: random.Random, case: Case) -> dict[str, Reading]:
    """The answers of a case, most of them bent."""
    return {
        key: replace(reading, stdout=mutated(chance, reading.stdout)) if chance.random() < 0.7 else reading
        for key, reading in case.readings.items()
    }


def planned(problem: Problem, case: Case, facts: object) -> Iterator[Step]:
    for fix in problem.fixes.values():
        try:
            yield from (*steps(fix.steps, facts), *steps(fix.undo, facts))  # type: ignore[arg-type]
        except Refused:
            continue


async def test_no_hostile_host_breaks_a_diagnosis_or_bends_a_plan() -> None:
    """Whatever it answers, every cause is judged, and the words a fix would send are typed words of our own catalogue."""
    chance, bent = random.Random(12), 0
    for _ in range(DIAGNOSED):
        problem, case = chance.choice(CASES)
        captures = {"host": "$(id)", "address": "192.0.2.1", "domain": "example.org;id", "path": "../../etc/shadow"}
        match = Match(problem=problem.id, kind=Kind.EXACT, score=100.0, captures=captures)
        began = time.thread_time()
        diagnosis = await reach(problem, match, ReplayReader(hostile(chance, case)))
        assert time.thread_time() - began < 20 * SECONDS
        assert len(diagnosis.verdicts) == len(problem.causes)
        for step in planned(problem, case, diagnosis.facts):
            bent += 1
            assert step.operation in bot.operations.base.OPERATIONS
            assert step.script == bot.operations.base.OPERATIONS[step.operation].script
            assert all(TOKEN.fullmatch(token) for token in step.tokens), step.wire
    assert bent > DIAGNOSED // 4


MARK = "0123456789abcdef01234567"  # a hostile host reads it in the words, so it may write frames of its own
ASKED = tuple(Request(probe=Probe(name=name, script="", bytes=most)) for name, most in (("one", 200), ("two", 10)))


def frame(*rest: object) -> bytes:
    return f"\n{MARK} {' '.join(map(str, rest))}\n".encode()


def heard(out: Sequence[bytes], err: Sequence[bytes]) -> list[Reading]:
    """What is read before the host is given up, if it is."""
    frames = Frames(MARK, ASKED)
    got: list[Reading] = []
    with suppress(FrameError):
        for stderr, pieces in ((False, out), (True, err)):
            for piece in pieces:
                frames.feed(piece, stderr=stderr)
                got += frames.completed()
    return got


@pytest.mark.parametrize(
    "framed",
    [
        (),
        (1,),
        (0, 0),
        (0, 2),
        (1, 0),
        (0, 1, 2),
        ("begin",),
        (0, "begin"),
        (0, "end"),
        ("0 -1",),
        ("0 1000",),
        ("0 0 0",),
        ("x 0",),
    ],
    ids=str,
)
def test_a_host_that_answers_in_another_order_is_given_up(framed: Sequence[object]) -> None:
    said = frame("begin") + b"".join(frame(one, 0) if isinstance(one, int) else frame(one) for one in framed) + frame("end")
    with pytest.raises(FrameError):
        Frames(MARK, ASKED).feed(said)
    with pytest.raises(FrameError):
        Frames(MARK, ASKED).feed(said.removeprefix(frame("begin")))


def test_a_host_that_says_more_than_was_asked_for_is_cut() -> None:
    said = [frame("begin") + b"x" * 5000 + frame(0, 0) + b"y" * 5000 + frame(1, 0) + frame("end")]
    assert [(len(one.stdout), len(one.stderr), one.truncated) for one in heard(said, said)] == [
        (200, 200, True),
        (10, 10, True),
    ]
    other = [said[0].replace(frame(0, 0), frame(0, 1))]
    assert heard(said, other) == []


PIECES = st.lists(
    st.sampled_from(
        [
            frame("begin"),
            frame(0, 0),
            frame(0, 1),
            frame(1, 0),
            frame("end"),
            frame("9 9 9"),
            frame()[:-1],
            b"\n" + MARK.encode(),
        ]
    )
    | st.binary(max_size=300),
    max_size=8,
)


@given(PIECES, PIECES)
def test_no_frames_make_more_of_it_than_readings_that_were_asked(out: list[bytes], err: list[bytes]) -> None:
    got = heard(out, err)
    assert [one.key for one in got] == [one.key for one in ASKED][: len(got)]
    assert all(max(len(one.stdout), len(one.stderr)) <= asked.probe.bytes for one, asked in zip(got, ASKED, strict=False))


@pytest.mark.parametrize("error", [KeyError, ValueError, RecursionError, AssertionError, UnicodeError, ZeroDivisionError])
def test_a_parser_that_fails_costs_one_fact(error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*about: object) -> object:
        raise error

    monkeypatch.setitem(FACTS, "boot-id", replace(FACTS["boot-id"], parse=fails))
    said = value_of("boot-id", Reading(key="boot-id", exit=0, stdout=b"x", stderr=b"", truncated=False, seconds=0.1), ())
    assert isinstance(said, Unknown)
