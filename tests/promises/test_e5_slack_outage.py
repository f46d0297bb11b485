"""E5: through refusals, errors, silence and lost sockets every message arrives, in order, and the last shows the true state."""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from slack_sdk.errors import SlackApiError

from bot.model.execution import State
from bot.render.blocks import Message, section
from bot.render.replies import note
from bot.sandbox.slack.seed import MAIL_OPS
from tests.e2e.test_story_fix import is_card, proposed, shows
from tests.support.house import LOG_LINE, SECOND_CHANNEL, House, at_home, bot_at, workspace
from tests.support.stores import altered

MANY = 1_000_000
ROUNDS = 6
OUTAGE = float(os.environ.get("POSTMEDIC_OUTAGE", "1.5"))  # seconds of each fault


def says(text: str) -> Message:
    return Message(text=text, blocks=(section(text),))


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [("429", OUTAGE / 2), ("5xx", 1.0), ("slow", 1.2), ("disconnect", 1.0), ("token_revoked", 1.0)],
)
async def test_everything_arrives_in_order_and_without_a_storm(tmp_path: Path, fault: str, seconds: float) -> None:
    async with at_home(tmp_path) as house:
        house.slack.sending.timeout = 0.5  # so that "slow" is a call that timed out and arrived nevertheless
        first = await house.ana.says(MAIL_OPS, "hello")
        second = await house.ana.says(MAIL_OPS, "hello again")
        await house.fault(
            fault, count=MANY, seconds=seconds, **({} if fault == "disconnect" else {"method": "chat.postMessage"})
        )
        if fault != "disconnect":
            await house.fault(fault, count=MANY, seconds=seconds, method="chat.update")
        began = time.monotonic()
        for number in range(ROUNDS):
            for thread in (first, second):
                await house.desk.show(f"{thread}-{number}", MAIL_OPS, thread, says(f"message {number}"))
            await asyncio.sleep(OUTAGE / ROUNDS)
            await house.desk.show(f"{first}-0", MAIL_OPS, first, says(f"state {number}"))
        during = len(house.calls("chat.postMessage"))
        assert during <= 2 * (time.monotonic() - began) + 6 or fault == "disconnect"
        await house.fault("none")
        async with asyncio.timeout(30 + OUTAGE):
            while await house.store.outbox.waiting():
                await asyncio.sleep(0.1)
        for thread in (first, second):
            shown = [one["text"] for one in await house.ana.reads(thread=thread)][1:]
            expected = [f"message {number}" for number in range(ROUNDS)]
            assert shown == (["state 5", *expected[1:]] if thread == first else expected)
        await asyncio.sleep(1.3 if fault == "slow" else 0)  # what timed out here has ended there
        posted = len(house.calls("chat.postMessage"))
        assert posted < 2 * 2 * ROUNDS


@pytest.mark.parametrize("fault", ["429", "5xx"])
async def test_a_card_shows_how_its_plan_ended_although_slack_was_away(tmp_path: Path, fault: str) -> None:
    async with at_home(tmp_path) as house:
        ts, card = await proposed(house)
        await house.quiet()
        await house.fault(fault, count=MANY, method="chat.update")
        await house.ben.clicks(card, "approve")
        async with asyncio.timeout(60):
            while not house.fleet.ran:
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)
        assert "Healed" not in str(await house.ana.reads(thread=ts))
        await house.fault("none")
        healed = await house.ana.waits_for(shows("Healed"), thread=ts)
        assert healed["ts"] == card["ts"]
        assert len(await house.ana.reads(thread=ts)) == 3


async def test_a_storm_of_429_delays_and_loses_nothing(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        await house.fault("429", count=2, seconds=1, method="chat.postMessage")
        await house.fault("429", count=1, seconds=1, method="chat.update")
        ts = await house.ana.says(MAIL_OPS, LOG_LINE)
        await house.ana.waits_for(is_card, thread=ts)
        await house.quiet()
        thread = await house.ana.reads(thread=ts)
        assert len(thread) == 3
        assert "Confirmed" in str(thread[1]["blocks"])
        posts = house.calls("chat.postMessage")
        assert [call["status"] for call in posts] == [429, 429, 200, 200]
        assert house.calls("conversations.replies") == []  # a refused message need not be looked for


async def test_retry_after_is_obeyed_to_the_second_and_holds_up_no_other_channel(tmp_path: Path) -> None:
    """Judged by when Slack was asked and what is written down to wait for, never by how long this machine took."""
    asked = 3600
    async with at_home(tmp_path) as house:
        await house.fault("429", count=1, seconds=asked, method="chat.postMessage")
        await house.desk.show("late", MAIL_OPS, "", says("late"))
        async with asyncio.timeout(60):
            while not (due := await waits_until(house)):
                await asyncio.sleep(0.02)
        [refused] = house.calls("chat.postMessage")
        assert refused["status"] == 429
        assert asked - 0.01 <= due - refused["at"] < 2 * asked  # the database counts in milliseconds
        for number in range(3):
            await house.desk.show(f"other-{number}", SECOND_CHANNEL.id, "", says(f"other {number}"))
        async with asyncio.timeout(60):
            while await house.store.outbox.waiting() > 1:
                await asyncio.sleep(0.02)
        assert [call["arguments"]["channel"] for call in house.calls("chat.postMessage")] == [MAIL_OPS] + 3 * [
            SECOND_CHANNEL.id
        ]
        await altered(house.store, f"UPDATE outbox SET not_before = not_before - {asked}")  # the hour is over
        await house.ana.waits_for(shows("late"))


async def waits_until(house: House) -> float:
    """Until when the message that waits is to wait, in UTC seconds; 0 where nothing was told yet."""
    async with house.store._database.reading() as connection:
        return float((await connection.exec_driver_sql("SELECT max(not_before) FROM outbox")).scalar_one() or 0.0)


async def test_what_could_not_be_sent_at_all_is_sent_when_somebody_listens_again(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        there = house.slack.sending.base_url
        house.slack.sending.base_url = "http://127.0.0.1:9/api/"
        ts = await house.ana.says(MAIL_OPS, "@postmedic help")
        async with asyncio.timeout(60):
            while not await house.store.outbox.waiting():
                await asyncio.sleep(0.05)
        await asyncio.sleep(1)
        assert await house.store.outbox.waiting() == 1
        house.slack.sending.base_url = there
        await house.ana.waits_for(shows("Paste an error"), thread=ts)
        assert await house.store.outbox.problems() == {}


@asynccontextmanager
async def edge(status: int, kind: str, body: str) -> AsyncIterator[tuple[str, list[str]]]:
    """Something between us and Slack that answers every call by itself: its address, and what it was asked."""
    asked: list[str] = []

    async def answers(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=status, content_type=kind, text=body, headers={"Retry-After": "1"})

    app = web.Application()
    app.add_routes([web.route("*", "/{path:.*}", answers)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/api/", asked
    finally:
        await runner.cleanup()


NOT_SLACKS = [
    (200, "text/html", "<html>Maintenance</html>"),
    (404, "text/html", "<html>Not here</html>"),
    (502, "text/plain", "Bad Gateway"),
    (503, "text/plain", "upstream connect error or disconnect/reset before headers"),
    (429, "text/plain", "Slow down"),
    (200, "text/plain", ""),
    (200, "application/json", ""),
    (200, "application/json", "null"),
    (200, "application/json", "[]"),
    (200, "application/json", '{"ok": fal'),
    (200, "application/json", '{"ok": false}'),
    (200, "application/json", '{"ok": false, "error": "org_login_required"}'),  # while a workspace moves
]


@pytest.mark.parametrize(("status", "kind", "body"), NOT_SLACKS)
async def test_what_is_no_answer_of_slacks_loses_no_message(tmp_path: Path, status: int, kind: str, body: str) -> None:
    async with at_home(tmp_path) as house, edge(status, kind, body) as (address, asked):
        there = house.slack.sending.base_url
        house.slack.sending.base_url = address
        ts = await house.ana.says(MAIL_OPS, "@postmedic help")
        async with asyncio.timeout(30):
            while not asked:
                await asyncio.sleep(0.02)
        house.slack.sending.base_url = there
        await house.ana.waits_for(shows("Paste an error"), thread=ts)
        assert await house.store.outbox.problems() == {}


async def test_a_freeze_counts_whatever_answers_instead_of_slack(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house, edge(502, "text/plain", "Bad Gateway") as (address, _):
        house.slack.client.base_url = address
        await house.ana.says(MAIL_OPS, "@postmedic freeze all of it")
        async with asyncio.timeout(30):
            while not (found := await house.store.gate.frozen()):
                await asyncio.sleep(0.02)
        assert (found.actor, found.reason) == (house.ana.id, "all of it")


async def test_server_errors_are_repeated_after_a_look_whether_it_arrived(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        await house.fault("5xx", count=2, method="chat.postMessage")
        ts = await house.ana.says(MAIL_OPS, LOG_LINE)
        await house.ana.waits_for(is_card, thread=ts)
        await house.quiet()
        assert len(await house.ana.reads(thread=ts)) == 3
        assert len(house.calls("conversations.replies")) >= 2


@pytest.mark.parametrize("fault", ["disconnect", "abort"])
async def test_a_lost_socket_loses_no_paste_and_no_fix(tmp_path: Path, fault: str) -> None:
    async with at_home(tmp_path) as house:
        await house.fault(fault)
        ts, card = await proposed(house)
        await house.fault(fault)
        for _ in range(100):  # a click that meets a closed socket is shown as an error, and the button is still there
            if await house.ben.clicks(card, "approve") == "":
                break
            await asyncio.sleep(0.05)
        await house.ana.waits_for(shows("Healed"), thread=ts)
        await house.quiet()
        assert len(house.fleet.ran) == 1


async def test_calls_for_one_channel_keep_their_distance(tmp_path: Path) -> None:
    async with at_home(tmp_path, pause=0.5) as house:
        for _ in range(3):
            await house.ana.says(MAIL_OPS, f"@postmedic help {_}")
        await house.quiet()
        times = [call["at"] for call in house.calls("chat.postMessage")]
        assert len(times) == 3
        assert all(later - earlier >= 0.45 for earlier, later in itertools.pairwise(times))


async def test_a_card_that_somebody_deleted_comes_again_so_that_a_doubt_can_be_ended(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        ts, card = await proposed(house)
        await house.quiet()
        house.fleet.drops = True
        root = house.running.workspace.store.conversations[MAIL_OPS]
        house.fleet.slow.clear()  # the run is held at its first measurement
        await house.ben.clicks(card, "approve")
        del root.messages[card["ts"]]
        house.fleet.slow.set()
        again = await house.ana.waits_for(shows("In doubt"), thread=ts)
        assert again["ts"] != card["ts"]
        await house.ben.clicks(again, "resolve_succeeded")
        ended = await house.ana.waits_for(shows("Closed: said to have worked"), thread=ts)
        assert ended["ts"] == again["ts"]
        assert len(await house.ana.reads(thread=ts)) == 3
        assert await house.store.outbox.problems() == {}


async def test_a_card_whose_channel_was_closed_to_us_is_shown_by_the_next_start(tmp_path: Path) -> None:
    async with workspace() as running:
        channel = running.workspace.store.conversations[MAIL_OPS]
        async with bot_at(running, tmp_path) as house:
            ts, card = await proposed(house)
            await house.quiet()
            house.fleet.drops = True
            house.fleet.slow.clear()  # the run is held at its first measurement
            await house.ben.clicks(card, "approve")
            channel.kind = "group"
            channel.members.remove(running.workspace.identity.bot_user)
            house.fleet.slow.set()
            async with asyncio.timeout(30):
                while not await house.store.plans.listed([State.IN_DOUBT]) or await house.store.outbox.waiting():
                    await asyncio.sleep(0.02)
            assert set((await house.store.outbox.problems()).values()) == {"channel_not_found"}
        channel.kind = "channel"
        channel.members.add(running.workspace.identity.bot_user)
        async with bot_at(running, tmp_path) as house:
            again = await house.ana.waits_for(shows("In doubt"), thread=ts)
            assert again["ts"] == card["ts"]
            await house.ben.clicks(again, "resolve_failed")
            await house.ana.waits_for(shows("A person decided"), thread=ts)
            assert await house.store.outbox.problems() == {}


async def test_a_message_slack_never_takes_does_not_hold_up_the_others(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        ts = await house.ana.says(MAIL_OPS, "@postmedic help")
        root = house.running.workspace.store.conversations[MAIL_OPS]
        reply = await house.ana.waits_for(shows("Paste an error"), thread=ts)
        with pytest.raises(SlackApiError):
            await house.slack.sending.chat_update(channel=MAIL_OPS, ts=ts, text="not mine")
        del root.messages[reply["ts"]]
        [subject] = [call["arguments"] for call in house.calls("chat.postMessage")]
        kind, _, about = str(subject["metadata"]["event_payload"]["id"]).partition(":")
        assert kind == "answer"
        await house.desk.show(about, MAIL_OPS, ts, note("usage", "en"))
        await house.quiet()
        assert await house.store.outbox.problems() == {("answer", about): "message_not_found"}
        other = await house.ana.says(MAIL_OPS, "@postmedic hosts")
        await house.ana.waits_for(shows("host02"), thread=other)
