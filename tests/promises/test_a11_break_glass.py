"""Break-glass exists, needs its own role and a reason, tells everybody first, is marked, and runs only plans the bot built."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.approval.policy import Refusal
from bot.execution.answers import Said
from bot.execution.executor import Executor
from bot.model.execution import State
from bot.model.host import Approvers
from bot.model.review import Decision, Review
from bot.sandbox.slack.seed import GENERAL, MAIL_OPS
from bot.store.store import Store
from tests.e2e.test_story_fix import plan_of, proposed, shows
from tests.support.house import SECOND_CHANNEL, House, at_home, inventory
from tests.support.plans import ANNE, APPROVERS, Machine, host, means, plan, review

ALARM = SECOND_CHANNEL.id
ANA = Approvers(users=frozenset({"U0ANA"}))  # she asks, and approves nothing of her own


def buttons(card: dict[str, object]) -> list[str]:
    blocks = card["blocks"]
    assert isinstance(blocks, list)
    return [element["action_id"] for block in blocks if block["type"] == "actions" for element in block["elements"]]


async def broken(house: House, card: dict[str, object], reason: str = "mail is down") -> dict[str, str]:
    """Let Ana click the button and give her reason; the errors her modal shows."""
    assert await house.ana.clicks(card, "break_glass") == ""
    modal = await house.ana.waits_for_view()
    assert modal["private_metadata"] == plan_of(card)
    return await house.ana.submits(modal, {"reason": reason})


async def test_the_requester_runs_it_alone_after_everybody_was_told(tmp_path: Path) -> None:
    async with at_home(tmp_path, hosts=inventory(breakglass=ANA), alarm_channels=(ALARM,)) as house:
        ts, card = await proposed(house)
        assert buttons(card) == ["approve", "deny", "break_glass"]
        assert "Say why" in (await broken(house, card, "  "))["reason"]
        assert house.fleet.ran == []
        assert await broken(house, card, "mail is down <!channel>") == {}
        told = await house.person("U0DORA").waits_for(shows("Glass broken"), channel=ALARM)
        healed = await house.ana.waits_for(shows("Healed"), thread=ts)
        assert healed["ts"] == card["ts"]
        digest = (await house.store.plans.progress(plan_of(card))).plan.digest[:12]
        for message in (told, healed):
            assert "<@U0ANA>" in str(message["blocks"])
            assert "mail is down &lt;!channel&gt;" in str(message["blocks"])
            assert digest in str(message["blocks"])
        posts = [call["arguments"] for call in house.calls("chat.postMessage")]
        assert posts[-1]["channel"] == ALARM, "the alarm is the last new message: what ran is told by the card"
        assert [wire for _, _, wire in house.fleet.ran] == ["loopback-up"]
        marked = [e async for e in house.store.events.read() if e.details.get("decision") == "break-glass"]
        assert [(e.kind, e.actor, e.details["reason"]) for e in marked] == [
            ("plan.reviewed", "U0ANA", "mail is down <!channel>")
        ]


@pytest.mark.parametrize("channels", [(GENERAL,), ("C0NOSUCH",), (GENERAL, "C0NOSUCH")])
async def test_when_nobody_can_be_told_nothing_runs(tmp_path: Path, channels: tuple[str, ...]) -> None:
    """The bot is no member of these channels."""
    async with at_home(tmp_path, hosts=inventory(breakglass=ANA), alarm_channels=channels) as house:
        ts, card = await proposed(house)
        await broken(house, card)
        told = await house.ana.waits_for(shows("The alarm reached nobody"), thread=ts)
        assert told["ephemeral"] is True
        await house.quiet()
        assert house.fleet.ran == []
        refused = [e.details["why"] async for e in house.store.events.read() if e.kind == "plan.review-refused"]
        assert refused == ["nobody-told"]


async def test_one_alarm_channel_of_several_is_enough(tmp_path: Path) -> None:
    async with at_home(tmp_path, hosts=inventory(breakglass=ANA), alarm_channels=(GENERAL, MAIL_OPS)) as house:
        ts, card = await proposed(house)
        await broken(house, card)
        await house.ana.waits_for(shows("Healed"), thread=ts)


@pytest.mark.parametrize("fault", ["5xx", "429"])
async def test_when_slack_takes_no_message_nothing_runs(tmp_path: Path, fault: str) -> None:
    async with at_home(tmp_path, hosts=inventory(breakglass=ANA), alarm_channels=(ALARM,)) as house:
        ts, card = await proposed(house)
        await house.quiet()
        await house.fault(fault, count=1000, method="chat.postMessage")
        await broken(house, card)
        await house.ana.waits_for(shows("The alarm reached nobody"), thread=ts)
        assert house.fleet.ran == []


@pytest.mark.parametrize(
    ("role", "channels"), [(Approvers(), (ALARM,)), (ANA, ()), (Approvers(users=frozenset({"U0CHEN"})), (ALARM,))]
)
async def test_without_the_role_or_an_alarm_channel_it_is_off(
    tmp_path: Path, role: Approvers, channels: tuple[str, ...]
) -> None:
    async with at_home(tmp_path, hosts=inventory(breakglass=role), alarm_channels=channels) as house:
        ts, card = await proposed(house)
        assert ("break_glass" in buttons(card)) is bool(role and channels)
        progress = await house.store.plans.progress(plan_of(card))
        forged = Review(
            plan_digest=progress.plan.digest,
            actor=await house.desk.people.actor("U0ANA"),
            decision=Decision.BREAK_GLASS,
            at=progress.plan.created_at,
            reason="now",
        )
        answer = await house.desk.executor.review(progress.plan.id, forged, ANA)
        assert answer.refusal is (Refusal.NOBODY_TOLD if role == ANA else Refusal.NO_BREAKGLASS)
        await house.quiet()
        assert house.fleet.ran == []
        assert [m for m in await house.ana.reads(thread=ts) if "Glass broken" in str(m)] == []


async def test_the_alarm_comes_before_anything_may_run(store: Store) -> None:
    states: list[State] = []

    async def alarm(planned: object, made: Review) -> bool:
        states.append(await store.plans.state("plan-1"))
        return True

    machine = Machine(host=host(breakglass=Approvers(users=frozenset({"U0ANNE"}))))
    executor = Executor(means(store, machine, alarm=alarm))
    one = plan(requester="U0ANNE")
    await executor.propose(one)
    answer = await executor.review(one.id, review(one, ANNE, Decision.BREAK_GLASS), APPROVERS)
    assert (answer.said, states) == (Said.APPROVED, [State.PROPOSED])
    assert await executor.carry(one.id)
    assert await store.plans.state(one.id) is State.SUCCEEDED


async def test_it_runs_only_what_the_bot_built_and_still_waits_for_before(store: Store) -> None:
    async def alarm(*_: object) -> bool:
        return True

    machine = Machine(host=host(breakglass=Approvers(users=frozenset({"U0ANNE"}))))
    executor = Executor(means(store, machine, alarm=alarm))
    one = plan()
    await executor.propose(one)
    other = review(plan(within=99), ANNE, Decision.BREAK_GLASS)
    assert (await executor.review(one.id, other, APPROVERS)).said is Said.OTHER_PLAN
    await executor.review(one.id, review(one, ANNE, Decision.BREAK_GLASS), APPROVERS)
    machine.facts["loopback.state"] = "up"
    assert await executor.carry(one.id)
    assert (await store.plans.state(one.id), machine.ran) == (State.STALE, [])


async def test_a_denied_plan_stays_denied(store: Store) -> None:
    alarms: list[object] = []

    async def alarm(*said: object) -> bool:
        alarms.append(said)
        return True

    executor = Executor(means(store, Machine(host=host(breakglass=Approvers(users=frozenset({"U0ANNE"})))), alarm=alarm))
    one = plan()
    await executor.propose(one)
    await executor.review(one.id, review(one, ANNE, Decision.DENY), APPROVERS)
    answer = await executor.review(one.id, review(one, ANNE, Decision.BREAK_GLASS), APPROVERS)
    assert (answer.said, answer.state, alarms) == (Said.DECIDED, State.DENIED, [])
