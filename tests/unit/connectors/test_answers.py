"""Is an answer about a step believed only when it is complete, and a refusal only when nothing else was said?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.connectors.answers import INTERRUPTED, Hearing
from bot.connectors.base import StepState
from bot.model.execution import StepResult


def heard(stdout: bytes, stderr: bytes = b"", exit: int | None = 0) -> Hearing:
    hearing = Hearing()
    hearing.hear(stdout, False)
    hearing.hear(stderr, True)
    hearing.close(exit)
    return hearing


@given(out=st.binary(max_size=40), err=st.binary(max_size=40), code=st.integers(0, 255), cut=st.integers(1, 60))
def test_only_the_whole_answer_counts(out: bytes, err: bytes, code: int, cut: int) -> None:
    whole = f"ended {code} fresh {len(out)} {len(err)}\n".encode() + out + err
    answer = heard(whole).answer()
    assert answer is not None
    assert answer.state is StepState.ENDED
    assert answer.result == StepResult(exit=code, stdout=out.decode("utf-8", "replace"), stderr=err.decode("utf-8", "replace"))
    assert heard(whole[:-cut]).answer() is None
    assert heard(whole + b"x").answer() is None


@pytest.mark.parametrize(
    ("said", "state", "result"),
    [
        (b"unseen\n", StepState.UNSEEN, None),
        (b"running\n", StepState.RUNNING, None),
        (b"interrupted\n", StepState.ENDED, INTERRUPTED),
    ],
)
def test_the_plain_answers(said: bytes, state: StepState, result: StepResult | None) -> None:
    answer = heard(said).answer()
    assert answer is not None
    assert (answer.state, answer.result) == (state, result)


@given(st.binary(max_size=80))
def test_no_answer_raises(said: bytes) -> None:
    heard(said).answer()
    heard(b"ended " + said).answer()


@pytest.mark.parametrize("exit", [64, 65, 73, 77, 126, 127])
def test_a_refusal_says_that_nothing_ran(exit: int) -> None:
    assert heard(b"", b"refused\n", exit).refusal() == StepResult(exit=exit, stderr="refused\n")
    assert heard(b"ended 0", b"", exit).refusal() is None


@pytest.mark.parametrize("exit", [None, 0, 1, 2, 255])
def test_any_other_end_without_an_answer_is_doubt(exit: int | None) -> None:
    assert heard(b"", b"", exit).refusal() is None
    assert heard(b"", b"", exit).answer() is None


def test_a_host_that_does_not_stop_is_not_waited_for() -> None:
    hearing = Hearing()
    for _ in range(3):
        hearing.hear(b"y\n" * 16384, False)
    assert hearing.closed.is_set()
    assert hearing.answer() is None
