"""Is the host seen as others see it: the worse of its addresses, a name that leads back, no verdict on a private address?"""

from __future__ import annotations

import pytest

from bot.facts.facing import Facing, SenderDns, facing, sender_dns
from bot.model.fact import Reason, Unknown
from tests.unit.facts.recorded import answer

HEAD = "helo=mail.example.com\nhelo-address=203.0.113.5 \n"


@pytest.mark.parametrize(
    ("lines", "address", "reverse"),
    [
        ("address=203.0.113.5\nname=203.0.113.5 mail.example.com 203.0.113.5\n", "203.0.113.5", "ok"),
        ("address=203.0.113.5\nname=203.0.113.5 other.example.com 203.0.113.9\n", "203.0.113.5", "unconfirmed"),
        ("address=203.0.113.5\n", "203.0.113.5", "none"),
        ("address=10.0.0.5\n", "10.0.0.5", "hidden"),
        (
            "address=203.0.113.5\nname=203.0.113.5 mail.example.com 203.0.113.5\naddress=2001:db8::5\n",
            "2001:db8::5",
            "none",
        ),
    ],
)
def test_reverse_names(lines: str, address: str, reverse: str) -> None:
    found = facing(answer(HEAD + lines + "end=ok\n"))
    assert isinstance(found, Facing)
    assert (found.address, found.reverse, found.helo, found.helo_found) == (address, reverse, "mail.example.com", True)


def test_a_name_server_that_is_silent_proves_nothing() -> None:
    found = facing(answer(HEAD + "address=203.0.113.5\nfailed=reverse\nend=ok\n"))
    assert isinstance(found, Unknown)
    assert found.reason is Reason.TIMED_OUT
    assert isinstance(facing(answer(HEAD + "end=ok\n")), Unknown)


def test_sender_domains() -> None:
    def said(text: str) -> object:
        return sender_dns(answer(text + "end=ok\n"), "example.com")

    assert said("mx=10 mail.example.com.\nspf=v=spf1 mx -all\ndmarc=v=DMARC1; p=Reject; rua=x\n") == SenderDns(
        exists=True, spf="one", record="v=spf1 mx -all", dmarc="reject"
    )
    assert said("a=203.0.113.5\nspf=v=spf1 a\nspf=v=spf1 mx\n") == SenderDns(
        exists=True, spf="several", record="v=spf1 a", dmarc="absent"
    )
    assert said("mx=0 .\na=203.0.113.5\n") == SenderDns(exists=False, spf="none", record="-", dmarc="absent")
    assert said("") == SenderDns(exists=False, spf="none", record="-", dmarc="absent")
    assert isinstance(said("failed=yes\n"), Unknown)
