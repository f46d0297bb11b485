"""Do addresses, names and listeners say what Postfix itself would find?"""

from __future__ import annotations

import json

import pytest

from bot.facts.base import DERIVATIONS
from bot.facts.listeners import Greeting, Listeners, listeners, smtp_greeting
from bot.facts.names import Listening, ListenName, Localhost, listening, localhost
from bot.facts.network import Interface, Interfaces, IPv6, interfaces, ipv6
from bot.model.fact import Reason, Unknown
from tests.unit.facts.recorded import RELEASES, answer, measured

# `ip -j addr show dev lo` on Debian 12 with lo down but its address kept.
DOWN = (
    '[{"ifindex":1,"ifname":"lo","flags":["LOOPBACK"],"mtu":65536,"qdisc":"noqueue","operstate":"DOWN","group":"default",'
    '"txqlen":1000,"link_type":"loopback","address":"00:00:00:00:00:00","broadcast":"00:00:00:00:00:00","addr_info":'
    '[{"family":"inet","local":"127.0.0.1","prefixlen":8,"scope":"host","label":"lo","valid_life_time":4294967295,'
    '"preferred_life_time":4294967295}]}]'
)
LO = Interface(name="lo", up=True, loopback=True, addresses=("127.0.0.1", "::1"))
ETH = Interface(name="eth0", up=True, loopback=False, addresses=("192.0.2.5", "fe80::1"))
SPARE = Interface(name="eth1", up=False, loopback=False, addresses=("192.0.2.9",))
HEALTHY = Interfaces(all=(LO, ETH, SPARE))


@pytest.mark.parametrize("release", RELEASES)
def test_loopback_up_down_and_flushed(release: str) -> None:
    up, down, flushed = (
        measured(f"{release} {state}", "interfaces") for state in ("healthy", "loopback-down", "broken-main-cf")
    )
    assert isinstance(up, Interfaces)
    assert isinstance(down, Interfaces)
    assert isinstance(flushed, Interfaces)
    assert (up.loopback_up, up.loopback_v4, up.loopback_v6, up.addresses) == (True, True, True, "10.77.0.12")
    assert (down.loopback_up, down.loopback_v4) == (False, False)
    assert (flushed.loopback_up, flushed.loopback_v4, flushed.loopback_v6) == (True, False, False)


def test_an_address_on_an_interface_that_is_down_does_not_count() -> None:
    found = interfaces(answer(DOWN))
    assert isinstance(found, Interfaces)
    assert not found.holds("127.0.0.1")
    assert found.resting("127.0.0.1") == "lo"


@pytest.mark.parametrize("text", ["", "[]", "{}", "[1]", '[{"ifname":1,"flags":[]}]', "[" * 100_000, '[{"ifname":"lo"}]'])
def test_another_form_of_interfaces_is_unknown(text: str) -> None:
    assert isinstance(interfaces(answer(text)), Unknown)


def test_strange_members_are_left_out() -> None:
    odd = [{"ifname": "lo", "flags": ["UP"], "addr_info": [{"local": 1}, 5, {"local": "x"}, {"local": "127.0.0.1"}]}, 7]
    found = interfaces(answer(json.dumps(odd)))
    assert isinstance(found, Interfaces)
    assert found.all[0].addresses == ("127.0.0.1",)


def test_ipv6_switches() -> None:
    assert ipv6(answer("kernel\n0\n0\n")) == IPv6(kernel=True, others=True, loopback=True)
    assert ipv6(answer("kernel\n1\n0\n")) == IPv6(kernel=True, others=False, loopback=False)
    assert ipv6(answer("none\n")) == IPv6(kernel=False, others=False, loopback=False)
    assert isinstance(ipv6(answer("kernel\n2\n0\n")), Unknown)


@pytest.mark.parametrize(
    ("names", "protocols", "expected"),
    [
        ((), "all", Listening(state="ok")),
        ((ListenName(name="localhost", addresses=("127.0.0.1", "::1")),), "all", Listening(state="ok")),
        (
            (ListenName(name="localhost", addresses=("10.9.9.9",)),),
            "all",
            Listening(state="absent", name="localhost", address="10.9.9.9", interface="-", kind="other", named="localhost"),
        ),
        (
            (ListenName(name="192.0.2.9", addresses=("192.0.2.9",)),),
            "all",
            Listening(state="down", name="192.0.2.9", address="192.0.2.9", interface="eth1", kind="other", named="address"),
        ),
        (
            (ListenName(name="mail.example", addresses=("2001:db8::1",)),),
            "ipv4",
            Listening(state="unresolved", name="mail.example", named="name"),
        ),
        ((ListenName(name="mail.example", addresses=("192.0.2.5", "2001:db8::1")),), "ipv4", Listening(state="ok")),
    ],
)
def test_listening(names: tuple[ListenName, ...], protocols: str, expected: Listening) -> None:
    assert listening(names, protocols, HEALTHY) == expected


def test_listening_without_ipv6_on_loopback_names_the_loopback_interface() -> None:
    bare = Interfaces(all=(Interface(name="lo", up=True, loopback=True, addresses=("127.0.0.1",)),))
    found = listening((ListenName(name="localhost", addresses=("127.0.0.1", "::1")),), "all", bare)
    assert found == Listening(
        state="absent", name="localhost", address="::1", interface="lo", kind="loopback", named="localhost"
    )


def test_listening_is_unknown_with_the_reason_of_what_is_missing() -> None:
    gone = Unknown(reason=Reason.TIMED_OUT)
    assert listening(gone, "all", HEALTHY) is gone
    assert DERIVATIONS["listening"].arity == 3


@pytest.mark.parametrize("release", RELEASES)
def test_localhost_and_names_on_real_hosts(release: str) -> None:
    assert measured(f"{release} healthy", "localhost") == Localhost(
        state="loopback", elsewhere="", in_hosts_file=True, files_used=True
    )
    moved = measured(f"{release} names", "localhost")
    assert moved == Localhost(state="elsewhere", elsewhere="192.0.2.9", in_hosts_file=True, files_used=True)
    names = measured(f"{release} names", "listen-names")
    assert isinstance(names, tuple)
    assert [one.name for one in names] == ["localhost", "mx12.lab.example", "gone.example"]
    assert names[0].addresses == ("192.0.2.9",)
    assert isinstance(measured(f"{release} broken-main-cf", "listen-names"), Unknown)
    missing = measured(f"{release} broken-main-cf", "localhost")
    assert isinstance(missing, Localhost)
    assert (missing.state, missing.in_hosts_file) == ("missing", False)


def test_names_are_not_looked_up_in_files() -> None:
    found = localhost(answer("line 127.0.0.1\norder dns\nend\n"))
    assert found == Localhost(state="missing", elsewhere="", in_hosts_file=True, files_used=False)


@pytest.mark.parametrize("release", RELEASES)
def test_listeners_and_greeting_on_real_hosts(release: str) -> None:
    assert measured(f"{release} healthy", "listeners") == Listeners(
        smtp=True, smtps=False, submission=False, smtp_outside=True, ports="25"
    )
    assert measured(f"{release} healthy", "smtp-greeting") == Greeting(state="ready", code=220)
    assert measured(f"{release} loopback-down", "smtp-greeting") == Greeting(state="unreachable", code=0)
    assert measured(f"{release} broken-main-cf", "smtp-greeting") == Greeting(state="closed", code=0)


def test_loopback_only_listeners_and_other_ports() -> None:
    local = "LISTEN 0 100 127.0.0.1:25 0.0.0.0:*\nLISTEN 0 100 [::1]:25 [::]:*\nLISTEN 0 1 127.0.0.53%lo:53 *\n"
    assert listeners(answer(local + "LISTEN 0 100 *:587 *:*\n")) == Listeners(
        smtp=True, smtps=False, submission=True, smtp_outside=False, ports="25, 587"
    )


@pytest.mark.parametrize(
    ("text", "state", "code"),
    [
        ("open\nsaid 554 5.7.1 no\nend\n", "refusing", 554),
        ("open\nend\n", "silent", 0),
        ("open\nlate\n", "silent", 0),
        ("open\nsaid SSH-2.0-x\nend\n", "other", 0),
        ("refused\n", "closed", 0),
        ("late\n", "unreachable", 0),
    ],
)
def test_greetings(text: str, state: str, code: int) -> None:
    assert smtp_greeting(answer(text)) == Greeting(state=state, code=code)
