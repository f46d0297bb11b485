"""Is what a port did told apart: greeting, silence, refusal, time-out, no route?"""

from __future__ import annotations

import pytest

from bot.facts.reach import Answer, tcp_banner
from bot.model.fact import Unknown
from bot.model.probe import NOT_INSTALLED, Reading


def read(text: str, code: int = 0) -> object:
    return tcp_banner(Reading(key="tcp-banner a 25", exit=code, stdout=text.encode()), "a", "25")


@pytest.mark.parametrize(
    ("output", "state", "code"),
    [
        ("open\nbanner 220 smtp.provider.example ESMTP Postfix (Debian/GNU)\r\nend\n", "banner", 220),
        ("open\nbanner 554 5.7.1 no service\nend\n", "banner", 554),
        ("open\nend\n", "silent", 0),
        ("sh: connect: Connection refused\nsh: line 2: /dev/tcp/10.77.0.10/26: Connection refused\nend\n", "refused", 0),
        ("bash: line 1: /dev/tcp/203.0.113.10/25: No route to host\nend\n", "no-route", 0),
        ("sh: connect: Network is unreachable\nend\n", "no-route", 0),
        ("sh: connect: Connection timed out\nend\n", "timeout", 0),
        ("end\n", "timeout", 0),
        ("sh: nowhere.example: Name or service not known\nend\n", "no-name", 0),
    ],
)
def test_states(output: str, state: str, code: int) -> None:
    assert read(output) == Answer(state=state, code=code)


def test_only_220_is_ready() -> None:
    assert Answer(state="banner", code=220).ready
    assert not Answer(state="banner", code=554).ready
    assert not Answer(state="silent").ready


@pytest.mark.parametrize(("output", "code"), [("", 0), ("open\n", 0), ("nonsense\nend\n", 0), ("", NOT_INSTALLED)])
def test_anything_else_is_unknown(output: str, code: int) -> None:
    assert isinstance(read(output, code), Unknown)
