"""A button carries only an opaque id: of all that can be sent in its place, only the exact one acts."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.execution import State
from bot.sandbox.slack.seed import MAIL_OPS
from handlers.inbox import next_of
from handlers.incoming import Served
from handlers.serving import KEPT
from tests.e2e.test_story_fix import forge, plan_of, proposed, shows
from tests.support.house import SECOND_CHANNEL, at_home


async def test_forged_clicks_act_on_nothing(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        ts, card = await proposed(house)
        plan = plan_of(card)
        for value in ("", "nosuchplan", "x" * 10_000, "../../etc", plan + "\n", "'; drop table plans; --"):
            await forge(house, "U0BEN", card, action={"value": value})
        await forge(house, "U0BEN", card, action={"action_id": "approve_all", "value": plan})
        await forge(house, "U0BEN", card, channel=SECOND_CHANNEL.id, action={"value": plan})
        one = {"type": "button", "action_id": "approve", "block_id": "x", "value": plan}
        await forge(house, "U0BEN", card, actions=[one, one])
        await forge(house, "U0BEN", card, team={"id": "T0ELSE"}, action={"value": plan})
        await house.ben.waits_for(shows("There is no such plan"), thread=ts)
        await house.quiet()
        assert house.fleet.ran == []
        await forge(house, "U0BEN", card, action={"value": plan})
        await house.ana.waits_for(shows("Healed"), thread=ts)


@pytest.mark.parametrize("action_id", ["approve", "deny", "break_glass", "resolve_succeeded", "resolve_failed"])
async def test_in_every_other_state_no_click_moves_a_plan(tmp_path: Path, action_id: str) -> None:
    """A plan in doubt may be ended by a person, and that alone."""
    async with at_home(tmp_path) as house:
        _, card = await proposed(house)
        house.desk.executor.stop()  # nothing but the click may move the plan
        await house.quiet(1.0)
        plan = plan_of(card)
        for state in sorted(set(State) - {State.PROPOSED, State.IN_DOUBT}):
            with sqlite3.connect(tmp_path / "postmedic.db") as connection:
                connection.execute("UPDATE plans SET state = ?, lease_until = ?", (state, time.time() + 10))
            await forge(house, "U0BEN", card, action={"action_id": action_id, "value": plan})
            await house.quiet(0.1)
            assert await house.store.plans.state(plan) is state
        assert house.fleet.ran == []


SERVED = Served(team="T1", bot_user="UBOT", channels=frozenset())
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(value=ANYTHING, more=st.dictionaries(st.sampled_from(["text", "selected_user", "command", "block_id"]), ANYTHING))
def test_nothing_but_a_short_id_is_kept_of_a_click(value: Any, more: dict[str, Any]) -> None:
    body = {
        "type": "block_actions",
        "team": {"id": "T1"},
        "user": {"id": "U1", "team_id": "T1"},
        "channel": {"id": MAIL_OPS},
        "container": {"message_ts": "1.1"},
        "trigger_id": "1.2.3",
        "actions": [{**more, "action_id": "approve", "value": value}],
    }
    kept = next_of(KEPT, body, SERVED)
    assert kept is not None
    plan = kept.payload.pop("plan")
    assert kept.payload == {"channel": MAIL_OPS, "thread": "", "user": "U1", "response_url": ""}
    assert plan == (value if isinstance(value, str) and value == plan else "")
    assert len(plan) <= 128
