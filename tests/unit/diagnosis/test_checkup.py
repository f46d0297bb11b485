"""Are queue reasons and log lines grouped by the problem they are, the weighty ones first?"""

from __future__ import annotations

import pytest

from bot.diagnosis.checkup import USES, seen
from bot.facts.base import FACTS
from bot.facts.queue import Queue, Wait
from bot.knowledge.library import load
from bot.matching import Matcher
from bot.model.checkup import Source
from bot.model.fact import Facts, Reason, Unknown

LIBRARY = load()
MATCHER = Matcher(LIBRARY.values())
BLOCKED = "connect to HOST:25: Connection timed out"
KNOWN_LINE = "postfix/smtpd[2]: fatal: no SASL authentication mechanisms"


def queue(*waits: tuple[str, int]) -> Queue:
    count = sum(number for _, number in waits)
    return Queue(
        count=count, truncated=False, active=0, deferred=count, hold=0, incoming=0, maildrop=0, oldest=60,
        reasons=tuple(Wait(text=text, count=number) for text, number in waits), domains=(),
    )  # fmt: skip


def test_what_is_asked_of_every_host_exists() -> None:
    assert all(len(use.arguments) == len(FACTS[use.name].parameters) for use in USES)


def test_known_reasons_come_first_and_unknown_ones_keep_their_text() -> None:
    facts = Facts({"queue": queue(("host HOST said: 451 the moon is wrong", 9), (BLOCKED, 2)), "log": (KNOWN_LINE, KNOWN_LINE)})
    found = seen(facts, MATCHER.recognise)
    told = [(one.source, one.match.problem if one.match else None, one.count) for one in found if one.sure or not one.match]
    assert (Source.QUEUE, "send-port25-blocked", 2) in told
    assert (Source.LOG, "sasl-no-mechanisms", 2) in told
    assert told[-1] == (Source.QUEUE, None, 9)
    assert found[-1].text == "host HOST said: 451 the moon is wrong"


@pytest.mark.parametrize("value", [Unknown(reason=Reason.NO_PERMISSION), None, "text", 5])
def test_without_a_queue_or_a_log_nothing_is_seen(value: object) -> None:
    assert seen(Facts({"queue": value, "log": value}), MATCHER.recognise) == ()
    assert seen(Facts({}), MATCHER.recognise) == ()


def test_groups_tell_the_oldest_and_the_newest_and_come_most_causal_first() -> None:
    greylisted = "host HOST said: 451 4.7.1 Greylisting in action (in reply to RCPT TO command)"
    suspended = f"delivery temporarily suspended: {BLOCKED}"
    waits = (
        Wait(text=suspended, count=40, oldest=1795367100, newest=1795367220),
        Wait(text=greylisted, count=12),
        Wait(text=BLOCKED, count=3, oldest=1795367040, newest=1795367100),
    )
    measured = Queue(
        count=55, truncated=False, active=0, deferred=55, hold=0, incoming=0, maildrop=0, oldest=60, reasons=waits, domains=()
    )
    passing = {one.id for one in LIBRARY.values() if one.passing}
    found = {one.match.problem: one for one in seen(Facts({"queue": measured}), MATCHER.recognise, passing) if one.match}
    assert (found["send-port25-blocked"].oldest, found["send-port25-blocked"].newest) == (
        "2026-11-22 17:04 UTC",
        "2026-11-22 17:07 UTC" if found["send-port25-blocked"].count == 43 else "2026-11-22 17:05 UTC",
    )
    assert (found["send-remote-greylisted"].oldest, found["send-remote-greylisted"].count) == ("", 12)
    assert next(iter(found)) != "send-suspended-backlog"
    assert [name for name, one in found.items() if one.passing] == ["send-remote-greylisted"]


def test_a_log_longer_than_a_paste_is_read_to_its_end_and_told_with_its_times() -> None:
    noise = [
        f"postfix/smtpd[{number}]: connect from mail{number}.example[192.0.2.{number}] {'x' * 500}" for number in range(300)
    ]
    lines = (KNOWN_LINE, *noise, KNOWN_LINE.replace("[2]", "[77]"))
    times = ("first", *("between" for _ in noise), "last")
    (one,) = seen(Facts({"log": lines, "log-times": times}), MATCHER.recognise)
    assert (one.count, one.oldest, one.newest) == (2, "first", "last")
    (one,) = seen(Facts({"log": lines, "log-times": Unknown(reason=Reason.UNREADABLE)}), MATCHER.recognise)
    assert (one.count, one.oldest, one.newest) == (2, "", "")
