"""Are failed deliveries sorted by kind from lines and reasons that Postfix really writes, and is silence never a "no"?"""

from __future__ import annotations

import pytest

from bot.facts.deliveries import Failures, failed_deliveries
from bot.facts.queue import Queue, Wait
from bot.model.fact import Reason, Unknown

HOST = "mx.peer.example[203.0.113.20]"


def queue(*reasons: str) -> Queue:
    waits = tuple(Wait(text=one, count=2) for one in reasons)
    return Queue(
        count=len(reasons), truncated=False, active=0, deferred=len(reasons), hold=0, incoming=0, maildrop=0, oldest=9,
        reasons=waits, domains=(),
    )  # fmt: skip


def line(said: str, daemon: str = "smtp") -> str:
    return f"postfix/{daemon}[270]: 4F1: to=<user@peer.example>, relay={HOST}:25, status=deferred ({said})"


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("user-unknown", f"host {HOST} said: 550 5.1.1 <user@peer.example>: Recipient address rejected: User unknown"),
        ("blocklisted", f"host {HOST} said: 554 Service unavailable; Client host [10.77.0.12] blocked using zen.spamhaus.org"),
        ("unauthenticated", f"host {HOST} said: 550-5.7.26 This mail is unauthenticated"),
        ("identity", f"host {HOST} said: 450 4.7.25 Client host rejected: cannot find your hostname"),
        ("rate-limited", f"host {HOST} refused to talk to me: 421 4.7.0 too many connections from 10.77.0.12"),
        ("greylisted", f"host {HOST} said: 450 4.2.0 Greylisted, see postgrey"),
        ("mailbox-full", f"host {HOST} said: 452-4.2.2 The account is over quota"),
        ("lost-greeting", f"lost connection with {HOST} while receiving the initial server greeting"),
        ("lost-message", f"conversation with {HOST} timed out while sending end of data -- message may be sent more than once"),
        ("lookup", "Host or domain name not found. Name service error for name=a.example type=MX: Host not found, try again"),
        ("no-domain", "Host or domain name not found. Name service error for name=a.example type=AAAA: Host not found"),
        ("refused", f"connect to {HOST}:25: Connection refused"),
        ("no-ipv6", "connect to mx.dual.example[2001:db8::10]:25: Network is unreachable"),
    ],
)
def test_kinds(kind: str, said: str) -> None:
    found = failed_deliveries(kind, (line(said), line("250 2.0.0 Ok")), queue())
    assert isinstance(found, Failures)
    assert (found.seen, found.logged, found.waits) == (True, 1, False)


def test_a_reason_in_the_queue_counts_its_recipients_and_a_foreign_line_counts_nothing() -> None:
    said = "host HOST said: 450 4.2.0 Greylisted (in reply to RCPT TO command)"
    found = failed_deliveries("greylisted", (line("host x said: 450 Greylisted", "smtpd"), "sshd[1]: " + said), queue(said))
    assert found == Failures(logged=0, waiting=2, server="-")


def test_a_name_to_try_again_is_no_missing_domain() -> None:
    said = line("Host or domain name not found. Name service error for name=a.example type=MX: Host not found, try again")
    assert failed_deliveries("no-domain", (said,), queue()) == Failures(logged=0, waiting=0, server="-")


def test_without_log_or_queue_nothing_is_known() -> None:
    lost = Unknown(reason=Reason.UNREACHABLE, detail="gone")
    assert failed_deliveries("spam", lost, queue()) == lost
    assert isinstance(failed_deliveries("spam", (), lost), Unknown)
    assert isinstance(failed_deliveries("weather", (), queue()), Unknown)
