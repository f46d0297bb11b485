"""Are rules, helpers, transports, commands and the certificate judged right, and is a cut answer never a "no"?"""

from __future__ import annotations

import pytest

from bot.facts.certificates import Certificate, certificate
from bot.facts.delivery import Command, Transports, internal_service, pipe_command, transports
from bot.facts.neighbours import Helper, helper
from bot.facts.rules import Restriction, restriction
from bot.model.fact import Unknown
from tests.unit.facts.recorded import answer

RULES = """word=smtpd_helo_restrictions permit_mynetworks
word=smtpd_helo_restrictions reject_invalid_helo_hostname
word=smtpd_recipient_restrictions check_policy_service
word=smtpd_recipient_restrictions inet:127.0.0.1:10023
word=submission/inet/smtpd_client_restrictions reject
end=ok
"""
SERVICES = (
    "pickup cleanup qmgr rewrite bounce defer trace verify proxymap anvil scache error retry discard local smtp tlsmgr lmtp"
)
DELIVERY = "".join(f"service={name}\n" for name in SERVICES.split()) + "named=smtp default_transport\nfound=unknown\n"


def test_a_restriction_is_found_with_its_list_and_what_stands_before_it() -> None:
    expected = Restriction(set=True, where="smtpd_helo_restrictions", value="", trusts=True)
    assert restriction(answer(RULES), "reject_invalid_helo_hostname") == expected
    policy = restriction(answer(RULES), "check_policy_service")
    assert policy == Restriction(set=True, where="smtpd_recipient_restrictions", value="inet:127.0.0.1:10023", trusts=False)
    assert restriction(answer(RULES), "check_") == policy


def test_a_restriction_that_is_part_of_another_is_not_set() -> None:
    assert restriction(answer(RULES), "reject_invalid") == Restriction(set=False, where="", value="", trusts=False)


def test_the_helper_that_does_not_answer_comes_first() -> None:
    said = answer("helper=milter answers inet:127.0.0.1:8891\nhelper=milter missing unix:o/o.sock jail\nend=ok\n")
    assert helper(said, "milter") == Helper(state="missing", service="unix:o/o.sock", chrooted=True)
    assert helper(said, "policy") == Helper(state="none", service="", chrooted=False)
    assert isinstance(helper(said, "no-such-kind"), Unknown)


def test_a_transport_without_a_service_is_missing() -> None:
    assert transports(answer(DELIVERY + "end=ok\n")) == Transports(missing="", setting="")
    found = transports(answer(DELIVERY + "named=amavis content_filter\nend=ok\n"))
    assert found == Transports(missing="amavis", setting="content_filter")


def test_a_part_of_postfix_that_master_cf_lacks_is_missing() -> None:
    found = internal_service(answer(DELIVERY.replace("service=rewrite\n", "") + "end=ok\n"))
    assert found == Transports(missing="rewrite", setting="master.cf")


def test_a_command_that_cannot_run_is_told_but_not_what_debian_only_ships() -> None:
    said = "pipe=maildrop missing /usr/bin/maildrop vmail\npipe=scan unknown-user /usr/bin/scan filter\nend=ok\n"
    expected = Command(state="unknown-user", service="scan", program="/usr/bin/scan", user="filter")
    assert pipe_command(answer(DELIVERY + said)) == expected
    said = "command=/usr/bin/procmail\nfound=no\nend=ok\n"
    found = pipe_command(answer(DELIVERY.replace("found=unknown\n", "") + said))
    assert found == Command(state="missing", service="mailbox_command", program="/usr/bin/procmail", user="-")


def test_the_days_of_a_certificate_may_be_negative() -> None:
    said = "level=may\ncert=/c.pem\nkey=/k.pem\nstate=mismatch\nnow=864000\nends=0\nend=ok\n"
    assert certificate(answer(said)) == Certificate(state="mismatch", cert="/c.pem", key="/k.pem", level="may", days=-10)


@pytest.mark.parametrize("parse", [transports, internal_service, pipe_command, certificate])
def test_an_answer_that_was_cut_is_unknown(parse: object) -> None:
    assert callable(parse)
    assert isinstance(parse(answer(DELIVERY)), Unknown)
