"""E9: only listed channels and the bot's own workspace are served; a plan is visible only where its host may be discussed."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.slack.seed import MAIL_OPS
from tests.e2e.test_story_fix import is_card, plan_of, proposed, shows
from tests.e2e.test_story_paste import NEAR, answers
from tests.support.house import LOG_LINE, SECOND_CHANNEL, STRANGER, UNPLACED, House, at_home

Json = dict[str, Any]
Mutation = Callable[[Json], Json]
_FRESH = itertools.count(1)


def fresh(kind: str, payload: Json) -> Json:
    """The same payload as if it happened again: other ids, so that nothing takes it for a redelivery."""
    number = next(_FRESH)
    copy: Json = json.loads(json.dumps(payload))
    if "event" in copy:
        copy["event_id"] = f"EvFRESH{number}"
        if "ts" in copy["event"]:
            copy["event"]["ts"] = f"1600000000.{number:06}"
    else:
        copy["trigger_id"] = f"1.2.fresh{number}"
    return copy


def of_another_workspace(payload: Json) -> Json:
    """The app is installed elsewhere too, or somebody says so."""
    more: Json = {"team_id": "T0ELSE"} if "team_id" in payload else {}
    return payload | more | ({"team": {"id": "T0ELSE", "domain": "else"}} if "team" in payload else {})


def by_a_stranger(payload: Json) -> Json:
    """A person of another organisation, in a channel shared with it (Slack Connect)."""
    if "event" in payload:
        event = payload["event"] | {"user": STRANGER.id, "user_team": "T0ELSE", "source_team": "T0ELSE"}
        return payload | {"event": event, "is_ext_shared_channel": True}
    if "command" in payload:  # Slack runs a command in the workspace of who types it
        return payload | {"user_id": STRANGER.id, "team_id": "T0ELSE"}
    return payload | {"user": payload["user"] | {"id": STRANGER.id, "team_id": "T0ELSE"}}


def elsewhere(channel: str) -> Mutation:
    """In a channel or a direct message that is not listed."""
    return lambda payload: json.loads(json.dumps(payload).replace(MAIL_OPS, channel))


async def every_listener(house: House) -> dict[str, tuple[str, Json]]:
    """One real payload for each thing a person can do, by its name, with the kind of its envelope."""
    ana, ben = house.ana, house.ben
    ts = await ana.says(MAIL_OPS, f"@postmedic on host01\n{NEAR}")
    await ana.clicks(await ana.waits_for(shows("Is it one of these"), thread=ts), "choose_problem_0")
    ts = await ana.says(MAIL_OPS, UNPLACED)
    question = await ana.waits_for(shows("on which host"), thread=ts)
    offered = await ana.searches(question, "pick_host", "host02")
    await ana.clicks(question, "pick_host", offered[0])
    card = await ana.waits_for(is_card, thread=ts)
    await ben.clicks(card, "deny")
    await ben.submits(await ben.waits_for_view(), {"reason": "no"})
    house.fleet.drops = True
    ts, card = await proposed(house)
    await ben.clicks(card, "approve")
    doubt = await ana.waits_for(shows("*In doubt.*"), thread=ts)
    await ben.clicks(doubt, "resolve_failed")
    await ana.waits_for(shows("*Failed.*"), thread=ts)
    await ana.command("/postfix check host01")
    await ana.shortcut(next(one for one in await ana.reads() if one["ts"] == ts))
    await ana.opens_home()
    await house.quiet()
    found: dict[str, tuple[str, Json]] = {}
    for one in house.running.workspace.journal.deliveries:
        payload = one["payload"]
        name = payload.get("event", {}).get("type") or payload.get("command") or payload["type"]
        if name == "message" and payload["event"].get("user") not in ("U0ANA",):
            continue
        if name == "block_actions":
            name = payload["actions"][0]["action_id"]
        found[name] = (one["kind"], payload)
    return found


@pytest.mark.parametrize(
    "mutation",
    [
        of_another_workspace,
        by_a_stranger,
        elsewhere(SECOND_CHANNEL.id),
        elsewhere("C0NOWHERE"),
        elsewhere("D0SOMEBODY"),
    ],
    ids=["another workspace", "shared channel", "another channel", "unknown channel", "direct message"],
)
async def test_no_listener_serves_anywhere_else(tmp_path: Path, mutation: Mutation) -> None:
    async with at_home(tmp_path, channels=(MAIL_OPS,)) as house:
        found = await every_listener(house)
        assert set(found) >= {
            "message", "app_mention", "/postfix", "message_action", "approve", "deny", "resolve_failed", "pick_host",
            "choose_problem_0", "view_submission", "block_suggestion", "app_home_opened",
        }  # fmt: skip
        _, card = await proposed(house, LOG_LINE.replace("host01", "host02"))
        await house.quiet()
        said, measured, ran = len(house.calls("chat.postMessage")), len(house.fleet.measured), len(house.fleet.ran)
        opened = len(house.calls("views.open"))
        state = str(await house.ana.waits_for(is_card, thread=card["thread_ts"]))
        for name, (kind, payload) in found.items():
            if name in ("view_submission", "app_home_opened") and mutation not in (of_another_workspace, by_a_stranger):
                continue  # a modal and the Home tab stand in no channel
            payload = json.loads(json.dumps(payload).replace(plan_of_any(payload), plan_of(card)))
            sent = fresh(kind, mutation(payload))
            if kind == "events_api":
                house.running.workspace.dispatcher.event(sent)
            else:
                answer = await house.running.workspace.dispatcher.ask(kind, sent)  # type: ignore[arg-type]
                assert not answer.get("options"), name
        await house.quiet()
        assert len(house.fleet.measured) == measured
        assert len(house.fleet.ran) == ran
        assert len(house.calls("chat.postMessage")) == said
        assert len(house.calls("views.open")) == opened
        assert str(await house.ana.waits_for(is_card, thread=card["thread_ts"])) == state
        if mutation is by_a_stranger:
            published = [
                call["arguments"] for call in house.calls("views.publish") if call["arguments"]["user_id"] == STRANGER.id
            ]
            assert "host01" not in re.sub("(check|history) host01", "", str(published))


def plan_of_any(payload: Json) -> str:
    """The id of the plan a click or a modal is about; a text that stands nowhere for everything else."""
    actions = payload.get("actions") or [{}]
    plan = payload.get("view", {}).get("private_metadata") if "view" in payload else actions[0].get("value")
    return str(plan or "no such text")


async def test_nothing_of_another_workspace_is_even_kept(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        found = await every_listener(house)
        keys: list[str] = []
        accept = house.store.inbox.accept

        async def noted(key: str, *about: Any) -> bool:
            keys.append(key)
            return await accept(key, *about)

        house.store.inbox.accept = noted  # type: ignore[method-assign]
        for kind, payload in found.values():
            sent = fresh(kind, of_another_workspace(payload))
            if kind == "events_api":
                house.running.workspace.dispatcher.event(sent)
            else:
                await house.running.workspace.dispatcher.ask(kind, sent)  # type: ignore[arg-type]
        await house.quiet()
        assert keys == []


async def test_people_of_other_workspaces_never_reach_a_decision(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        _, card = await proposed(house)
        await house.person("U0EVE").clicks(card, "approve")
        await house.quiet()
        assert house.fleet.ran == []
        assert "Waiting for approval" in str(await house.ana.waits_for(is_card, thread=card["thread_ts"]))


async def test_other_channels_than_the_listed_ones_are_not_served_or_kept(tmp_path: Path) -> None:
    async with at_home(tmp_path, channels=(SECOND_CHANNEL.id,)) as house:
        ts = await house.ana.says(MAIL_OPS, LOG_LINE)
        assert await answers(house, ts) == []
        ts = await house.ana.says(MAIL_OPS, f"@postmedic {LOG_LINE}")
        await house.ana.waits_for(shows("not set up to answer"))
        assert await answers(house, ts) == []
        assert await house.ana.command("/postfix check host01") == ""
        await house.ana.waits_for(lambda m: "not set up" in m["text"] and m.get("thread_ts") is None)
        assert house.fleet.measured == []
        ts = await house.ana.says(SECOND_CHANNEL.id, LOG_LINE)
        await house.ana.waits_for(is_card, channel=SECOND_CHANNEL.id, thread=ts)


async def test_a_host_is_discussed_in_its_channels_only(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        ts = await house.ana.says(MAIL_OPS, LOG_LINE.replace("host01", "host03"))
        await house.ana.waits_for(shows("not discussed in this channel"), thread=ts)
        assert house.fleet.measured == []
        ts = await house.ana.says(SECOND_CHANNEL.id, LOG_LINE.replace("host01", "host03"))
        await house.ana.waits_for(is_card, channel=SECOND_CHANNEL.id, thread=ts)
