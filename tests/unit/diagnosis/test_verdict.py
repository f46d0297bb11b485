"""Is each cause confirmed, ruled out or unmeasured, in the entry's order and with what decided it?"""

from __future__ import annotations

from dataclasses import dataclass

from bot.diagnosis.verdict import diagnose
from bot.model.condition import Truth
from bot.model.fact import Facts, Reason, Unknown
from tests.support.entries import example


@dataclass(frozen=True, slots=True, kw_only=True)
class Interfaces:
    loopback_up: bool | Unknown
    loopback: str = "lo"


SILENT = Unknown(reason=Reason.TIMED_OUT)


def judged(up: bool | Unknown, inet: object) -> dict[str, Truth]:
    facts = Facts({"interfaces": Interfaces(loopback_up=up), "setting.inet_interfaces": inet})
    return {one.cause.id: one.truth for one in diagnose(example(), "host01", None, facts, 5.0).verdicts}


def test_causes_are_told_apart_by_facts() -> None:
    assert judged(False, "all") == {"loopback-down": Truth.TRUE, "elsewhere": Truth.FALSE}
    assert judged(True, "192.0.2.1") == {"loopback-down": Truth.FALSE, "elsewhere": Truth.TRUE}
    assert judged(True, "all") == {"loopback-down": Truth.FALSE, "elsewhere": Truth.FALSE}


def test_what_could_not_be_measured_is_neither() -> None:
    assert judged(SILENT, SILENT) == {"loopback-down": Truth.UNKNOWN, "elsewhere": Truth.UNKNOWN}
    assert judged(SILENT, "all") == {"loopback-down": Truth.UNKNOWN, "elsewhere": Truth.FALSE}
    assert judged(True, SILENT) == {"loopback-down": Truth.FALSE, "elsewhere": Truth.UNKNOWN}


def test_a_verdict_carries_what_decided_it() -> None:
    facts = Facts({"interfaces": Interfaces(loopback_up=True), "setting.inet_interfaces": SILENT})
    one = diagnose(example(), "host01", None, facts, 5.0, "lost")
    assert [verdict.cause.id for verdict in (*one.confirmed, *one.ruled_out, *one.unmeasured)] == ["loopback-down", "elsewhere"]
    (open_one,) = one.unmeasured
    assert [(part.path, part.value) for part in open_one.evidence] == [
        ("interfaces.loopback-up", True),
        ("setting.inet_interfaces", SILENT),
    ]
    assert (one.host, one.measured_at, one.error) == ("host01", 5.0, "lost")
