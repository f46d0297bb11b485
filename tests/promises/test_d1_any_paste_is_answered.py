"""D1: no paste makes recognition fail or take long: every pattern is RE2, and the work is bounded.

Times are processor time and their bounds generous, since a test must not depend on what else the machine does;
`python -m benchmarks.matching.hostile` measures them, and `make soak WHAT=fuzz` takes a million pastes.
"""

from __future__ import annotations

import os
import random
import sys
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.matching.hostile import pastes, samples
from bot.knowledge.library import load
from bot.matching import clean
from bot.matching.clean import MAX_BYTES, MAX_LINES
from bot.matching.recogniser import Matcher
from tests.unit.matching.known import MATCHER

_SAMPLES = (
    "Nov 22 10:00:01 host01 postfix[9]: fatal: parameter inet_interfaces: no local interface found for 127.0.0.1",
    "postfix/smtpd[2]: NOQUEUE: reject: RCPT from unknown[192.0.2.9]: 554 5.7.1 <a@example.com>: Relay access denied; from=<b>",
    "host mx.example.com[192.0.2.1] said: 550-5.1.1 The email account that you tried to reach 550-5.1.1 does not exist",
    '{"log":"2026-11-22T10:00:01Z host01 postfix/master[1]: fatal: bind 0.0.0.0 port 25: Address already in use\\n"}',
    "postfix 启动失败,没有本地接口 <mailto:a@b|a@b> &lt;x&gt; \x1b[31m",
)
_NASTY = (
    "\x00",
    "\r",
    "\u202e",
    "\ud800",
    "<",
    "|",
    "[",
    "{",
    "\\n",
    "```",
    "&amp;",
    "\x1b[",
    "said: ",
    "550-5.1.1 ",
    "邮",
    "\U0001f600",
)


@given(st.text(max_size=400))
@settings(max_examples=400, deadline=None)
def test_any_text_is_answered(text: str) -> None:
    recognition = MATCHER.recognise(text)
    assert all(match.lines and match.count >= 1 and 0 <= match.score <= 100 for match in recognition.sure)


@given(st.binary(max_size=400))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_answered(content: bytes) -> None:
    for encoding in ("latin-1", "utf-8", "utf-16-le"):
        assert len(MATCHER.recognise(content.decode(encoding, "replace")).paste.lines) <= MAX_LINES


def test_mutated_samples_are_answered() -> None:
    chance = random.Random(20261122)
    for _ in range(int(os.environ.get("POSTMEDIC_FUZZ", "1500"))):
        characters = list(chance.choice(_SAMPLES))
        for _ in range(chance.randint(1, 12)):
            position = chance.randrange(len(characters))
            characters[position] = chance.choice((*_NASTY, "", characters[position] * 3))
        recognition = MATCHER.recognise("".join(characters))
        for match in recognition.sure:
            assert all(value for value in match.captures.values())


def test_adversarial_pastes_are_answered_within_the_caps() -> None:
    for text in (
        "a" * (MAX_BYTES + 1),
        "said: 550 " * 10_000,
        "connect to " + "[" * MAX_BYTES,
        "<mailto:a@b|" * 6_000,
        "Nov 22 10:00:01 h postfix/smtpd[1]: x " * 2_000,
        '{"a":' * 12_000 + "}",
        "邮件队列积压" * 10_000,
        "\n" * (MAX_LINES * 3),
        "x\n" * (MAX_LINES * 3),
        "[111](" * 10_000,
    ):
        paste = clean(text)
        assert len(paste.lines) <= MAX_LINES
        assert len(paste.text.encode()) <= 3 * MAX_BYTES
        assert MATCHER.recognise(text).sure == ()


def test_mutated_pastes_of_the_whole_knowledge_are_answered_in_bounded_time() -> None:
    library = load()
    matcher, taken = Matcher(library.values()), []
    for text in pastes(samples(library), int(os.environ.get("POSTMEDIC_FUZZ", "3000")), random.Random(20261128)):
        start = time.thread_time()
        recognition = matcher.recognise(text)
        taken.append(time.thread_time() - start)
        assert all(match.lines and 0 <= match.score <= 100 for match in recognition.sure)
    taken.sort()
    assert taken[int(len(taken) * 0.99)] < 0.1  # measured: 4 ms
    assert taken[-1] < 1.0  # measured: 48 ms


def test_matching_compiles_no_pattern_with_backtracking() -> None:
    rooms = [module for name, module in sys.modules.items() if name.startswith("bot.matching")]
    assert len(rooms) > 10
    assert [module.__name__ for module in rooms if "re" in vars(module)] == []
