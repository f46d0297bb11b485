"""Is what is wrong with main.cf and master.cf told by name and line, and never by value?"""

from __future__ import annotations

import pytest

from bot.facts.config_files import ConfigFiles, config_files
from bot.facts.config_values import ConfigValues, config_values
from bot.facts.lookups import Lookups, lookups
from bot.facts.restrictions import Restrictions, restrictions
from bot.model.fact import Unknown
from tests.unit.facts.recorded import answer

FILES = "main=readable\nmaster=readable\nscript=readable\nsmtp-service=yes\n"


@pytest.mark.parametrize(
    ("lines", "parameter", "kind", "better"),
    [
        ("bad=message_size_limit number\n", "message_size_limit", "number", "-"),
        ("bad=smtpd_helo_required yes-no\nnet=127.0.0.0/8\n", "smtpd_helo_required", "yes-no", "-"),
        ("net=127.0.0.0/8\nnet=10.77.0.5/24\n", "mynetworks", "network", "10.77.0.0/24"),
        ("net=[::1]/128\nnet=10.0.0.300\n", "mynetworks", "network", "-"),
        ("net=[::ffff:127.0.0.0]/104\nnet=[::1]/128\n", "-", "-", "-"),
        ("bad=Hostile;name number\nbad=x secret\n", "-", "-", "-"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named(lines: str, parameter: str, kind: str, better: str) -> None:
    found = config_values(answer(f"{lines}end=ok\n"))
    assert isinstance(found, ConfigValues)
    assert (found.parameter, found.kind, found.better, found.bad) == (parameter, kind, better, parameter != "-")


def test_values_of_a_main_cf_that_cannot_be_read_are_unknown() -> None:
    assert isinstance(config_values(answer("", exit=1)), Unknown)
    assert isinstance(config_values(answer("bad=message_size_limit number\n")), Unknown)


@pytest.mark.parametrize(
    ("lines", "fault", "line", "service"),
    [
        ("", "none", 0, "-"),
        ("fields=138\nmaster-error=yes\n", "fields", 138, "-"),
        ("field=type submission\nmaster-error=yes\n", "field", 0, "submission"),
        ("master-error=yes\n", "other", 0, "-"),
        ("spaced=12 submission\n", "spaced", 12, "submission"),
    ],
)
def test_the_fault_of_master_cf_is_told_by_line_or_service(lines: str, fault: str, line: int, service: str) -> None:
    found = config_files(answer(f"{FILES}{lines}end=ok\n"))
    assert isinstance(found, ConfigFiles)
    assert (found.master_fault, found.master_line, found.master_service) == (fault, line, service)


def test_files_and_lines_of_main_cf() -> None:
    found = config_files(
        answer("main=missing\nmaster=closed\nscript=readable\nsmtp-service=no\nindented=1\nno-equals=48\nend=ok\n")
    )
    assert isinstance(found, ConfigFiles)
    assert (found.main, found.master, found.smtp_service) == ("missing", "closed", False)
    assert (found.indented, found.no_equals) == (1, 48)
    assert isinstance(config_files(answer("main=missing\nend=ok\n")), Unknown)


def test_tables_of_a_missing_type_and_tables_proxymap_must_not_ask() -> None:
    said = "types=btree cidr hash proxy \ntable=hash:/etc/aliases\ntable=mysql:/etc/postfix/a.cf\ntable=smtpd:/x\n"
    said += "proxied=hash:/etc/postfix/virtual\nproxied=hash:/etc/aliases\napproved=hash:/etc/aliases\nend=ok\n"
    found = lookups(answer(said))
    assert isinstance(found, Lookups)
    assert (found.unsupported, found.unsupported_type) == ("mysql:/etc/postfix/a.cf", "mysql")
    assert (found.unapproved, found.remote) == ("hash:/etc/postfix/virtual", "mysql:/etc/postfix/a.cf")
    healthy = lookups(answer("types=hash\ntable=hash:/etc/aliases\nend=ok\n"))
    assert isinstance(healthy, Lookups)
    assert (healthy.unsupported, healthy.unapproved, healthy.remote) == ("-", "-", "-")
    assert isinstance(lookups(answer("types=\nend=ok\n")), Unknown)


@pytest.mark.parametrize(
    ("relay", "recipient", "unknown", "guarded"),
    [
        ("permit_mynetworks, defer_unauth_destination", "", "-", True),
        ("permit_mynetworks", "permit_sasl_authenticated", "-", False),
        ("", "permit_mynetworks reject_unauth_destination check_policy_service unix:private/policy", "-", True),
        ("permit_mynetworks reject_unauth_destinaton", "", "reject_unauth_destinaton", False),
        ("reject_rbl_client zen.example.org=127.0.0.[2..11], REJECT", "sleep 5, own_class", "-", True),
    ],
)
def test_restrictions(relay: str, recipient: str, unknown: str, guarded: bool) -> None:
    found = restrictions("", "", "", relay, recipient, "", "own_class")
    assert isinstance(found, Restrictions)
    assert (found.unknown, found.guarded, found.sound) == (unknown, guarded, unknown == "-")


def test_restrictions_need_every_list() -> None:
    assert isinstance(restrictions("", "", "", "", "", None, ""), Unknown)
