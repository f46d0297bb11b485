"""What could someone do who has stolen a key of postmedic? Tries it on a host and tells what was not refused.

Nothing here leaves a trace where it does succeed: a file it makes it also removes. Only `doctor` and tests use it.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from bot.connectors.dispatcher import REFUSED
from bot.connectors.ssh_connection import Connection, NotOpened, Opener
from bot.errors import ConnectionDropped, HostError
from bot.model.host import Account, Host

_PATIENCE = 20.0  # seconds for one attempt
_MARK = "0" * 24
_SFTP = b"\0\0\0\5\1\0\0\0\3"  # the greeting of an SFTP client; a server answers with a packet of type 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One forbidden thing that was tried, by the name of its text; `refused` is None when it could not be tried."""

    what: str
    refused: bool | None
    user: str  # whose key it was tried with


@dataclass(slots=True)
class _Heard:
    """Collects a little of what an exec says, and how it ends."""

    said: bytearray = field(default_factory=bytearray)
    exit: int | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, received: bytes, stderr: bool) -> None:
        self.said += received[: 65536 - len(self.said)]

    def close(self, exit: int | None) -> None:
        self.exit = exit
        self.ended.set()


async def attempts(opener: Opener, host: Host, account: Account, stranger: Account | None) -> AsyncIterator[Attempt]:
    """Try everything with the key of `account`, over one connection; then whether the key of `stranger` gets in there.

    Raises `HostError`s when the account cannot log in at all.
    """
    connection = await opener.open(host, account)
    try:
        for what, refused in _tries().items():
            yield Attempt(what=what, refused=await _refused(connection, refused), user=account.user)
    finally:
        connection.close()
    if stranger is not None:
        try:
            let_in = await opener.lets_in(host, account, stranger)
        except (HostError, OSError):
            yield Attempt(what="tried-other-key", refused=None, user=stranger.user)
        else:
            yield Attempt(what="tried-other-key", refused=not let_in, user=stranger.user)


_Try = Callable[[Connection], Awaitable[bool]]


def _tries() -> dict[str, _Try]:
    """Each forbidden thing by the name of its text, with the function that says whether it was refused."""
    one, other = secrets.randbelow(10**9), secrets.randbelow(10**9)
    proof = f"echo $(({one} + {other}))"  # only a shell can know the sum
    told = str(one + other).encode()

    def command(text: str | None, *, stdin: str = "") -> _Try:
        async def refused(connection: Connection) -> bool:
            heard = await _run(connection, text, stdin=f"{stdin}\n".encode())
            return heard.exit == REFUSED and told not in heard.said

        return refused

    return {
        "tried-shell": command(None, stdin=proof),
        "tried-command": command(proof),
        "tried-command-after": command(f"read {_MARK} host; {proof}"),
        "tried-command-within": command(f"read {_MARK} $({proof})"),
        "tried-writing": command(f"f=$(mktemp) && rm -f $f && {proof}"),
        "tried-reading": command("cat /etc/passwd"),
        "tried-root": command(f"sudo -n sh -c '{proof}'"),
        "tried-probe": command(f"read {_MARK} no-such-probe"),
        "tried-operation": command(f"run doctor-{secrets.token_hex(8)} 0 no-such-operation"),
        "tried-terminal": _no_terminal,
        "tried-sftp": _no_sftp,
        "tried-forward": _no_forward,
        "tried-port": _no_port,
    }


async def _refused(connection: Connection, refused: _Try) -> bool | None:
    try:
        async with asyncio.timeout(_PATIENCE):
            return await refused(connection)
    except (NotOpened, ConnectionDropped) as error:  # the host did not even begin
        silent = isinstance(error.__cause__, TimeoutError) or not connection.alive
        return None if silent else True  # who says nothing, or has gone, has refused nothing
    except (OSError, TimeoutError):
        return None


async def _run(
    connection: Connection, text: str | None, *, stdin: bytes, terminal: bool = False, subsystem: str | None = None
) -> _Heard:
    heard = _Heard()
    await connection.execute(text, heard, stdin, terminal=terminal, subsystem=subsystem)
    await heard.ended.wait()
    if heard.exit is None and not connection.alive:
        raise NotOpened
    return heard


async def _no_terminal(connection: Connection) -> bool:
    """A terminal that is refused opens no session; whatever ran on one that was given, it was given."""
    await _run(connection, None, stdin=b"", terminal=True)
    return False


async def _no_sftp(connection: Connection) -> bool:
    heard = await _run(connection, None, stdin=_SFTP, subsystem="sftp")
    return heard.exit == REFUSED and heard.said[4:5] != b"\2"


async def _no_forward(connection: Connection) -> bool:
    return not await connection.forwards()


async def _no_port(connection: Connection) -> bool:
    return not await connection.listens()
