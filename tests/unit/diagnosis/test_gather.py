"""Are facts measured in as few rounds as they allow, and does each missing one say why?"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bot.diagnosis import gather as gathering
from bot.diagnosis.gather import gather
from bot.diagnosis.once import OnceReader
from bot.errors import HostError, HostKeyRejected, HostUnreachable
from bot.facts import base
from bot.model.fact import Facts, FactUse, Reason, Unknown
from bot.model.probe import KILLED, NO_PERMISSION, NOT_INSTALLED, TIMED_OUT, Reading
from bot.model.problem import Derived
from tests.unit.diagnosis.catalogue import DERIVATIONS, FACTS, Relay, Told

RELAY = FactUse(name="relay")
BANNER = FactUse(name="banner", arguments=("relay.host", "relay.port"))
FIXED = FactUse(name="banner", arguments=("example.org", "25"))
ANSWERS = {"relay": "mx.example.org 587", "banner mx.example.org 587": "220 hello", "banner example.org 25": "220 there"}


@pytest.fixture(autouse=True)
def catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (gathering, base):
        monkeypatch.setattr(module, "FACTS", FACTS)
        monkeypatch.setattr(module, "DERIVATIONS", DERIVATIONS)


def reason(facts: Facts, path: str) -> Reason:
    value = facts.look(path)
    assert isinstance(value, Unknown), value
    return value.reason


async def measured(
    uses: Sequence[FactUse], reader: Told, derived: Sequence[Derived] = (), captures: dict[str, str] | None = None
) -> tuple[Facts, str]:
    return await gather(uses, derived, captures or {}, reader)


async def test_a_fact_that_does_not_exist_is_unknown_and_costs_no_other() -> None:
    facts, error = await measured([FactUse(name="unheard"), RELAY], Told(ANSWERS))
    assert (reason(facts, "unheard"), error) == (Reason.NOT_MEASURED, "")
    assert facts["relay"] == Relay(host="mx.example.org", port=587)


async def test_what_depends_on_nothing_travels_in_one_round() -> None:
    reader = Told(ANSWERS)
    facts, error = await measured([RELAY, FIXED], reader)
    assert reader.rounds == [["relay", "banner example.org 25"]]
    assert (facts["relay"], facts["banner.example.org.25"], error) == (Relay(host="mx.example.org", port=587), "220 there", "")


async def test_a_fact_waits_for_the_facts_it_is_asked_with() -> None:
    reader = Told(ANSWERS)
    facts, _ = await measured([BANNER, RELAY, FIXED], reader)
    assert reader.rounds == [["relay", "banner example.org 25"], ["banner mx.example.org 587"]]
    assert facts["banner.relay.host.relay.port"] == "220 hello"


async def test_the_same_request_is_sent_once() -> None:
    reader = Told(ANSWERS | {"relay": "example.org 25"})
    facts, _ = await measured([RELAY, FIXED, BANNER], reader)
    assert reader.rounds == [["relay", "banner example.org 25"]]
    assert facts["banner.relay.host.relay.port"] == facts["banner.example.org.25"]


async def test_a_measured_value_that_is_no_plain_word_is_not_sent() -> None:
    for hostile in ("$(reboot) 25", "-oProxyCommand=x 25", "a;b 25", "mx.example.org 99999"):
        reader = Told({"relay": hostile})
        facts, _ = await measured([RELAY, BANNER], reader)
        assert reader.rounds == [["relay"]]
        assert reason(facts, "banner.relay.host.relay.port") is Reason.NOT_APPLICABLE


async def test_what_needs_an_unknown_value_is_not_asked() -> None:
    reader = Told({"relay": Reading(key="relay", exit=NO_PERMISSION)})
    facts, error = await measured([RELAY, BANNER], reader)
    assert reader.rounds == [["relay"]]
    assert reason(facts, "relay") is Reason.NO_PERMISSION
    assert reason(facts, "banner.relay.host.relay.port") is Reason.NOT_APPLICABLE
    assert error == ""


@pytest.mark.parametrize(
    ("exit", "expected"),
    [
        (None, Reason.UNREACHABLE),
        (NO_PERMISSION, Reason.NO_PERMISSION),
        (TIMED_OUT, Reason.TIMED_OUT),
        (KILLED, Reason.TIMED_OUT),
        (NOT_INSTALLED, Reason.NOT_INSTALLED),
    ],
)
async def test_each_exit_that_is_no_answer_has_its_reason(exit: int | None, expected: Reason) -> None:
    facts, _ = await measured([RELAY], Told({"relay": Reading(key="relay", exit=exit, stdout=b"mx 25")}))
    assert reason(facts, "relay") is expected


async def test_a_parser_that_raises_costs_one_fact() -> None:
    facts, error = await measured([FactUse(name="fragile"), FIXED], Told(ANSWERS | {"fragile": "x"}))
    assert reason(facts, "fragile") is Reason.UNREADABLE
    assert (facts["banner.example.org.25"], error) == ("220 there", "")


async def test_an_answer_that_never_comes_is_unknown() -> None:
    facts, error = await measured([RELAY, FIXED], Told({"banner example.org 25": "220 there"}))
    assert reason(facts, "relay") is Reason.UNREACHABLE
    assert (facts["banner.example.org.25"], error) == ("220 there", "")


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (HostUnreachable(host="h", detail="no route"), Reason.UNREACHABLE),
        (HostKeyRejected(host="h"), Reason.HOST_KEY),
    ],
)
async def test_a_host_that_cannot_be_asked_says_why(failure: HostError, expected: Reason) -> None:
    reader = Told({}, failure=failure, fails_in=1)
    facts, error = await measured([RELAY, BANNER, FIXED], reader)
    assert error == str(failure)
    assert reason(facts, "relay") is expected
    assert reason(facts, "banner.example.org.25") is expected
    assert reason(facts, "banner.relay.host.relay.port") is Reason.NOT_APPLICABLE
    assert len(reader.rounds) == 1


async def test_what_was_measured_before_the_host_was_lost_is_kept() -> None:
    answers = {key: text for key, text in ANSWERS.items() if "587" not in key}
    reader = Told(answers, failure=HostUnreachable(host="h", detail="gone"), fails_in=2)
    facts, error = await measured([RELAY, FIXED, BANNER], reader)
    assert facts["banner.example.org.25"] == "220 there"
    assert reason(facts, "banner.relay.host.relay.port") is Reason.UNREACHABLE
    assert "gone" in error


async def test_values_in_a_circle_end_as_unknown() -> None:
    circle = [
        Derived(name="chicken", function="together", arguments=("egg", "egg")),
        Derived(name="egg", function="together", arguments=("chicken", "chicken")),
    ]
    asked = FactUse(name="greeting", arguments=("egg",))
    facts, error = await measured([asked, RELAY], Told(ANSWERS), circle)
    assert {reason(facts, path) for path in ("chicken", "egg", "greeting.egg")} == {Reason.NOT_APPLICABLE}
    assert (facts["relay"], error) == (Relay(host="mx.example.org", port=587), "")


async def test_derived_values_see_captures_facts_and_literals() -> None:
    both = Derived(name="both", function="together", arguments=("match.address", "relay.host"))
    more = Derived(name="more", function="together", arguments=("both", "literal"))
    facts, _ = await measured([RELAY], Told(ANSWERS), [more, both], {"address": "192.0.2.1"})
    assert facts["both"] == "192.0.2.1 mx.example.org"
    assert facts["more"] == "192.0.2.1 mx.example.org literal"


async def test_a_derived_value_can_be_what_a_fact_is_asked_with() -> None:
    name = Derived(name="name", function="together", arguments=("relay.host", "x"))
    reader = Told(ANSWERS)
    facts, _ = await measured([RELAY, FactUse(name="greeting", arguments=("name",))], reader, [name])
    assert reader.rounds == [["relay"]]  # "mx.example.org x" holds a space, so it is not sent
    assert reason(facts, "greeting.name") is Reason.NOT_APPLICABLE


async def test_a_derivation_that_raises_costs_one_value() -> None:
    broken = Derived(name="broken", function="broken", arguments=("relay.host",))
    facts, _ = await measured([RELAY], Told(ANSWERS), [broken])
    assert reason(facts, "broken") is Reason.UNREADABLE
    assert facts["relay"] == Relay(host="mx.example.org", port=587)


async def test_a_missing_capture_is_unknown_to_what_is_derived() -> None:
    both = Derived(name="both", function="together", arguments=("match.address", "relay.host"))
    facts, _ = await measured([RELAY], Told(ANSWERS), [both])
    assert reason(facts, "both") is Reason.NOT_MEASURED


async def test_each_fact_is_told_once_when_it_arrives() -> None:
    told: list[str] = []

    async def arrived(path: str, value: object) -> None:
        told.append(path)

    await gather([RELAY, BANNER, FactUse(name="fragile")], (), {}, Told(ANSWERS), arrived)
    assert sorted(told) == ["banner.relay.host.relay.port", "fragile", "relay"]


async def test_one_question_asks_a_host_nothing_twice() -> None:
    told = Told(ANSWERS)
    reader = OnceReader(told)
    first, _ = await gather([RELAY, FIXED], (), {}, reader)
    second, _ = await gather([FIXED, RELAY, BANNER], (), {}, reader)
    assert told.rounds == [["relay", "banner example.org 25"], ["banner mx.example.org 587"]]
    assert first["relay"] == second["relay"]
    assert reader.host_key == "SHA256:x"
    assert set(reader.readings) == set(ANSWERS)
