"""The whole bot at a local Slack workspace: real Bolt, store, engine and executor; only the mail hosts are played.

async with at_home(tmp_path) as house:
    ts = await house.ana.says(MAIL_OPS, PASTE)
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.config import Settings
from bot.connectors.base import Reader, StepState, Writer
from bot.connectors.replay import ReplayReader
from bot.engine import Engine
from bot.errors import ConnectionDropped, HostUnreachable
from bot.execution.enrolment import expected
from bot.execution.executor import Executor
from bot.execution.means import Means, Pace
from bot.inventory import Inventory
from bot.knowledge.library import load
from bot.model.enrolment import Enrolment
from bot.model.execution import StepResult
from bot.model.gate import Caps
from bot.model.host import Approvers, Host
from bot.model.person import Register
from bot.model.plan import Step
from bot.model.probe import Reading
from bot.render.discretion import Discretion
from bot.sandbox.slack import Running, Timing, Workspace, serve
from bot.sandbox.slack.seed import APPROVERS, CHANNELS, PEOPLE, Channel
from bot.sandbox.slack.seed import Person as Member
from bot.store.store import Store
from handlers import Slack, connect
from handlers.desk import Desk
from handlers.serving import serving
from tests.support.plans import BOOTED, FINGERPRINT, host
from tests.support.slack_person import Person

MANIFEST = Path(__file__).parents[2] / "deploy/slack/manifest.json"
FAST = Timing(ack=1.0, http_retries=(0.0, 0.1, 0.2), socket_retries=(0.2, 0.6, 2.0))
LOG_LINE = (
    "Nov 20 10:11:12 host01 postfix/master[812]: fatal: parameter inet_interfaces: no local interface found for 127.0.0.1"
)
UNPLACED = "postfix/master[812]: fatal: parameter inet_interfaces: no local interface found for 127.0.0.1"
SECOND_CHANNEL = Channel(
    id="C0OTHER", name="other", topic="Another channel", members=("U0POSTMEDIC", "U0ANA", "U0BEN", "U0CHEN", "U0DORA")
)
STRANGER = Member(id="U0EVE", name="eve", real_name="Eve", role="stranger", stranger=True, team_id="T0ELSE")

ENTRY = """
id: startup-no-local-interface
version: 1
title: {en: No local interface found, zh: 找不到本地接口}
references: [https://www.postfix.org/postconf.5.html#inet_interfaces]
signatures: ['fatal: parameter inet_interfaces: no local interface found for {address:ip}']
phrases: {en: ['postfix loopback|lo interface|device missing|gone|down|lost'], zh: ['postfix 启动|起不来 本地接口|回环']}
facts: [interfaces]
causes:
  - id: loopback-down
    when: {fact: interfaces.loopback-up, is: false}
    says: {en: 'Loopback ({{ interfaces.loopback }}) is down.', zh: '环回接口 {{ interfaces.loopback }} 已关闭。'}
    fix: raise-loopback
fixes:
  raise-loopback:
    risk: RISK
    safety: {en: Nothing else is touched., zh: 不影响其他部分。}
    steps: [{operation: loopback-up}]
    before: [{fact: interfaces.loopback-up, is: false}]
    after: [{fact: interfaces.loopback-up, is: true}]
    within: 1
    undo: none
"""
OTHER_ENTRY = """
id: sasl-no-mechanisms
version: 1
title: {en: No SASL mechanisms, zh: 没有 SASL 机制}
references: [https://www.postfix.org/SASL_README.html]
signatures: ['fatal: no SASL authentication mechanisms']
facts: [interfaces]
causes:
  - id: nothing-to-offer
    when: {fact: interfaces.loopback-up, is: true}
    says: {en: Nothing is offered., zh: 没有可用机制。}
    advice: {en: Install a mechanism., zh: 安装机制。}
"""


@dataclass(kw_only=True)
class Fleet:
    """The played hosts: which of them have their loopback down, what ran, and how long an answer takes."""

    down: set[str] = field(default_factory=lambda: {"host01", "host02", "host03"})
    ran: list[tuple[str, str, str]] = field(default_factory=list)
    measured: list[str] = field(default_factory=list)
    asked: list[Host] = field(default_factory=list)  # every host to which a way was looked for
    logs: list[str] = field(default_factory=list)  # what stands in every host's mail log
    says: str = ""  # what a step prints before it fails
    fails: str = ""  # why no host can be asked
    drops: bool = False  # the connection is lost in the next step, and the host's journal knows nothing
    slow: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.slow.set()

    def reader(self, host: Host) -> Reader:
        self.asked.append(host)
        return _Reader(self, host.name)

    def writer(self, host: Host) -> Writer | None:
        self.asked.append(host)
        return _Writer(self, host.name) if host.writer else None


class _Reader:
    host_key = FINGERPRINT

    def __init__(self, fleet: Fleet, name: str) -> None:
        self._fleet, self._name = fleet, name

    async def read(self, requests: Any) -> AsyncIterator[Reading]:
        await self._fleet.slow.wait()
        self._fleet.measured.append(self._name)
        if self._fleet.fails:
            raise HostUnreachable(host=self._name, detail=self._fleet.fails)
        flags = ["LOOPBACK"] if self._name in self._fleet.down else ["LOOPBACK", "UP"]
        lo = {"ifname": "lo", "flags": flags, "addr_info": [{"local": "127.0.0.1"}]}
        recorded = {"interfaces": Reading(key="interfaces", exit=0, stdout=json.dumps([lo]).encode()), BOOTED.key: BOOTED}
        if self._fleet.logs:
            lines = "\n".join(["account 1000", *self._fleet.logs, "end file", ""]).encode()
            recorded["log"] = Reading(key="log", exit=0, stdout=lines)
        async for reading in ReplayReader(recorded, host_key=FINGERPRINT).read(requests):
            yield reading


class _Writer:
    def __init__(self, fleet: Fleet, name: str) -> None:
        self._fleet, self._name = fleet, name

    async def run(self, execution: str, index: int, step: Step) -> StepResult:
        self._fleet.ran.append((self._name, execution, step.wire))
        if self._fleet.drops:
            raise ConnectionDropped(host=self._name, detail="reset by peer")
        if self._fleet.says:
            return StepResult(exit=1, stdout=self._fleet.says, stderr=self._fleet.says)
        self._fleet.down.discard(self._name)
        return StepResult(exit=0)

    async def enrolment(self) -> Enrolment:
        return expected()

    async def ask(self, execution: str, index: int) -> tuple[StepState, StepResult | None]:
        return StepState.UNSEEN, None


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """How a bot in another process gets into a workspace."""

    bot_token: str
    app_token: str
    api_url: str
    url: str


@dataclass(kw_only=True)
class House:
    """Everything a story needs."""

    running: Any  # a Running, or the Door of a workspace in another process
    slack: Slack
    desk: Desk
    store: Store
    fleet: Fleet
    url: str

    @property
    def ana(self) -> Person:
        """On call; asks."""
        return Person(self.running, "U0ANA")

    @property
    def ben(self) -> Person:
        """Approves."""
        return Person(self.running, "U0BEN")

    def person(self, user: str) -> Person:
        return Person(self.running, user)

    def calls(self, method: str) -> list[dict[str, Any]]:
        """What the bot called, oldest first."""
        return [call for call in self.running.workspace.journal.calls if call["method"] == method]

    async def quiet(self, seconds: float = 0.4) -> None:
        """Wait until every event was delivered, handled and shown, and a little longer."""
        async with asyncio.timeout(60):
            while True:
                await asyncio.sleep(seconds)
                rows = await self.store.inbox.take("nobody", 0)
                if not rows and await self.store.outbox.waiting() == 0:
                    return

    async def fault(self, kind: str, **more: Any) -> None:
        """Arm a fault of the workspace."""
        await self.ana._post("fault", {"kind": kind, **more})


def inventory(register: Register | None = None, **more: Any) -> Inventory:
    """Three hosts: one for everywhere with an alias, a second, and one for a single channel; `more` is said of each."""
    people = Approvers(users=frozenset({"U0ANA", "U0GUS"}), groups=frozenset({APPROVERS}))
    hosts = [
        host("host01", approvers=people, aliases=("mx1.example.com",), **more),
        host("host02", approvers=people, **more),
        host("host03", approvers=people, channels=frozenset({SECOND_CHANNEL.id}), **more),
        host("advice01", approvers=people, writer=None),
    ]
    return Inventory({one.name: one for one in hosts}, register)


def engine(
    folder: Path,
    fleet: Fleet,
    hosts: Inventory,
    *,
    risk: str = "low",
    minutes: float = 30,
    discretion: Discretion = Discretion(),  # noqa: B008
) -> Engine:
    """An engine that knows two problems."""
    for name, text in (("startup/no-local-interface", ENTRY.replace("RISK", risk)), ("sasl/no-mechanisms", OTHER_ENTRY)):
        place = folder / "knowledge" / name
        place.mkdir(parents=True, exist_ok=True)
        (place / "problem.yaml").write_text(text, encoding="utf-8")
    library = load([folder / "knowledge"])
    return Engine(
        inventory=hosts,
        library=library,
        connector=fleet,
        clock=time.time,
        plan_seconds=minutes * 60,
        discretion=discretion,
    )


@asynccontextmanager
async def workspace(clock: Callable[[], float] = time.time, timing: Timing = FAST) -> AsyncIterator[Running]:
    """A workspace with a second channel and a person of another workspace in the first."""
    first = replace(CHANNELS[0], members=(*CHANNELS[0].members, STRANGER.id))
    channels = (first, *CHANNELS[1:], SECOND_CHANNEL)
    made = Workspace(MANIFEST, people=(*PEOPLE, STRANGER), channels=channels, timing=timing, clock=clock)
    async with serve(made) as running:
        yield running
        assert running.workspace.journal.unknown_methods == []
        # A message whose blocks are refused goes out as words alone; here that would hide a mistake.
        refused = [call for call in running.workspace.journal.calls if "block" in str(call.get("answer", {}).get("error", ""))]
        assert refused == []


@asynccontextmanager
async def bot_at(
    running: Running | Door,
    folder: Path,
    fleet: Fleet | None = None,
    *,
    transport: str = "socket",
    risk: str = "low",
    minutes: float = 30,
    pause: float = 0.02,
    channels: tuple[str, ...] = (),
    alarm_channels: tuple[str, ...] = (),
    hosts: Inventory | None = None,
    lease_seconds: float = 15.0,
    caps: Caps | None = None,
    pseudonyms: bool = False,
) -> AsyncIterator[House]:
    """The bot, started as its composition root starts it, over either transport."""
    fleet = fleet or Fleet()
    folder.mkdir(exist_ok=True)
    settings = Settings(
        slack_bot_token=running.bot_token,
        slack_app_token=running.app_token,
        slack_api_url=running.api_url,
        channels=channels,
        alarm_channels=alarm_channels,
    )
    slack = await connect(settings)
    store = await Store.open(str(folder / "postmedic.db"), lease_seconds=lease_seconds, caps=caps)
    discretion = Discretion(key=await store.key("pseudonyms") if pseudonyms else b"")
    known = engine(folder, fleet, hosts or inventory(), risk=risk, minutes=minutes, discretion=discretion)
    means = Means(
        store=store,
        connector=fleet,
        host_of=known.inventory.find,
        measure=known.measure,
        actor_now=slack.people.now,
        alarm=slack.alarm.raised,
        register=known.inventory.register,
        redact=known.discretion,
        clock=time.time,
        team=slack.team,
        owner=f"executor-{time.time_ns()}",
        pace=Pace(poll=0.05, step=5, journal=0.1, measure=5),
    )
    executor = Executor(means)
    try:
        if transport == "socket":
            async with slack.serve(known, store, executor, ping_seconds=1, pause=pause) as desk:
                yield House(running=running, slack=slack, desk=desk, store=store, fleet=fleet, url=running.url)
        else:
            desk = slack.desk(known, store, executor)
            async with serving(desk, slack.sending, pause=pause), _http(running, slack, desk):
                yield House(running=running, slack=slack, desk=desk, store=store, fleet=fleet, url=running.url)
    finally:
        await store.close()


@asynccontextmanager
async def at_home(folder: Path, **more: Any) -> AsyncIterator[House]:
    """A workspace and the bot in it."""
    async with workspace() as running, bot_at(running, folder, **more) as house:
        yield house


@asynccontextmanager
async def _http(running: Running, slack: Slack, desk: Desk) -> AsyncIterator[None]:
    app = slack.app(desk, running.signing_secret)
    runner = web.AppRunner(app.server(port=0, host="127.0.0.1").web_app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        await running.deliver_over_http(f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events")
        yield
    finally:
        await runner.cleanup()
