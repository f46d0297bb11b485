"""Is a filter on port 25 claimed only when it is proven: several servers silent on 25, something else answering?"""

from __future__ import annotations

import pytest

from bot.facts.outbound import Outbound, outbound
from bot.model.fact import Unknown
from bot.model.probe import Reading


def read(*tries: str, head: str = "domains=3\nresolved=yes\nroute=yes\n") -> object:
    text = head + "".join(f"try={one}\n" for one in tries) + "end=ok\n"
    return outbound(Reading(key="outbound", exit=0, stdout=text.encode()))


A25, B25, A587 = "203.0.113.10 25 timeout", "203.0.113.11 25 timeout", "203.0.113.10 587 open"


@pytest.mark.parametrize(
    ("tries", "port25", "verdict"),
    [
        ((A25, B25, A587), "silent", "blocked"),
        ((A25, B25, "203.0.113.10 443 refused"), "silent", "blocked"),
        (("203.0.113.10 25 no-route", "203.0.113.11 25 no-route", A587), "rejected", "blocked"),
        ((A25, A587), "silent", "one-server"),
        ((A25, B25, "203.0.113.10 587 timeout"), "silent", "unreachable"),
        ((A25, "203.0.113.11 25 open", A587), "open", "open"),
        ((A25, "203.0.113.11 25 refused", A587), "mixed", "mixed"),
        (("203.0.113.10 25 refused", "203.0.113.11 25 refused"), "refused", "mixed"),
    ],
)
def test_verdicts(tries: tuple[str, ...], port25: str, verdict: str) -> None:
    found = read(*tries)
    assert isinstance(found, Outbound)
    assert (found.port25, found.verdict) == (port25, verdict)


def test_without_waiting_mail_nothing_is_known() -> None:
    assert isinstance(read(head="domains=0\nresolved=no\nroute=yes\n"), Unknown)


def test_names_that_nobody_looked_up_are_unknown() -> None:
    found = read(A25, B25, A587, head="domains=0\nresolved=no\nroute=yes\n")
    assert isinstance(found, Outbound)
    assert isinstance(found.resolved, Unknown)


def test_a_cut_answer_is_unknown() -> None:
    assert isinstance(outbound(Reading(key="outbound", exit=0, stdout=b"try=203.0.113.10 25 timeout\n")), Unknown)
