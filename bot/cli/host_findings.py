"""Can each host be measured and mended the way the inventory says, and with no more rights than that?

It reads with every probe that takes no words, tries on an enrolled host what nobody may do there, and asks the account for
fixes for an operation that does not exist.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from bot.cli.enrolment_findings import enrol, of_forbidden, of_programs, of_writer_unused
from bot.cli.findings import Finding, Verdict, say
from bot.connectors.dispatcher import REFUSED
from bot.connectors.ssh import SshConnector
from bot.errors import HostError, HostKeyRejected, LoginRefused
from bot.facts.base import FACTS
from bot.facts.enrolment import ENROLMENT
from bot.model.enrolment import HOME
from bot.model.host import Account, Approvers, Host, Via
from bot.model.plan import Step
from bot.model.probe import NO_PERMISSION, Access, Probe, Reading, Request
from bot.model.text import Lang
from bot.render.visible import visible

_REACHING = 10.0  # seconds
_CLOCK = 30  # seconds; beyond it log lines and times of the bot no longer fit together
_FORBIDDEN = Step(operation="no-such-operation", tokens=(), script="")


async def look_at_hosts(hosts: Sequence[Host], inventory: Path, lang: Lang) -> list[Finding]:
    """Look at all hosts at once; findings come in the order of the hosts."""
    connector = SshConnector()
    try:
        each = await asyncio.gather(*(_all(_look(host, inventory, connector, lang)) for host in hosts))
    finally:
        connector.close()
    return [finding for findings in each for finding in findings]


async def _all(findings: AsyncIterator[Finding]) -> list[Finding]:
    return [finding async for finding in findings]


async def _look(host: Host, inventory: Path, connector: SshConnector, lang: Lang) -> AsyncIterator[Finding]:
    unreached = await _unreached(host, lang)
    if unreached:
        yield unreached
        return
    try:
        readings = await _read(host, connector, list(_probes()))
    except HostKeyRejected:
        mend = say("doctor-host-key-how", lang, port=host.port, address=host.address, file=inventory)
        yield _wrong(host, say("why-host-key-rejected", lang), mend)
        return
    except LoginRefused as error:
        forced = "read" if host.via is Via.ENROLLED else ""
        yield _wrong(host, _login(error, lang), _authorize(host, host.reader, forced, lang))
    except HostError as error:
        yield await _other_form(host, inventory, connector, error, lang)
    else:
        for finding in _reader(host, readings, lang):
            yield finding
        if host.via is Via.ENROLLED:
            for finding in of_programs(host, readings.get(ENROLMENT.name), lang):
                yield finding
            async for finding in of_forbidden(host, lang):
                yield finding
    async for finding in _writer(host, inventory, connector, lang):
        yield finding


async def _unreached(host: Host, lang: Lang) -> Finding | None:
    """Why the port cannot be reached or does not speak SSH, else None."""

    def wrong(says: str, mend: str) -> Finding:
        where = {"address": host.address, "port": host.port}
        return _wrong(host, say(says, lang, **where), say(mend, lang, **where))

    try:
        async with asyncio.timeout(_REACHING):
            reader, writer = await asyncio.open_connection(host.address, host.port)
            greeting = await reader.read(4)
            writer.close()
    except socket.gaierror:
        return wrong("doctor-no-address", "doctor-no-address-how")
    except ConnectionRefusedError:
        return wrong("doctor-refuses", "doctor-refuses-how")
    except (OSError, TimeoutError):
        return wrong("doctor-silent", "doctor-silent-how")
    return None if greeting == b"SSH-" else wrong("doctor-no-ssh", "doctor-no-ssh-how")


def _probes() -> Iterator[Probe]:
    yield from {fact.probe.name: fact.probe for fact in FACTS.values() if not fact.probe.parameters}.values()


async def _read(host: Host, connector: SshConnector, probes: Sequence[Probe]) -> dict[str, Reading]:
    requests = [Request(probe=probe) for probe in probes]
    return {reading.key: reading async for reading in connector.reader(host).read(requests)}


async def _other_form(host: Host, inventory: Path, connector: SshConnector, error: HostError, lang: Lang) -> Finding:
    """The login works and the probes do not: look whether the account is of the other kind than the inventory says."""
    enrolled = host.via is Via.ENROLLED
    other = replace(host, via=Via.SHELL if enrolled else Via.ENROLLED)
    try:
        await _read(other, connector, [Probe(name="service-state", script="true")] if enrolled else list(_probes())[:1])
    except HostError:
        return _wrong(host, error.said(lang))
    if enrolled:
        mend = say("doctor-not-enrolled-how", lang, host=host.name, file=inventory, folder=HOME)
        return _wrong(host, say("doctor-not-enrolled", lang, user=host.reader.user), mend)
    return _wrong(host, say("doctor-enrolled", lang), say("doctor-enrolled-how", lang, host=host.name, file=inventory))


def _reader(host: Host, readings: Mapping[str, Reading], lang: Lang) -> Iterator[Finding]:
    user = host.reader.user
    enrolled = host.via is Via.ENROLLED
    if enrolled:
        yield _fine(host, say("doctor-reader-fine", lang, user=user))
    else:
        yield _noted(host, say("doctor-reader-ordinary", lang, user=user))
    probes = {probe.name: probe for probe in _probes()}
    denied = [name for name, reading in readings.items() if reading.exit == NO_PERMISSION]
    for access, mend in (
        (Access.ANYONE, say("doctor-denied-anyone-how", lang, user=user)),
        (Access.LOGS, enrol(host, lang) if enrolled else say("doctor-denied-logs-how", lang, user=user)),
        (Access.ROOT, enrol(host, lang)),
    ):
        names = sorted(name for name in denied if probes[name].access is access)
        if names:
            counts = {"count": len(names), "total": len(probes), "names": ", ".join(names)}
            yield _open(host, say("doctor-denied", lang, user=user, **counts), mend)
    older = sorted(name for name, reading in readings.items() if reading.exit == REFUSED)
    if older:
        says = say("doctor-older", lang, count=len(older), total=len(probes), names=", ".join(older[:8]))
        yield _open(host, says, enrol(host, lang))
    yield from _clock(host, readings, lang)


def _clock(host: Host, readings: Mapping[str, Reading], lang: Lang) -> Iterator[Finding]:
    """The queue's probe begins with the host's time."""
    said = readings["queue"].out.partition("\n")[0] if "queue" in readings else ""
    if not said.isdecimal() or abs(off := int(said[:12]) - time.time()) <= _CLOCK:
        return
    name = "doctor-clock-ahead" if off > 0 else "doctor-clock-behind"
    yield _noted(host, say(name, lang, seconds=abs(round(off))), say("doctor-clock-how", lang))


async def _writer(host: Host, inventory: Path, connector: SshConnector, lang: Lang) -> AsyncIterator[Finding]:
    writer = connector.writer(host)
    if writer is None or host.mender is None:
        for finding in of_writer_unused(host, lang):
            yield finding
        return
    user = host.mender.user
    if host.approvers == Approvers():
        mend = say("doctor-no-approvers-how", lang, host=host.name, file=inventory)
        yield _noted(host, say("doctor-no-approvers", lang), mend)
    authorize = _authorize(host, host.mender, "fix-entry", lang)
    try:
        answer = await writer.run(f"doctor-{secrets.token_hex(8)}", 0, _FORBIDDEN)
    except LoginRefused as error:
        yield _wrong(host, _login(error, lang), authorize)
        return
    except HostError as error:
        yield _wrong(host, say("doctor-writer-error", lang, why=error.said(lang)), authorize)
        return
    match answer.exit:
        case code if code == REFUSED:
            yield _fine(host, say("doctor-writer-fine", lang, user=user))
        case code if code == NO_PERMISSION:
            yield _wrong(host, say("doctor-writer-no-right", lang, user=user), enrol(host, lang))
        case code:
            yield _wrong(host, say("doctor-writer-free", lang, user=user, code=code), authorize)


def _login(error: LoginRefused, lang: Lang) -> str:
    return say("doctor-login-refused", lang, user=error.values["account"], why=error.values["detail"])


def _authorize(host: Host, account: Account, forced: str, lang: Lang) -> str:
    where = {"key": account.key, "user": account.user, "host": host.name}
    if not forced:
        return say("doctor-authorize-how", lang, **where)
    return say("doctor-authorize-forced-how", lang, options=f'restrict,command="{HOME}/{forced}"', **where)


def _fine(host: Host, says: str) -> Finding:
    return Finding(about=host.name, verdict=Verdict.FINE, says=says)


def _noted(host: Host, says: str, mend: str = "") -> Finding:
    return Finding(about=host.name, verdict=Verdict.NOTED, says=says, mend=mend)


def _open(host: Host, says: str, mend: str) -> Finding:
    return Finding(about=host.name, verdict=Verdict.UNMEASURED, says=says, mend=mend)


def _wrong(host: Host, says: str, mend: str = "") -> Finding:
    return Finding(about=host.name, verdict=Verdict.FOUND, says=visible(says), mend=mend)
