"""An SSH server with the right key that answers every command as its owner pleases."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncssh

from bot.model.host import Account, Approvers, Host, Via
from tests.contract.hosts.openssh import new_key

Process = asyncssh.SSHServerProcess[bytes]


class Open(asyncssh.SSHServer):
    """Lets every key in."""

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return True


@asynccontextmanager
async def hostile(folder: Path, answer: Callable[[Process], Awaitable[None]] | type[Open]) -> AsyncIterator[Host]:
    """Run the server while the block runs; what answers may be a server of its own."""
    new_key(folder / "probe_key")
    key = asyncssh.generate_private_key("ssh-ed25519")

    async def process(one: Process) -> None:
        await answer(one)

    own = isinstance(answer, type)
    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=answer if own else Open,
        server_host_keys=[key],
        process_factory=None if own else process,
        encoding=None,
    )
    account = Account(user="any", key=str(folder / "probe_key"))
    yield Host(
        name="mail01",
        address="127.0.0.1",
        port=server.get_port(),
        host_keys=(key.export_public_key().decode().strip(),),
        reader=account,
        writer=account,
        via=Via.ENROLLED,
        approvers=Approvers(),
    )
    server.close()


async def flood(process: Process) -> None:
    """Never stop."""
    while True:
        process.stdout.write(b"y\n" * 16384)
        await process.stdout.drain()
