"""Does a trial say for each line what was seen there, and for each silence its reason?"""

from __future__ import annotations

import pytest

from bot.authoring.trial import LeftOut, Silence, Tried, tried
from bot.matching import Verdict
from tests.unit.matching.known import MATCHER

NO_INTERFACE = "postfix[9]: fatal: parameter inet_interfaces: no local interface found for 127.0.0.1"


def trial(*lines: str) -> Tried:
    return tried(MATCHER.explain("\n".join(lines)))


def test_each_line_names_what_shows_on_it() -> None:
    seen = trial("postfix/smtp[1]: A1B2C3D4E5: to=<a@b>, status=sent (250 ok)", NO_INTERFACE, "nginx: hello", "dinner at eight")
    assert [one.left_out for one in seen.lines] == [LeftOut.ORDINARY, LeftOut.NO, LeftOut.FOREIGN, LeftOut.NO]
    ((candidate, shown),) = seen.lines[1].shows
    assert (candidate.problem, candidate.verdict) == ("startup-no-local-interface", Verdict.SURE)
    assert shown.pattern == "parameter inet_interfaces: no local interface found for {address:ip}"
    assert shown.score == candidate.score
    assert [one.shows for one in (seen.lines[0], *seen.lines[2:])] == [(), (), ()]
    assert seen.silence is Silence.NONE


def test_a_symptom_names_its_cause() -> None:
    seen = trial(NO_INTERFACE, "postfix/master[1]: warning: /usr/lib/postfix/sbin/smtpd: bad command startup -- throttling")
    assert [(one.problem, one.verdict, one.because) for one in seen.candidates] == [
        ("startup-no-local-interface", Verdict.SURE, ""),
        ("resource-child-crash", Verdict.SYMPTOM, "startup-no-local-interface"),
    ]


@pytest.mark.parametrize(
    ("text", "silence"),
    [
        ("", Silence.EMPTY),
        (" \n\t", Silence.EMPTY),
        ("dinner at eight", Silence.NOT_POSTFIX),
        ("postfix sings beautifully today", Silence.NOTHING),
        ("postfix[9]: fatal: parameter inet_interfaces: no local", Silence.UNSURE),
    ],
)
def test_every_silence_has_its_reason(text: str, silence: Silence) -> None:
    assert trial(text).silence is silence
