"""Are readings taken out of the two streams exactly, however they arrive and whatever the probes print?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.connectors.frames import FrameError, Frames, new_mark, words
from bot.model.probe import Probe, Reading, Request

MARK = "0123456789abcdef01234567"
ONE = Request(probe=Probe(name="one", script="", bytes=200))
TWO = Request(probe=Probe(name="two", script="", parameters=("host",), bytes=10), tokens=("a.example",))


def frame(*rest: object) -> bytes:
    return f"\n{MARK} {' '.join(map(str, rest))}\n".encode()


def feed(frames: Frames, stdout: bytes, stderr: bytes) -> list[Reading]:
    frames.feed(stdout)
    frames.feed(stderr, stderr=True)
    return list(frames.completed())


def test_words_carry_a_fresh_mark() -> None:
    assert words(MARK, [ONE, TWO]) == f"read {MARK} one + two a.example"
    assert len({new_mark() for _ in range(100)}) == 100
    assert len(new_mark()) == 24


chunks = st.binary(max_size=60).filter(lambda output: MARK.encode() not in output)


@given(out=st.tuples(chunks, chunks), err=st.tuples(chunks, chunks), noise=chunks, cuts=st.integers(1, 40))
def test_outputs_are_exact_in_any_chunking(out: tuple[bytes, bytes], err: tuple[bytes, bytes], noise: bytes, cuts: int) -> None:
    frames = Frames(MARK, [ONE, ONE])
    stdout = noise + frame("begin") + out[0] + frame(0, 0) + out[1] + frame(1, 137) + frame("end")
    stderr = frame("begin") + err[0] + frame(0, 0) + err[1] + frame(1, 137) + frame("end")
    got: list[Reading] = []
    for stream, text in ((True, stderr), (False, stdout)):
        for start in range(0, len(text), cuts):
            frames.feed(text[start : start + cuts], stderr=stream)
            got += frames.completed()
    assert [(r.exit, r.stdout, r.stderr, r.truncated) for r in got] == [
        (0, out[0], err[0], False),
        (137, out[1], err[1], False),
    ]
    assert frames.ended


def test_a_reading_is_given_as_soon_as_both_streams_have_it() -> None:
    frames = Frames(MARK, [ONE, TWO])
    assert feed(frames, frame("begin") + b"x" + frame(0, 3), frame("begin")) == []
    (reading,) = feed(frames, b"", b"y" + frame(0, 3))
    assert (reading.key, reading.exit, reading.stdout, reading.stderr) == ("one", 3, b"x", b"y")
    (reading,) = feed(frames, frame(1, 0), frame(1, 0))
    assert reading.key == "two a.example"
    assert not frames.ended


def test_a_guessed_mark_is_only_output() -> None:
    forged = b"\nffffffffffffffffffffffff 0 0\n\nffffffffffffffffffffffff end\n"
    (reading,) = feed(Frames(MARK, [ONE]), frame("begin") + forged + frame(0, 1), frame("begin") + frame(0, 1))
    assert (reading.stdout, reading.exit) == (forged, 1)


def test_a_reading_longer_than_its_probe_allows_is_cut_and_says_so() -> None:
    frames = Frames(MARK, [TWO, ONE])
    long, short = feed(
        frames, frame("begin") + b"x" * 5000 + frame(0, 0) + b"ok" + frame(1, 0), frame("begin") + frame(0, 0) + frame(1, 0)
    )
    assert (long.stdout, long.truncated) == (b"x" * 10, True)
    assert (short.stdout, short.truncated) == (b"ok", False)


@pytest.mark.parametrize(
    "answer",
    [
        frame(0, 0),  # no beginning
        frame("begin") + frame(1, 0),
        frame("begin") + frame(0, 0) + frame(0, 0),
        frame("begin") + frame(0, 0) + frame(1, 0),
        frame("begin") + frame("end"),
        frame("begin") + frame("begin"),
        frame("begin") + frame("x", 0),
        frame("begin") + frame(0, 1000000),
        frame("begin") + f"\n{MARK} ".encode() + b"0" * 100,
    ],
)
def test_frames_out_of_form_are_refused(answer: bytes) -> None:
    with pytest.raises(FrameError):
        Frames(MARK, [ONE]).feed(answer)


def test_streams_that_disagree_are_refused() -> None:
    with pytest.raises(FrameError, match="disagree"):
        feed(Frames(MARK, [ONE]), frame("begin") + frame(0, 0), frame("begin") + frame(0, 1))


def test_more_than_the_total_is_refused() -> None:
    frames = Frames(MARK, [ONE])
    for _ in range(64):
        frames.feed(b"x" * 65536)
    with pytest.raises(FrameError, match="4 MiB"):
        frames.feed(b"x")


def test_nothing_after_the_end_counts() -> None:
    frames = Frames(MARK, [ONE])
    answer = frame("begin") + frame(0, 0) + frame("end")
    assert len(feed(frames, answer + b"late" + frame(0, 0), answer)) == 1
    assert frames.ended
