"""Are missing, stale and fresh tables told apart, and does a message lead to its own table?"""

from __future__ import annotations

import pytest

from bot.facts.tables import Table, broken_table, tables
from bot.model.fact import Reason, Unknown
from bot.model.probe import Reading

ALIASES = "table=hash:/etc/aliases 1795353202 1795353204 alias\n"
VIRTUAL_MISSING = "table=hash:/etc/postfix/virtual 1795359097 none map\n"
VIRTUAL_STALE = "table=hash:/etc/postfix/virtual 1795358925 1795358725 map\n"
VIRTUAL_FRESH = "table=hash:/etc/postfix/virtual 1795359128 1795359129 map\n"


def read(text: str, code: int = 0) -> object:
    return tables(Reading(key="tables", exit=code, stdout=text.encode()))


@pytest.mark.parametrize(
    ("line", "state"),
    [
        (VIRTUAL_MISSING, "missing"),
        (VIRTUAL_STALE, "stale"),
        (VIRTUAL_FRESH, "fresh"),
        ("table=hash:/etc/postfix/virtual none 1795359129 map\n", "no-source"),
        ("table=hash:/etc/postfix/virtual none none map\n", "neither"),
        ("table=hash:/etc/postfix/virtual 1795359128 1795359128 map\n", "fresh"),
        ("table=hash:/etc/postfix/virtual 10000000000 9999999999 map\n", "stale"),
    ],
)
def test_states(line: str, state: str) -> None:
    found = read(ALIASES + line + "end=ok\n")
    assert isinstance(found, tuple)
    assert [one.state for one in found] == ["fresh", state]


def test_an_alias_table_is_marked_as_one() -> None:
    found = read(ALIASES + VIRTUAL_STALE + "end=ok\n")
    assert isinstance(found, tuple)
    assert [one.alias for one in found] == [True, False]


@pytest.mark.parametrize("named", ["/etc/postfix/virtual.db", "/etc/postfix/virtual", "hash:/etc/postfix/virtual"])
def test_a_message_leads_to_its_table(named: str) -> None:
    found = broken_table(named, read(ALIASES + VIRTUAL_MISSING + "end=ok\n"))
    assert isinstance(found, Table)
    assert (found.name, found.compiled) == ("hash:/etc/postfix/virtual", "/etc/postfix/virtual.db")


def test_a_message_about_another_table_does_not_get_this_one() -> None:
    found = broken_table("/etc/postfix/transport.db", read(VIRTUAL_MISSING + "end=ok\n"))
    assert isinstance(found, Unknown)


def test_without_a_name_the_first_broken_table_is_meant() -> None:
    found = broken_table(Unknown(reason=Reason.NOT_MEASURED), read(ALIASES + VIRTUAL_MISSING + "end=ok\n"))
    assert isinstance(found, Table)
    assert found.state == "missing"


@pytest.mark.parametrize("output", ["", "table=hash:/x 1 2 map\n", ALIASES, "end=ok\nend=ok\n"])
def test_a_cut_answer_is_unknown_and_never_healthy(output: str) -> None:
    assert isinstance(read(output), Unknown)


@pytest.mark.parametrize(
    "line", ["table=", "table=mysql:/etc/x 1 2 map", "table=hash:/x", "table=hash:/x ① ② map", "table=a b c d e f"]
)
def test_a_strange_line_costs_only_itself(line: str) -> None:
    found = read(VIRTUAL_FRESH + line + "\nend=ok\n")
    assert isinstance(found, tuple)
    assert isinstance(found[0], Table)
    assert isinstance(found[1], Unknown) or found[1].state == "neither"
