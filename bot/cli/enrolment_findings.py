"""Is an enrolled host held as its script left it? Its programs by digest, and every forbidden thing tried with both keys."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from bot.cli.findings import Finding, Verdict, say
from bot.errors import HostError
from bot.execution.enrolment import expected
from bot.facts.enrolment import enrolment
from bot.model.enrolment import HOME, Enrolment
from bot.model.host import Account, Host, Via
from bot.model.probe import Reading
from bot.model.text import Lang


def enrol(host: Host, lang: Lang) -> str:
    """The command that mends whatever the enrolment put on a host."""
    return say("doctor-enrol-how", lang, host=host.name)


def of_programs(host: Host, reading: Reading | None, lang: Lang) -> Iterator[Finding]:
    """Whether the host has the programs this postmedic would install; without them it is not mended."""
    found = enrolment(reading) if reading is not None else None
    wanted = expected()
    if isinstance(found, Enrolment) and found.digest == wanted.digest:
        yield Finding(about=host.name, verdict=Verdict.FINE, says=say("doctor-programs-fine", lang, there=found.shown))
        return
    if isinstance(found, Enrolment):
        says = say("doctor-programs-differ", lang, there=found.shown, here=wanted.shown)
    else:
        says = say("doctor-programs-unknown", lang, folder=HOME)
    yield Finding(about=host.name, verdict=Verdict.FOUND, says=says, mend=enrol(host, lang))


def of_writer_unused(host: Host, lang: Lang) -> Iterator[Finding]:
    """What is said of a host that is never mended."""
    if host.via is Via.SHELL and host.writer is not None:
        says = say("doctor-writer-unused", lang)
        yield Finding(about=host.name, verdict=Verdict.NOTED, says=says, mend=enrol(host, lang))
    else:
        yield Finding(about=host.name, verdict=Verdict.NOTED, says=say("doctor-no-writer", lang))


async def of_forbidden(host: Host, lang: Lang) -> AsyncIterator[Finding]:
    """Try what nobody may do, as each account in turn; whatever was not refused is wrong."""
    for account, other in ((host.reader, host.mender), (host.mender, host.reader)):
        if account is not None:
            async for finding in _tried(host, account, other, lang):
                yield finding


async def _tried(host: Host, account: Account, other: Account | None, lang: Lang) -> AsyncIterator[Finding]:
    from bot.connectors.forbidden import attempts  # asyncssh takes a quarter of a second to import
    from bot.connectors.ssh_connection import Opener

    opener = Opener(connect_timeout=10.0, keepalive=5.0)
    refused: list[str] = []
    untried: list[str] = []
    try:
        async for attempt in attempts(opener, host, account, other):
            what = say(attempt.what, lang, user=attempt.user)
            if attempt.refused:
                refused.append(what)
            elif attempt.refused is None:
                untried.append(what)
            else:
                says = say("doctor-not-refused", lang, user=account.user, what=what)
                yield Finding(about=host.name, verdict=Verdict.FOUND, says=says, mend=enrol(host, lang))
    except HostError:
        untried.append(say("tried-login", lang))  # why is said elsewhere
    finally:
        opener.close()
    if refused:
        what = say("doctor-comma", lang).join(refused)
        says = say("doctor-refused", lang, user=account.user, count=len(refused), what=what)
        yield Finding(about=host.name, verdict=Verdict.FINE, says=says)
    if untried:
        says = say("doctor-untried", lang, user=account.user, what=say("doctor-comma", lang).join(untried))
        yield Finding(about=host.name, verdict=Verdict.UNMEASURED, says=says, mend=f"postmedic doctor {host.name}")
