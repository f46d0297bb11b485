"""Does the queue parser count what waits, keep no local part, and survive any output?"""

from __future__ import annotations

import pytest

from bot.facts.queue import QUEUE, Queue, queue
from bot.knowledge import library
from bot.knowledge.cases import cases
from bot.model.fact import Reason, Unknown
from bot.model.probe import NO_PERMISSION, Reading

# As Postfix 3.7.11 and 3.10.13 print it, after the probe has dropped the local parts.
TIMED_OUT = (
    '{"queue_name": "deferred", "queue_id": "B2F3917C2", "arrival_time": 1795357991, "message_size": 243, '
    '"forced_expire": false, "sender": "@px4.px.lab", "recipients": [{"address": "@remote.lab", '
    '"delay_reason": "connect to mx.remote.lab[203.0.113.10]:25: Connection timed out"}]}\n'
)
REFUSED = (
    '{"queue_name": "deferred", "queue_id": "7F2DE2B0DA3", "arrival_time": 1795357900, "message_size": 243, '
    '"forced_expire": false, "sender": "@px4.px.lab", "recipients": [{"address": "@remote.lab", '
    '"delay_reason": "SASL authentication failed; server 203.0.113.10[203.0.113.10] said: 535 5.7.8 Error: '
    'authentication failed: (reason unavailable)"}]}\n'
)
WAITING = (
    '{"queue_name": "maildrop", "queue_id": "A1", "arrival_time": 1795357999, "message_size": 1, "sender": "@a.example", '
    '"recipients": []}\n'
)


def read(text: str, code: int = 0) -> Queue | Unknown:
    return queue(Reading(key="queue", exit=code, stdout=text.encode()))  # type: ignore[return-value]


def test_an_empty_queue_is_empty_and_not_unknown() -> None:
    found = read("1795358000\n")
    assert isinstance(found, Queue)
    assert found.empty
    assert not found.truncated


def test_counts_reasons_domains_and_age() -> None:
    found = read("1795358000\n" + TIMED_OUT * 2 + REFUSED + WAITING)
    assert isinstance(found, Queue)
    assert (found.count, found.deferred, found.maildrop, found.oldest) == (4, 3, 1, 100)
    assert found.main_reason == "connect to HOST:25: Connection timed out"
    assert found.reasons[0].count == 2
    assert (found.reasons[0].oldest, found.reasons[0].newest) == (1795357991, 1795357991)
    assert found.domains == ("remote.lab",)
    assert found.port25_unanswered
    assert found.relay_login_refused


def test_a_remote_answer_that_imitates_a_timeout_is_no_timeout() -> None:
    said = TIMED_OUT.replace(
        "connect to mx.remote.lab[203.0.113.10]:25: Connection timed out", "host a[192.0.2.1] said: 450 busy"
    )
    found = read("1795358000\n" + said)
    assert isinstance(found, Queue)
    assert not found.port25_unanswered


def test_a_cut_list_is_a_lower_bound() -> None:
    whole = "1795358000\n" + TIMED_OUT * 2
    found = queue(Reading(key="queue", exit=0, stdout=whole[:-30].encode(), truncated=True))
    assert isinstance(found, Queue)
    assert (found.count, found.truncated) == (1, True)


def test_a_stopped_mail_system_is_unknown_and_not_empty() -> None:
    found = read(
        "1795358000\npostqueue: warning: Mail system is down -- accessing queue directly (Connect to the Postfix showq)\n"
    )
    assert isinstance(found, Queue)  # root still sees the queue
    down = read("1795358000\npostqueue: fatal: Queue report unavailable - mail system is down\nexit=69\n")
    assert isinstance(down, Unknown)
    assert down.reason is Reason.NOT_APPLICABLE


def test_a_refused_probe_says_so() -> None:
    found = read("", NO_PERMISSION)
    assert isinstance(found, Unknown)
    assert found.reason is Reason.NO_PERMISSION


@pytest.mark.parametrize(
    "hostile",
    [
        "",
        "x\n",
        "1795358000\n" + "[" * 100_000 + "\n",
        '1795358000\n{"recipients": ' + "[" * 50_000 + "\n",
        '1795358000\n{"queue_name": 1e308, "arrival_time": ' + "9" * 5000 + ', "recipients": {"a": 1}}\n',
        '1795358000\n{"queue_name": ["x"], "arrival_time": true, "recipients": [1, null, {"address": 5}]}\n',
        '1795358000\n{"recipients": [{"address": "@\\ud800", "delay_reason": "\\ud800\\u0000\\u202e"}]}\n',
        "9" * 400 + "\n{}\n",
    ],
)
def test_hostile_output_gives_a_value_or_unknown(hostile: str) -> None:
    found = read(hostile)
    assert isinstance(found, Queue | Unknown)
    if isinstance(found, Queue):
        assert all(domain.isascii() for domain in found.domains)
        assert all(one.text.isprintable() for one in found.reasons)


def test_local_parts_never_leave_the_host() -> None:
    assert 's/[^][ "<>(){}:;,]+@/@/g' in QUEUE.script


def test_no_recording_holds_a_local_part_of_a_queued_address() -> None:
    recorded = [one for folder in library.entries(library.BUILT_IN) for case in cases(folder) for one in case.readings.values()]
    waiting = [one for one in recorded if one.key == QUEUE.name and one.exit == 0]
    assert waiting
    for reading in waiting:
        assert '"address": "@' in reading.out or '"address"' not in reading.out


def test_a_message_counts_once_for_a_reason_and_an_arrival_that_is_none_is_not_told() -> None:
    twice = TIMED_OUT.replace(
        '"recipients": [{',
        '"recipients": [{"address": "@b.example", "delay_reason": "connect to '
        'mx.remote.lab[203.0.113.10]:25: Connection timed out"}, {',
    )
    found = read("1795358000\n" + twice.replace("1795357991", '"soon"'))
    assert isinstance(found, Queue)
    assert [(one.count, one.oldest, one.newest) for one in found.reasons] == [(1, 0, 0)]
