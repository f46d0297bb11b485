"""C1: a host that shows another key than the inventory holds is refused with an alarm; nothing falls back to trusting it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from bot.connectors.base import Reader
from bot.connectors.ssh import SshConnector
from bot.engine import Engine
from bot.errors import HostKeyRejected
from bot.execution.executor import Executor
from bot.inventory import Inventory
from bot.knowledge.library import load
from bot.model.execution import State
from bot.model.host import Host
from bot.model.probe import Reading
from bot.model.progress import Why
from bot.render.signs import BAD
from bot.sandbox.slack.seed import MAIL_OPS
from bot.store.store import Store
from tests.contract.hosts.catalogue import EMPTY, append, ask
from tests.contract.hosts.openssh import sshd
from tests.contract.hosts.proxy import Wire
from tests.support.house import LOG_LINE, Fleet, at_home
from tests.support.plans import APPROVERS, Machine, means, plan, review

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the dispatcher for fixes runs as root")


@pytest.fixture
def ours(folder: Path) -> Iterator[Host]:
    (folder / "ours").mkdir()
    with sshd(folder / "ours") as host:
        yield host


@pytest.fixture
def impostor(folder: Path) -> Iterator[Host]:
    """An sshd that lets the bot's keys in and answers like ours; only its host key is another one."""
    (folder / "impostor").mkdir()
    with sshd(folder / "impostor") as host:
        yield host


async def first(connector: SshConnector, host: Host) -> Reading:
    (reading,) = [one async for one in connector.reader(host).read(ask(EMPTY))]
    return reading


async def test_a_swapped_key_is_refused_for_reading_and_for_changing(
    ours: Host, impostor: Host, connector: SshConnector, folder: Path
) -> None:
    async with Wire(ours.port) as wire:
        known = replace(ours, port=wire.port, reader=impostor.reader, writer=impostor.writer)
        assert (await first(connector, replace(known, reader=ours.reader))).exit == 0
        wire.lead_to(impostor.port)
        wire.cut()
        for _ in range(3):  # and it is not learnt by insisting
            with pytest.raises(HostKeyRejected, match="treat this as an attack"):
                await first(connector, known)
        writer = connector.writer(known)
        assert writer is not None
        with pytest.raises(HostKeyRejected):
            await writer.run("e1", 0, append(str(folder / "effects")[1:]))
        with pytest.raises(HostKeyRejected):
            await writer.ask("e1", 0)
        assert not (folder / "effects").exists()
        trusted = replace(known, host_keys=impostor.host_keys)
        assert (await first(connector, trusted)).exit == 0, "the impostor could not have been refused for anything else"


async def test_a_connection_that_stood_is_no_way_around(ours: Host, impostor: Host, connector: SshConnector) -> None:
    """The kept connection breaks, and the next one meets somebody else: it is opened again, never trusted again."""
    async with Wire(ours.port) as wire:
        known = replace(ours, port=wire.port)
        assert (await first(connector, known)).exit == 0
        wire.lead_to(impostor.port)
        wire.cut()
        with pytest.raises(HostKeyRejected):
            await first(connector, known)


async def test_a_key_of_another_type_is_no_way_around(ours: Host, connector: SshConnector) -> None:
    ecdsa = asyncssh.generate_private_key("ecdsa-sha2-nistp256").export_public_key().decode().strip()
    with pytest.raises(HostKeyRejected):
        await first(connector, replace(ours, host_keys=(ecdsa,)))


class Strange(Fleet):
    """Hosts that all show a stranger's key."""

    def reader(self, host: Host) -> Reader:
        class Refusing:
            host_key = ""

            async def read(self, requests: Any) -> Any:
                raise HostKeyRejected(host=host.name)
                yield

        return Refusing()


@pytest.mark.parametrize(("person", "says"), [("U0ANA", "treat this as an attack"), ("U0CHEN", "请按攻击处理")])
async def test_people_are_alarmed_and_the_audit_keeps_it(tmp_path: Path, person: str, says: str) -> None:
    async with at_home(tmp_path, fleet=Strange()) as house:
        who = house.person(person)
        paste = LOG_LINE if person == "U0ANA" else f"启动不了，请帮忙看看是什么原因造成的问题\n{LOG_LINE}"
        ts = await who.says(MAIL_OPS, paste)
        said = await who.waits_for(lambda one: says in str(one["blocks"]), thread=ts)
        assert BAD in str(said["blocks"])
        await who.command("/postfix check host02")
        await who.waits_for(lambda one: says in str(one["blocks"]) and "host02" in one["text"])
        await house.quiet()
        kept = [one async for one in house.store.events.read() if one.kind == "host.key-rejected"]
        assert [(one.actor, one.subject) for one in kept] == [(person, "host01"), (person, "host02")]
        assert house.fleet.ran == []


async def test_a_plan_stops_where_the_host_shows_another_key(ours: Host, impostor: Host, tmp_path: Path) -> None:
    """Approved over our host; before the first step the address leads to somebody else, through the real engine."""
    connector = SshConnector(connect_timeout=2)
    async with Wire(ours.port) as wire:
        known = replace(ours, name="mx1", port=wire.port, approvers=APPROVERS)
        wire.lead_to(impostor.port)
        hosts = Inventory({"mx1": known})
        engine = Engine(inventory=hosts, library=load(), connector=connector, clock=time.time, plan_seconds=1800)
        machine = Machine(host=known)
        fingerprint = asyncssh.import_public_key(ours.host_keys[0]).get_fingerprint("sha256")
        store = await Store.open(str(tmp_path / "postmedic.db"))
        executor = Executor(means(store, machine, measure=engine.measure))
        one = plan(host_key=fingerprint, problem_digest=engine.library["startup-no-local-interface"].digest)
        await executor.propose(one)
        await executor.review(one.id, review(one), APPROVERS)
        assert await executor.carry(one.id)
        progress = await store.plans.progress(one.id)
        assert (progress.state, progress.why) == (State.STALE, Why.HOST_KEY_REJECTED)
        assert machine.ran == []
        kept = [event async for event in store.events.read() if event.kind == "plan.stale"]
        assert [event.details.get("why") for event in kept] == ["host-key-rejected"]
        await store.close()
    connector.close()
