"""E8: buttons, metadata and modals contain no secret and no command: what comes back to the bot is an id and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.model.host import Approvers
from bot.operations.base import OPERATIONS
from bot.sandbox.slack.seed import MAIL_OPS
from tests.e2e.test_story_fix import is_card, proposed, shows
from tests.e2e.test_story_paste import NEAR
from tests.promises.outgoing import payloads
from tests.promises.secret_forms import CANARIES, ENCODED, SECRET
from tests.support.house import LOG_LINE, SECOND_CHANNEL, UNPLACED, at_home, inventory

# What a button, menu, block or modal may carry: opaque ids, an index behind one, names of actions, names of hosts.
_ID = re.compile(r"[a-f0-9]{12,40}(?:\.[0-9])?")
_BLOCK = re.compile(r"(?:(?:plan|doubt|host|problem):[a-f0-9]{12,40}(?::[0-9]+)?|reason)")
_ACTION = re.compile(r"approve|deny|break_glass|resolve_succeeded|resolve_failed|pick_host|choose_problem_[0-9]|reason")
_SUBJECT = re.compile(r"(?:plan|answer):[a-f0-9]{12,40}")
_RETURNED = {"value", "action_id", "block_id", "private_metadata", "external_id", "callback_id", "url"}
_HOSTS = {"host01", "host02", "host03", "advice01"}


def carried(node: Any) -> Iterator[tuple[str, str]]:
    """Everything in a payload that Slack sends back or keeps for machines: (name, value)."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name in _RETURNED or name.startswith("initial_"):
                yield name, str(value)
            yield from carried(value)
    elif isinstance(node, list):
        for one in node:
            yield from carried(one)


async def test_every_payload_of_every_flow_carries_ids_only(tmp_path: Path) -> None:
    glass = inventory(breakglass=Approvers(users=frozenset({"U0ANA"})))
    async with at_home(tmp_path, hosts=glass, alarm_channels=(SECOND_CHANNEL.id,)) as house:
        ana, ben = house.ana, house.ben
        await ana.says(MAIL_OPS, f"@postmedic password={SECRET} on host01\n{NEAR}")
        ts = await ana.says(MAIL_OPS, f"AUTH PLAIN {ENCODED}\n{UNPLACED}")
        question = await ana.waits_for(shows("on which host"), thread=ts)
        offered = await ana.searches(question, "pick_host", "")
        assert {one["value"] for one in offered} <= _HOSTS
        await ana.clicks(question, "pick_host", offered[-1])
        card = await ana.waits_for(is_card, thread=ts)
        await ben.clicks(card, "deny")
        modal = await ben.waits_for_view()
        await ben.submits(modal, {"reason": f"password={SECRET}"})
        ts, card = await proposed(house)
        house.fleet.drops = True
        await ben.clicks(card, "approve")
        await ana.waits_for(shows("*In doubt.*"), thread=ts)
        _, card = await proposed(house, LOG_LINE.replace("host01", "host02"))
        await ana.clicks(card, "break_glass")
        modal = await ana.waits_for_view()
        await ana.submits(modal, {"reason": f"password={SECRET}"})
        await ana.waits_for(shows("Glass broken"), channel=SECOND_CHANNEL.id)
        await ana.command("/postfix check host02")
        await ana.opens_home()
        await ana.waits_for_home()
        await house.quiet()
        seen: dict[str, set[str]] = {}
        wires = {operation.name for operation in OPERATIONS.values()}
        for method, sent in payloads(house):
            for name, value in carried(sent):
                seen.setdefault(name, set()).add(value)
                assert not [canary for canary in CANARIES if canary in value]
                assert not [wire for wire in wires if wire in value and name != "action_id"], value
            if metadata := sent.get("metadata"):
                assert set(metadata) == {"event_type", "event_payload"}, method
                assert metadata["event_type"] == "postmedic_message"
                told = metadata["event_payload"]
                assert {"id"} <= set(told) <= {"id", "audit"}
                assert re.fullmatch("audit:[0-9]+:[0-9a-f]{64}", told.get("audit", f"audit:1:{'0' * 64}"))
                assert _SUBJECT.fullmatch(metadata["event_payload"]["id"])
                seen.setdefault("metadata", set()).add("")
        assert set(seen) == {"value", "action_id", "block_id", "private_metadata", "callback_id", "metadata"}
        assert all(_ID.fullmatch(value) for value in seen["value"] | seen["private_metadata"]), seen
        assert all(_ACTION.fullmatch(value) for value in seen["action_id"]), seen["action_id"]
        assert all(_BLOCK.fullmatch(value) for value in seen["block_id"]), seen["block_id"]
        assert seen["callback_id"] == {"deny_plan", "run_alone"}
        wanted = {"approve", "deny", "break_glass", "resolve_failed", "pick_host", "choose_problem_0", "reason"}
        assert seen["action_id"] >= wanted
