"""Is an enrolled host held as its script left it? Its programs by digest, and every forbidden thing tried with both keys."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from bot.cli.findings import Finding, Verdict
from bot.errors import HostError
from bot.execution.enrolment import expected
from bot.facts.enrolment import enrolment
from bot.model.enrolment import HOME, Enrolment
from bot.model.host import Account, Host, Via
from bot.model.probe import Reading


def enrol(host: Host) -> str:
    """The command that mends whatever the enrolment put on a host."""
    return f"postmedic enroll {host.name} > enroll.sh   # read it, then run it as root on {host.name}"


def of_programs(host: Host, reading: Reading | None) -> Iterator[Finding]:
    """Whether the host has the programs this postmedic would install; without them it is not mended."""
    found = enrolment(reading) if reading is not None else None
    wanted = expected()
    if isinstance(found, Enrolment) and found.digest == wanted.digest:
        yield Finding(about=host.name, verdict=Verdict.FINE, says=f"it has the programs of this postmedic: {found.shown}")
        return
    if isinstance(found, Enrolment):
        says = f"its programs are {found.shown}, those of this postmedic {wanted.shown}: it is not mended until they agree"
    else:
        says = f"it does not say which programs it has in {HOME}: it is not mended until it does"
    yield Finding(about=host.name, verdict=Verdict.FOUND, says=says, mend=enrol(host))


def of_writer_unused(host: Host) -> Iterator[Finding]:
    """What is said of a host that is never mended."""
    if host.via is Via.SHELL and host.writer is not None:
        says = "it is not enrolled, so its account for fixes is never used: nothing on the host would hold it to approved steps"
        yield Finding(about=host.name, verdict=Verdict.NOTED, says=f"{says}. Fixes are shown as advice", mend=enrol(host))
    else:
        yield Finding(about=host.name, verdict=Verdict.NOTED, says="it has no account for fixes: fixes are shown as advice")


async def of_forbidden(host: Host) -> AsyncIterator[Finding]:
    """Try what nobody may do, as each account in turn; whatever was not refused is wrong."""
    for account, other in ((host.reader, host.mender), (host.mender, host.reader)):
        if account is not None:
            async for finding in _tried(host, account, other):
                yield finding


async def _tried(host: Host, account: Account, other: Account | None) -> AsyncIterator[Finding]:
    from bot.connectors.forbidden import attempts  # asyncssh takes a quarter of a second to import
    from bot.connectors.ssh_connection import Opener

    opener = Opener(connect_timeout=10.0, keepalive=5.0)
    refused: list[str] = []
    untried: list[str] = []
    try:
        async for attempt in attempts(opener, host, account, other):
            if attempt.refused:
                refused.append(attempt.what)
            elif attempt.refused is None:
                untried.append(attempt.what)
            else:
                says = f"with the key of {account.user} this was not refused: {attempt.what}"
                yield Finding(about=host.name, verdict=Verdict.FOUND, says=says, mend=enrol(host))
    except HostError:
        untried.append("logging in")  # why is said elsewhere
    finally:
        opener.close()
    if refused:
        says = f"as {account.user}, {len(refused)} forbidden things were tried and refused: {', '.join(refused)}"
        yield Finding(about=host.name, verdict=Verdict.FINE, says=says)
    if untried:
        says = f"as {account.user}, this could not be tried: {', '.join(untried)}"
        yield Finding(about=host.name, verdict=Verdict.UNMEASURED, says=says, mend=f"postmedic doctor {host.name}")
