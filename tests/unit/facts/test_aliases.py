"""Where does local mail go, who may relay, and whose is sendmail?"""

from __future__ import annotations

import pytest

from bot.facts.aliases import Alias, AliasFiles, alias, alias_files
from bot.facts.clients import Client, Trust, client, given, networks_permitted, trust
from bot.facts.sendmail import Sendmail, sendmail
from bot.model.fact import Reason, Unknown
from tests.unit.facts.recorded import RELEASES, answer, measured
from tests.unit.facts.test_network import HEALTHY

NONE = Unknown(reason=Reason.NOT_MEASURED)
LOOPBACK = "127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128"


@pytest.mark.parametrize("release", RELEASES)
def test_aliases_on_real_hosts(release: str) -> None:
    assert measured(f"{release} healthy", "alias", "root") == Alias(
        name="root", goes="user", targets="ops", nobody="", user=True, waiting=0
    )
    many = measured(f"{release} aliases", "alias", "root")
    assert isinstance(many, Alias)
    assert (many.goes, many.nobody) == ("nobody", "nobody-here")
    assert many.targets == "nobody-here, ops, postmaster2, pipe, file, include, …@people.example"
    assert many.waiting == 2
    assert measured(f"{release} loopback-down", "alias-files") == AliasFiles(state="stale", path="/etc/aliases")
    assert measured(f"{release} aliases", "alias-files") == AliasFiles(state="fresh", path="/etc/aliases")


@pytest.mark.parametrize("release", RELEASES)
def test_aliases_that_cannot_be_asked_are_unknown(release: str) -> None:
    assert isinstance(measured(f"{release} loopback-down", "alias", "root"), Unknown)
    assert isinstance(measured(f"{release} broken-main-cf", "alias-files"), Unknown)


def test_mail_that_nobody_reads() -> None:
    found = alias(answer("none\nuser yes\nwaiting 512\nend\n"), "root")
    assert isinstance(found, Alias)
    assert found.unread
    missing = alias_files(answer("table /etc/aliases 5 0\nend\n"))
    assert missing == AliasFiles(state="missing", path="/etc/aliases")
    assert alias_files(answer("table other 0 0\nend\n")) == AliasFiles(state="none", path="-")


@pytest.mark.parametrize(
    ("networks", "loopback"),
    [(LOOPBACK, True), ("10.99.0.0/16", False), ("!127.0.0.1, 127.0.0.0/8", False), ("", False)],
)
def test_trust(networks: str, loopback: bool) -> None:
    assert trust(networks) == Trust(loopback=loopback)


def test_a_table_in_mynetworks_is_not_guessed_but_an_earlier_match_decides() -> None:
    assert isinstance(trust("cidr:/etc/postfix/networks"), Unknown)
    assert trust("127.0.0.1, cidr:/etc/postfix/networks") == Trust(loopback=True)


@pytest.mark.parametrize(
    ("peer", "kind", "trusted"),
    [
        ("localhost[127.0.0.1]", "loopback", True),
        ("mx.example[192.0.2.5]", "own", False),
        ("unknown[10.1.2.3]", "private", False),
        ("unknown[203.0.113.9]", "public", False),
        ("unknown[IPv6:2001:db8::1]", "public", False),
        ("unknown[nonsense]", "none", False),
        (NONE, "none", False),
    ],
)
def test_clients(peer: object, kind: str, trusted: bool) -> None:
    found = client(peer, LOOPBACK, HEALTHY)
    assert isinstance(found, Client)
    assert (found.kind, found.trusted) == (kind, trusted)


def test_what_decides_on_relaying() -> None:
    assert networks_permitted("permit_mynetworks, reject", "") is True
    assert networks_permitted("permit_sasl_authenticated", "permit_mynetworks") is False
    assert networks_permitted("", "permit_mynetworks, reject_unauth_destination") is True
    assert isinstance(networks_permitted("check_client_access inline:<masked>", ""), Unknown)
    assert given("x") is True
    assert given(NONE) is False


@pytest.mark.parametrize("release", RELEASES)
def test_sendmail_on_real_hosts(release: str) -> None:
    states = {state: measured(f"{release} {state}", "sendmail") for state in ("healthy", "loopback-down", "aliases", "names")}
    assert all(isinstance(one, Sendmail) and one.postfix_installed and one.mail_command for one in states.values())
    seen = {state: (one.state, one.link) for state, one in states.items() if isinstance(one, Sendmail)}
    assert seen["healthy"] == ("present", "present")
    assert seen["loopback-down"] == ("missing", "missing")
    assert seen["aliases"] == ("not-executable", "missing")
    assert seen["names"] == ("foreign", "elsewhere")


def test_a_foreign_sendmail_names_its_package() -> None:
    paths = "path /usr/sbin/sendmail program /usr/bin/msmtp\npath /usr/lib/sendmail missing /usr/lib/sendmail\n"
    found = sendmail(answer(paths + "owner msmtp-mta\nend\n"))
    assert isinstance(found, Sendmail)
    assert (found.state, found.owner, found.postfix_installed) == ("foreign", "msmtp-mta", False)


@pytest.mark.parametrize("program", ["program", "program /usr/bin/sendmail"])
def test_whose_sendmail_is_cannot_be_said_without_packages(program: str) -> None:
    paths = f"path /usr/sbin/sendmail {program}\npath /usr/lib/sendmail program /usr/bin/sendmail\n"
    assert isinstance(sendmail(answer(paths + "no-packages\ncommand postfix\nend\n")), Unknown)
