"""Is the host's own domain known, and is a domain's class what Postfix would say?"""

from __future__ import annotations

import pytest

from bot.facts.identity import Origin, listed_domain, mail_domain, mail_hosts, next_hop, origin, points_here, same_domain
from bot.facts.masters import ConfigWarnings, ServiceHosts
from bot.model.fact import Reason, Unknown
from tests.unit.facts.recorded import RELEASES, answer, measured
from tests.unit.facts.test_network import HEALTHY


@pytest.mark.parametrize("release", RELEASES)
def test_origin_and_domain_classes_on_real_hosts(release: str) -> None:
    assert measured(f"{release} healthy", "origin") == Origin(domain="mx12.lab.example", file="/etc/mailname")
    assert measured(f"{release} healthy", "mail-domain", "mx12.lab.example") == "local"
    assert measured(f"{release} healthy", "mail-domain", "nope.example") == "none"
    assert measured(f"{release} loopback-down", "mail-domain", "mx12.lab.example") == "none"
    assert measured(f"{release} aliases", "mail-domain", "mx12.lab.example") == "local", "in a hash table"
    assert measured(f"{release} aliases", "mail-domain", "nope.example") == "virtual-alias", "in a file, in other letters"


@pytest.mark.parametrize("release", RELEASES)
def test_a_main_cf_that_cannot_be_read_never_says_none(release: str) -> None:
    assert isinstance(measured(f"{release} broken-main-cf", "mail-domain", "nope.example"), Unknown)
    assert isinstance(measured(f"{release} broken-main-cf", "origin"), Unknown)
    assert isinstance(measured(f"{release} broken-main-cf", "next-hop"), Unknown)


@pytest.mark.parametrize("release", RELEASES)
def test_next_hop_on_real_hosts(release: str) -> None:
    assert measured(f"{release} healthy", "next-hop") == ()
    assert measured(f"{release} loopback-down", "next-hop") == ("127.0.0.1",)
    assert measured(f"{release} names", "next-hop") == (), "a name nobody knows"


def test_an_origin_without_a_domain_is_unknown() -> None:
    for text in ("file /etc/mailname \n", "file /etc/mailname\n", "value a b\n", "value $x\n", ""):
        assert isinstance(origin(answer(text)), Unknown)
    assert origin(answer("value Example.COM\n")) == Origin(domain="example.com", file="")


def test_what_could_not_be_asked_is_unclear_not_none() -> None:
    found = mail_domain(answer("unclear\n"), "x.example")
    assert isinstance(found, Unknown)
    assert found.reason is Reason.NO_PERMISSION
    assert isinstance(mail_domain(answer("class evil\n"), "x.example"), Unknown)


def test_mail_hosts() -> None:
    assert mail_hosts(answer("address 192.0.2.5\naddress 192.0.2.5\naddress x\nend\n"), "x.example") == ("192.0.2.5",)
    failed = mail_hosts(answer("failed\n"), "x.example")
    assert isinstance(failed, Unknown)
    assert failed.reason is Reason.TIMED_OUT
    assert isinstance(mail_hosts(answer("address 192.0.2.5\n"), "x.example"), Unknown)


def test_points_here() -> None:
    assert points_here(("198.51.100.1", "192.0.2.5"), HEALTHY) is True
    assert points_here(("127.0.0.2",), HEALTHY) is True
    assert points_here(("192.0.2.9",), HEALTHY) is False, "the interface is down"
    assert points_here((), HEALTHY) is False
    assert isinstance(points_here(next_hop(answer("", 1)), HEALTHY), Unknown)


def test_same_domain() -> None:
    assert same_domain("Root@MX.example.", "mx.example") is True
    assert same_domain("[mx.example]", "mx.example") is True
    assert same_domain("a@other.example", "mx.example") is False
    assert isinstance(same_domain(Unknown(reason=Reason.NOT_MEASURED), "x"), Unknown)


def test_listed_domain() -> None:
    assert listed_domain("a@mx.example", "mx.example, localhost", "", "", "") is True
    assert listed_domain("a@other.example", "mx.example", "", "", "") is False
    assert listed_domain("a@sub.relay.example", "mx.example", "relay.example", "", "") is True
    assert isinstance(listed_domain("a@other.example", "mx.example", "", "hash:/etc/postfix/domains", ""), Unknown)
    assert isinstance(listed_domain("a@other.example", "inline:<masked>", "", "", ""), Unknown)


@pytest.mark.parametrize("release", RELEASES)
def test_service_hosts_and_warnings_on_real_hosts(release: str) -> None:
    assert measured(f"{release} healthy", "service-hosts") == ServiceHosts(services=("smtp",), unresolved="", host="")
    broken = measured(f"{release} loopback-down", "service-hosts")
    assert broken == ServiceHosts(
        services=("smtp", "nosuch.example:2525"), unresolved="nosuch.example:2525", host="nosuch.example"
    )
    assert measured(f"{release} healthy", "config-warnings") == ConfigWarnings(unused=(), twice=(), fatal="", line=0)
    down = measured(f"{release} loopback-down", "config-warnings")
    assert isinstance(down, ConfigWarnings)
    assert (down.twice, down.fatal) == (("biff",), "no-interface")
    syntax = measured(f"{release} broken-main-cf", "config-warnings")
    assert isinstance(syntax, ConfigWarnings)
    assert (syntax.fatal, syntax.line > 40, syntax.clean) == ("no-equals", True, False)
