"""How does postmedic measure and change a host over SSH? A `Reader` and a `Writer` with separate accounts and keys.

A round of probes is one exec over a connection that is kept for a short while, one round at a time per host. The writer
opens a connection for each step, so that before the step is sent nothing can be half-way.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Protocol

from bot.connectors.answers import Answer, Hearing
from bot.connectors.base import StepState
from bot.connectors.dispatcher import render_asked
from bot.connectors.rounds import Round
from bot.errors import ConnectionDropped, HostError, HostUnreachable
from bot.model.enrolment import Enrolment
from bot.model.execution import StepResult
from bot.model.host import Account, Host, Via
from bot.model.plan import Step
from bot.model.probe import Reading, Request
from bot.model.token import token

if TYPE_CHECKING:  # importing asyncssh takes a quarter of a second, which the command line should not pay for `--help`
    from bot.connectors.ssh_connection import Connection, Exec, Opener


MaySend = Callable[[str], Awaitable[None]]


async def _always(*about: str) -> None:
    return


class SshConnector:
    """Opens ways to hosts; `close` it at the end.

    All times are in seconds: `connect_timeout` covers reaching, key exchange and login; a peer silent for four times
    `keepalive` is lost; `idle` is how long a connection is kept for the next round; `step_seconds` bounds the wait for one
    step's answer. `fleet` is how many hosts are asked at once. `may_send` is awaited with the execution right before a step
    is sent, when its connection stands, and raises what keeps it from being sent.
    """

    def __init__(
        self,
        *,
        connect_timeout: float = 10.0,
        keepalive: float = 5.0,
        idle: float = 30.0,
        step_seconds: float = 600.0,
        fleet: int = 128,
        may_send: MaySend | None = None,
    ) -> None:
        self._connect_timeout = connect_timeout
        self._keepalive = keepalive
        self._idle = idle
        self._step_seconds = step_seconds
        self._fleet = asyncio.Semaphore(fleet)
        self._may_send = may_send or _always
        self._opener: Opener | None = None
        self._readers: dict[str, tuple[Host, SshReader]] = {}

    def reader(self, host: Host) -> SshReader:
        """The way to measure on `host`; the same object for the same host, so that rounds share a connection."""
        known = self._readers.get(host.name)
        if known is None or known[0] != host:
            if known is not None:
                known[1].close()
            known = self._readers[host.name] = (host, SshReader(host, self._open, self._fleet, self._idle))
        return known[1]

    def writer(self, host: Host) -> SshWriter | None:
        """The way to change `host`, or None where it has no account for fixes or is not enrolled."""
        if host.mender is None:
            return None
        return SshWriter(host, host.mender, self._open, self._fleet, self._step_seconds, self._may_send)

    def close(self) -> None:
        """Close every kept connection."""
        for _, reader in self._readers.values():
            reader.close()
        if self._opener is not None:
            self._opener.close()

    async def _open(self, host: Host, account: Account) -> Connection:
        if self._opener is None:
            from bot.connectors.ssh_connection import Opener

            self._opener = Opener(connect_timeout=self._connect_timeout, keepalive=self._keepalive)
        return await self._opener.open(host, account)


class _Open(Protocol):
    async def __call__(self, host: Host, account: Account) -> Connection: ...


class SshReader:
    """Measures over the probe account: by names where the host is enrolled, else by a fixed script."""

    def __init__(self, host: Host, open: _Open, fleet: asyncio.Semaphore, idle: float) -> None:
        self._host = host
        self._open = open
        self._fleet = fleet
        self._idle = idle
        self._turn = asyncio.Lock()
        self._kept: Connection | None = None
        self._closing: asyncio.TimerHandle | None = None
        self._host_key = ""

    @property
    def host_key(self) -> str:
        """SHA256 fingerprint of the key the host showed, empty before the first read."""
        return self._host_key

    async def read(self, requests: Sequence[Request]) -> AsyncIterator[Reading]:
        """Yield one reading per request as each arrives.

        Raises `HostError` subclasses when the host cannot be asked or stops answering; what was yielded before is valid.
        """
        if not requests:
            return
        first = Round(self._host.name, requests)  # raises for words that may not travel, before anything else happens
        async with self._turn, self._fleet:
            try:
                round, running = await self._start(first, requests)
            except BaseException:  # cancelled between sending and knowing it: that connection is not used again
                self.close()
                raise
            try:
                async for reading in round.readings():
                    yield reading
            finally:
                if round.complete:
                    self._keep()
                else:  # decided by the end marks alone: a cancelled wait must not leave the probes running
                    running.kill()
                    self.close()

    def close(self) -> None:
        """Close the kept connection, if any; the next round opens a new one."""
        if self._closing is not None:
            self._closing.cancel()
        if self._kept is not None:
            self._kept.close()
        self._kept = self._closing = None

    async def _start(self, round: Round, requests: Sequence[Request]) -> tuple[Round, Exec]:
        """Send one round; a kept connection that turns out to be dead is replaced once."""
        from bot.connectors.ssh_connection import NotOpened

        if self._closing is not None:
            self._closing.cancel()
        if self._kept is not None:
            with suppress(NotOpened, ConnectionDropped):
                return round, await self._send(self._kept, round, requests)
            self.close()
            round = Round(self._host.name, requests)
        self._kept = await self._open(self._host, self._host.reader)
        self._host_key = self._kept.fingerprint
        try:
            return round, await self._send(self._kept, round, requests)
        except (NotOpened, ConnectionDropped) as error:
            raise HostUnreachable(host=self._host.name, detail="the login worked, but it opened no session") from error

    async def _send(self, connection: Connection, round: Round, requests: Sequence[Request]) -> Exec:
        if self._host.via is Via.ENROLLED:
            return await connection.execute(round.words, round)
        script = render_asked(round.words, (request.probe for request in requests)).encode()
        return await connection.execute("/bin/sh -s", round, script)

    def _keep(self) -> None:
        self._closing = asyncio.get_running_loop().call_later(self._idle, self.close)


class SshWriter:
    """Runs steps over the account for fixes, each at most once per (execution, index): the host's journal decides."""

    def __init__(
        self, host: Host, account: Account, open: _Open, fleet: asyncio.Semaphore, seconds: float, may_send: MaySend
    ) -> None:
        self._host = host
        self._account = account
        self._may_send = may_send
        self._open = open
        self._fleet = fleet
        self._seconds = seconds

    async def run(self, execution: str, index: int, step: Step) -> StepResult:
        """Run one step and give its result; a refusal by the host is a result with the dispatcher's exit status.

        Raises `ConnectionDropped` when it cannot be known whether or how the step ended, other `HostError`s only when
        nothing was sent.
        """
        may_send = partial(self._may_send, execution)
        heard = await self._converse(may_send, "run", execution, str(index), step.operation, *step.tokens)
        refused = heard.refusal()
        if refused is not None:
            return refused
        answer = self._answer(heard)
        if answer.result is None:
            raise ConnectionDropped(host=self._host.name, detail="the step had not ended when the host stopped waiting for it")
        return answer.result

    async def ask(self, execution: str, index: int) -> tuple[StepState, StepResult | None]:
        """Ask the host's journal about a step; raises `HostError`s when it gives no answer."""
        heard = await self._converse(_always, "ask", execution, str(index))
        refused = heard.refusal()
        if refused is not None:
            raise HostError(host=self._host.name, detail=f"its journal could not be asked (exit {refused.exit})")
        answer = self._answer(heard)
        return answer.state, answer.result

    async def enrolment(self) -> Enrolment | None:
        """Ask which programs the host has; None when it does not say so, as an older enrolment does not."""
        return (await self._converse(_always, "version")).enrolment()

    def _answer(self, heard: Hearing) -> Answer:
        answer = heard.answer()
        if answer is None:
            raise ConnectionDropped(host=self._host.name, detail="it ended before the answer about the step was complete")
        return answer

    async def _converse(self, may_send: Callable[[], Awaitable[None]], *spoken: str) -> Hearing:
        """Send plain words over a new connection and hear the whole answer."""
        from bot.connectors.ssh_connection import NotOpened

        command = " ".join(map(token, spoken))
        heard = Hearing()
        async with self._fleet:
            connection = await self._open(self._host, self._account)
            try:
                await may_send()
                await connection.execute(command, heard)
                async with asyncio.timeout(self._seconds):
                    await heard.closed.wait()
            except NotOpened as error:
                raise HostUnreachable(host=self._host.name, detail="the login worked, but it opened no session") from error
            except TimeoutError as error:
                detail = f"no answer about the step within {self._seconds:g} s"
                raise ConnectionDropped(host=self._host.name, detail=detail) from error
            finally:
                connection.close()
        return heard
