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
from bot.cli.findings import Finding, Verdict
from bot.connectors.dispatcher import REFUSED
from bot.connectors.ssh import SshConnector
from bot.errors import HostError, HostKeyRejected, LoginRefused
from bot.facts.base import FACTS
from bot.facts.enrolment import ENROLMENT
from bot.model.enrolment import HOME
from bot.model.host import Account, Approvers, Host, Via
from bot.model.plan import Step
from bot.model.probe import NO_PERMISSION, Access, Probe, Reading, Request
from bot.render.visible import visible

_REACHING = 10.0  # seconds
_CLOCK = 30  # seconds; beyond it log lines and times of the bot no longer fit together
_FORBIDDEN = Step(operation="no-such-operation", tokens=(), script="")


async def look_at_hosts(hosts: Sequence[Host], inventory: Path) -> list[Finding]:
    """Look at all hosts at once; findings come in the order of the hosts."""
    connector = SshConnector()
    try:
        each = await asyncio.gather(*(_all(_look(host, inventory, connector)) for host in hosts))
    finally:
        connector.close()
    return [finding for findings in each for finding in findings]


async def _all(findings: AsyncIterator[Finding]) -> list[Finding]:
    return [finding async for finding in findings]


async def _look(host: Host, inventory: Path, connector: SshConnector) -> AsyncIterator[Finding]:
    unreached = await _unreached(host)
    if unreached:
        yield unreached
        return
    try:
        readings = await _read(host, connector, list(_probes()))
    except HostKeyRejected as error:
        yield _wrong(
            host,
            str(error),
            f"ssh-keyscan -p {host.port} {host.address} | ssh-keygen -lf -   # compare by hand with what `ssh-keygen -lf "
            f"/etc/ssh/ssh_host_ed25519_key.pub` says at the host's own console; then correct host_keys in {inventory}",
        )
        return
    except LoginRefused as error:
        yield _wrong(host, str(error), _authorize(host, host.reader, "read" if host.via is Via.ENROLLED else ""))
    except HostError as error:
        yield await _other_form(host, inventory, connector, error)
    else:
        for finding in _reader(host, readings):
            yield finding
        if host.via is Via.ENROLLED:
            for finding in of_programs(host, readings.get(ENROLMENT.name)):
                yield finding
            async for finding in of_forbidden(host):
                yield finding
    async for finding in _writer(host, inventory, connector):
        yield finding


async def _unreached(host: Host) -> Finding | None:
    """Why the port cannot be reached or does not speak SSH, else None."""
    where = f"{host.address} port {host.port}"
    try:
        async with asyncio.timeout(_REACHING):
            reader, writer = await asyncio.open_connection(host.address, host.port)
            greeting = await reader.read(4)
            writer.close()
    except socket.gaierror:
        return _wrong(host, f"the name {host.address} has no address", f"getent ahosts {host.address}   # or set `address`")
    except ConnectionRefusedError:
        return _wrong(host, f"nothing listens on {where}", "systemctl enable --now ssh   # on the host; or correct `port`")
    except (OSError, TimeoutError):
        return _wrong(host, f"{where} does not answer", f"nc -vz -w 5 {host.address} {host.port}   # a firewall, or it is down")
    if greeting != b"SSH-":
        return _wrong(host, f"{where} does not speak SSH", f"nc -w 5 {host.address} {host.port}   # correct `port`")
    return None


def _probes() -> Iterator[Probe]:
    yield from {fact.probe.name: fact.probe for fact in FACTS.values() if not fact.probe.parameters}.values()


async def _read(host: Host, connector: SshConnector, probes: Sequence[Probe]) -> dict[str, Reading]:
    requests = [Request(probe=probe) for probe in probes]
    return {reading.key: reading async for reading in connector.reader(host).read(requests)}


async def _other_form(host: Host, inventory: Path, connector: SshConnector, error: HostError) -> Finding:
    """The login works and the probes do not: look whether the account is of the other kind than the inventory says."""
    enrolled = host.via is Via.ENROLLED
    other = replace(host, via=Via.SHELL if enrolled else Via.ENROLLED)
    try:
        await _read(other, connector, [Probe(name="service-state", script="true")] if enrolled else list(_probes())[:1])
    except HostError:
        return _wrong(host, str(error))
    if enrolled:
        says = f"{host.reader.user} may run any command there, but the inventory calls the host enrolled"
        mend = f"put `enrolled = false` for {host.name} into {inventory}, or give its key the forced command {HOME}/read"
        return _wrong(host, says, mend)
    return _wrong(
        host, "it is enrolled, but the inventory does not say so", f"put `enrolled = true` for {host.name} into {inventory}"
    )


def _reader(host: Host, readings: Mapping[str, Reading]) -> Iterator[Finding]:
    user = host.reader.user
    enrolled = host.via is Via.ENROLLED
    if enrolled:
        yield _fine(host, f"the host key is the inventory's; {user} logs in, and its key can only name probes")
    else:
        says = f"the host key is the inventory's; {user} logs in as an ordinary account: read-only is not enforced there"
        yield Finding(about=host.name, verdict=Verdict.NOTED, says=says)
    probes = {probe.name: probe for probe in _probes()}
    denied = [name for name, reading in readings.items() if reading.exit == NO_PERMISSION]
    for access, mend in (
        (Access.ANYONE, f"id {user}   # these need no right that an ordinary account lacks"),
        (Access.LOGS, enrol(host) if enrolled else f"usermod -aG adm,systemd-journal {user}   # on the host; or enrol it"),
        (Access.ROOT, enrol(host)),
    ):
        names = sorted(name for name in denied if probes[name].access is access)
        if names:
            yield _open(host, f"{user} may not read {len(names)} of {len(probes)}: {', '.join(names)}", mend)
    older = sorted(name for name, reading in readings.items() if reading.exit == REFUSED)
    if older:
        says = f"the host's closed list lacks {len(older)} of {len(probes)} probes: {', '.join(older[:8])}"
        yield _open(host, says, enrol(host))
    yield from _clock(host, readings)


def _clock(host: Host, readings: Mapping[str, Reading]) -> Iterator[Finding]:
    """The queue's probe begins with the host's time."""
    said = readings["queue"].out.partition("\n")[0] if "queue" in readings else ""
    if not said.isdecimal() or abs(off := int(said[:12]) - time.time()) <= _CLOCK:
        return
    way = "ahead" if off > 0 else "behind"
    says = f"its clock is {abs(round(off))} seconds {way} of this machine's"
    yield Finding(
        about=host.name, verdict=Verdict.NOTED, says=says, mend="timedatectl set-ntp true   # on the one that is wrong"
    )


async def _writer(host: Host, inventory: Path, connector: SshConnector) -> AsyncIterator[Finding]:
    writer = connector.writer(host)
    if writer is None or host.mender is None:
        for finding in of_writer_unused(host):
            yield finding
        return
    user = host.mender.user
    if host.approvers == Approvers():
        mend = f'approvers = {{ groups = ["S…"] }}   # for {host.name} in {inventory}'
        yield Finding(about=host.name, verdict=Verdict.NOTED, says="nobody may approve fixes on it", mend=mend)
    try:
        answer = await writer.run(f"doctor-{secrets.token_hex(8)}", 0, _FORBIDDEN)
    except LoginRefused as error:
        yield _wrong(host, str(error), _authorize(host, host.mender, "fix-entry"))
        return
    except HostError as error:
        yield _wrong(host, f"the account for fixes: {error}", _authorize(host, host.mender, "fix-entry"))
        return
    match answer.exit:
        case code if code == REFUSED:
            yield _fine(host, f"{user} logs in and refuses what is not in its closed list")
        case code if code == NO_PERMISSION:
            yield _wrong(host, f"{user} logs in, but may not start the fixes", enrol(host))
        case code:
            says = f"{user} logs in, but its key has no forced command of postmedic (exit {code})"
            yield _wrong(host, says, _authorize(host, host.mender, "fix-entry"))


def _authorize(host: Host, account: Account, forced: str) -> str:
    options = f'restrict,command="{HOME}/{forced}" ' if forced else ""
    return f"ssh-keygen -y -f {account.key}   # this line must stand in ~{account.user}/.ssh/authorized_keys on {host.name}" + (
        f" after: {options.strip()}" if options else ""
    )


def _fine(host: Host, says: str) -> Finding:
    return Finding(about=host.name, verdict=Verdict.FINE, says=says)


def _open(host: Host, says: str, mend: str) -> Finding:
    return Finding(about=host.name, verdict=Verdict.UNMEASURED, says=says, mend=mend)


def _wrong(host: Host, says: str, mend: str = "") -> Finding:
    return Finding(about=host.name, verdict=Verdict.FOUND, says=visible(says), mend=mend)
