"""Is a kind of message counted by Postfix's own words, with the address it came from and the sender's domain?"""

from __future__ import annotations

import json

import pytest

from bot.facts.logged import Logged, any_of, logged
from bot.model.fact import Unknown
from bot.model.probe import Reading

PEER = "unknown[192.0.2.7]"
TAIL = "from=<x@nowhere.example> to=<a@b.example> proto=ESMTP helo=<pc>"
SHOWN = {
    "helo": f"NOQUEUE: reject: RCPT from {PEER}: 504 5.5.2 <pc>: Helo command rejected: need fully-qualified hostname; {TAIL}",
    "no-name": f"NOQUEUE: reject: RCPT from {PEER}: 450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.7]",
    "access-denied": f"NOQUEUE: reject: RCPT from {PEER}: 554 5.7.1 <{PEER}>: Client host rejected: Access denied; {TAIL}",
    "aborted": f"NOQUEUE: lost connection after EHLO from {PEER}",
    "aborted-data": f"lost connection after DATA (0 bytes) from {PEER}",
    "auth-failed": f"warning: {PEER}: SASL LOGIN authentication failed: UGFzc3dvcmQ6",
    "listed": f"NOQUEUE: reject: RCPT from {PEER}: 554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using z.lab",
    "rate": f"warning: Connection rate limit exceeded: 31 from {PEER} for service smtp",
    "protocol": f"improper command pipelining after EHLO from {PEER}: QUIT",
    "sender-domain": f"NOQUEUE: reject: RCPT from {PEER}: 450 4.1.8 <x@y>: Sender address rejected: Domain not found; {TAIL}",
    "not-owned": f"NOQUEUE: reject: RCPT from {PEER}: 553 5.7.1 <x@y>: Sender address rejected: not owned by user bob; {TAIL}",
    "unknown-local": f"NOQUEUE: reject: RCPT from {PEER}: 550 5.1.1 <z@b>: Recipient address rejected: "
    f"User unknown in local recipient table; {TAIL}",
    "greylisted": f"A1B2C3D4: milter-reject: END-OF-MESSAGE from {PEER}: 4.7.1 Try again later; {TAIL}",
    "handshake-in": f"SSL_accept error from {PEER}: -1",
}


def read(*messages: str) -> Reading:
    lines = [json.dumps({"_UID": "0", "SYSLOG_IDENTIFIER": "postfix/smtpd", "SYSLOG_PID": "7", "MESSAGE": m}) for m in messages]
    return Reading(key="log", exit=0, stdout="\n".join(["account 0", *lines, "end journal\n"]).encode())


@pytest.mark.parametrize("kind", SHOWN)
def test_each_kind_is_found_with_its_client(kind: str) -> None:
    found = logged(read("connect from localhost[127.0.0.1]", SHOWN[kind], SHOWN[kind]), kind)
    assert isinstance(found, Logged)
    assert (found.seen, found.count, found.clients, found.peer) == (True, 2, 1, PEER)


@pytest.mark.parametrize("kind", SHOWN)
def test_normal_operation_is_no_kind(kind: str) -> None:
    normal = ("connect from mx[192.0.2.1]", "disconnect from mx[192.0.2.1] ehlo=1 quit=1 commands=2", "A1B2C3D4: removed")
    assert logged(read(*normal), kind) == Logged(count=0, clients=0, peer="", domain="")


def test_the_senders_domain_is_the_latest_and_only_a_domain() -> None:
    first, odd = SHOWN["sender-domain"], SHOWN["sender-domain"].replace("nowhere.example", "a..b")
    found = logged(read(first.replace("nowhere", "other"), first, odd), "sender-domain")
    assert isinstance(found, Logged)
    assert found.domain == "nowhere.example"


def test_many_addresses_are_a_crowd_and_one_address_twice_is_not() -> None:
    one, other = SHOWN["auth-failed"], SHOWN["auth-failed"].replace("192.0.2.7", "192.0.2.8")
    few, many = logged(read(one, one), "auth-failed"), logged(read(one, other), "auth-failed")
    assert isinstance(few, Logged)
    assert isinstance(many, Logged)
    assert (few.crowd, many.crowd) == (False, True)


def test_an_unknown_kind_and_a_log_that_may_not_be_read_are_unknown() -> None:
    assert isinstance(logged(read("x"), "no-such-kind"), Unknown)
    denied = Reading(key="log", exit=0, stdout=b"account 999\n", stderr=b"insufficient permissions")
    assert isinstance(logged(denied, "helo"), Unknown)


def test_an_empty_list_has_nothing_in_it_and_one_that_was_not_measured_is_unknown() -> None:
    assert any_of(("192.0.2.1",)) is True
    assert any_of(()) is False
    assert isinstance(any_of("192.0.2.1"), Unknown)
