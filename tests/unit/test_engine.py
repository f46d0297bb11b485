"""Do the verbs behind Slack and the command line say what they found, and nothing they did not?"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.connectors.base import Reader, Writer
from bot.connectors.replay import ReplayReader
from bot.engine import MOST_PROBLEMS, Engine, measured_matches
from bot.errors import NotFound, UnknownHost
from bot.inventory import Inventory
from bot.knowledge.library import Library, load
from bot.model.fact import Reason, Unknown
from bot.model.host import Host
from bot.model.match import Kind, Match
from bot.model.plan import Plan
from bot.model.probe import Reading
from tests.support.entries import ENTRY
from tests.support.plans import BOOTED, FINGERPRINT, host, plan

REAL = """
facts: [interfaces]
causes:
  - id: loopback-down
    when: {fact: interfaces.loopback-up, is: false}
    says: {en: It is down., zh: 已关闭。}
    fix: raise-loopback
fixes:
  raise-loopback:
    risk: low
    safety: {en: Nothing else., zh: 仅此而已。}
    steps: [{operation: loopback-up}]
    before: [{fact: interfaces.loopback-up, is: false}]
    after: [{fact: interfaces.loopback-up, is: true}]
    undo: none
"""
LINE = "Nov 20 10:11:12 {} postfix[812]: fatal: no local interface found for 127.0.0.1"


def interfaces(up: bool) -> Reading:
    lo = {"ifname": "lo", "flags": ["LOOPBACK", "UP"] if up else ["LOOPBACK"], "addr_info": [{"local": "127.0.0.1"}]}
    return Reading(key="interfaces", exit=0, stdout=json.dumps([lo]).encode())


class Recorded:
    """The way to hosts that answer from recordings."""

    def __init__(self, readings: Mapping[str, Reading]) -> None:
        self.readings = readings

    def reader(self, host: Host) -> Reader:
        return ReplayReader(self.readings, host_key=FINGERPRINT)

    def writer(self, host: Host) -> Writer | None:
        raise AssertionError("nothing here may change a host")


@pytest.fixture
def library(tmp_path: Path) -> Library:
    folder = tmp_path / "startup" / "example"
    folder.mkdir(parents=True)
    (folder / "problem.yaml").write_text(ENTRY[: ENTRY.index("facts:")] + REAL.lstrip())
    return load([tmp_path])


def engine(library: Library, up: bool = False) -> Engine:
    hosts = [host("host01", aliases=("mx1.example.com",)), host("host02"), host("advice01", writer=None)]
    return Engine(
        inventory=Inventory({one.name: one for one in hosts}),
        library=library,
        connector=Recorded({"interfaces": interfaces(up), BOOTED.key: BOOTED}),
        clock=lambda: 1000.0,
        plan_seconds=1800,
    )


async def planned(known: Engine, name: str = "host01") -> tuple[Plan, ...]:
    where = known.inventory[name]
    (match,) = known.recognise(LINE.format(name)).sure
    reader = known.reader(where)
    return known.plans(await known.diagnose(where, match, reader), where, reader, "U0ANA")


def test_only_hosts_of_the_inventory_are_named(library: Library) -> None:
    known = engine(library)
    text = "\n".join(LINE.format(name) for name in ("mx1.example.com", "host02", "host01", "intruder99"))
    named = known.named(known.recognise(text))
    assert {one.name for one in named.hosts} == {"host01", "host02"}
    assert len(named.hosts) == 2
    assert named.unknown == ("intruder99",)


async def test_a_confirmed_cause_makes_one_plan_for_this_host_and_key(library: Library) -> None:
    (one,) = await planned(engine(library))
    assert (one.host, one.host_key, one.requester, one.cause) == ("host01", FINGERPRINT, "U0ANA", "loopback-down")
    assert (one.created_at, one.expires_at) == (1000.0, 2800.0)
    assert [step.wire for step in one.steps] == ["loopback-up"]
    assert one.captures == (("address", "127.0.0.1"),)


async def test_every_plan_has_an_id_nobody_can_guess(library: Library) -> None:
    ids = {(await planned(engine(library)))[0].id for _ in range(20)}
    assert len(ids) == 20
    assert all(len(one) >= 16 for one in ids)


async def test_without_an_account_for_fixes_or_a_confirmed_cause_there_is_no_plan(library: Library) -> None:
    assert await planned(engine(library), "advice01") == ()
    assert await planned(engine(library, up=True)) == ()


async def test_measuring_a_plan_again_sees_what_is_true_now(library: Library) -> None:
    (one,) = await planned(engine(library))
    again = await engine(library, up=True).measure(one)
    assert (again.confirmed, len(again.ruled_out)) == ((), 1)
    assert again.match is not None
    assert dict(again.match.captures) == {"address": "127.0.0.1"}


async def test_a_host_that_left_the_inventory_is_not_measured(library: Library) -> None:
    asked = engine(library, up=True)
    with pytest.raises(UnknownHost):
        await asked.measure(plan(host="gone"))


async def test_a_problem_nobody_knows_is_not_measured(library: Library) -> None:
    known = engine(library)
    where = known.inventory["host01"]
    with pytest.raises(NotFound, match="gone"):
        await known.diagnose(where, Match(problem="gone", kind=Kind.EXACT, score=100.0), known.reader(where))


async def test_a_check_of_a_silent_host_knows_nothing() -> None:
    hosts = Inventory({"host01": host("host01")})
    known = Engine(inventory=hosts, library=load(), connector=Recorded({}), clock=time.time, plan_seconds=60)
    where = known.inventory["host01"]
    checkup = await known.check(where, known.reader(where))
    assert checkup.seen == ()
    assert checkup.facts
    assert {one.reason for one in checkup.facts.values() if isinstance(one, Unknown)} == {Reason.UNREACHABLE}
    assert all(isinstance(one, Unknown) for one in checkup.facts.values())


def test_at_most_three_problems_of_a_paste_are_measured() -> None:
    known = load()
    text = "\n".join(
        (
            "postfix[1]: fatal: parameter inet_interfaces: no local interface found for 127.0.0.1",
            "postfix/smtpd[2]: fatal: no SASL authentication mechanisms",
            "postfix/smtpd[3]: warning: unsupported SASL server implementation: saslauthd",
            "postfix/trivial-rewrite[4]: error: open database /etc/postfix/transport.db: No such file or directory",
            "postfix/smtpd[5]: warning: SASL authentication failure: cannot connect to saslauthd server: Permission denied",
        )
    )
    engine = Engine(inventory=Inventory({}), library=known, connector=Recorded({}), clock=time.time, plan_seconds=60)
    found = engine.recognise(text)
    assert len(found.sure) > MOST_PROBLEMS
    assert len(measured_matches(found)) == MOST_PROBLEMS
