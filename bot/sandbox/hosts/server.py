"""Where do the sample hosts listen? One SSH server on loopback per host, with a host key and two account keys of this run."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

import asyncssh

from bot.sandbox.hosts.host import SampleHost

PROBE_USER = "postmedic-probe"
FIX_USER = "postmedic-fix"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """How one sample host is reached: what an inventory needs to know; keys are files, host keys public key lines."""

    name: str
    address: str
    port: int
    host_keys: tuple[str, ...]
    probe_user: str
    probe_key: str
    fix_user: str
    fix_key: str


class SampleHosts:
    """Runs sample hosts as long as its `async with` block; private keys are written into `folder`, readable by us only."""

    def __init__(self, hosts: Iterable[SampleHost], folder: Path) -> None:
        self._hosts = tuple(hosts)
        self._folder = folder
        self._servers: list[asyncssh.SSHAcceptor] = []
        self.addresses: tuple[Address, ...] = ()

    async def __aenter__(self) -> SampleHosts:
        self._folder.mkdir(parents=True, exist_ok=True)
        keys = {PROBE_USER: self._new_key("probe_key"), FIX_USER: self._new_key("fix_key")}
        accepted = {user: key.convert_to_public() for user, key in keys.items()}
        self.addresses = tuple([await self._start(host, accepted) for host in self._hosts])
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for server in self._servers:
            server.close()
        for server in self._servers:
            await server.wait_closed()

    def write(self, file: Path) -> None:
        """Write the addresses as JSON, from which whoever starts a demo makes its inventory."""
        file.write_text(json.dumps([asdict(address) for address in self.addresses], indent=2) + "\n", encoding="utf-8")

    def _new_key(self, name: str) -> asyncssh.SSHKey:
        key = asyncssh.generate_private_key("ssh-ed25519", comment=name)
        path = self._folder / name
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        key.write_private_key(str(path))
        return key

    async def _start(self, host: SampleHost, accepted: dict[str, asyncssh.SSHKey]) -> Address:
        host_key = asyncssh.generate_private_key("ssh-ed25519", comment="")
        server = await asyncssh.listen(
            "127.0.0.1",
            0,
            server_factory=lambda: _Door(accepted),
            process_factory=lambda process: _answer(host, process),
            server_host_keys=[host_key],
            encoding=None,
            allow_pty=False,
            line_editor=False,
            agent_forwarding=False,
            x11_forwarding=False,
        )
        self._servers.append(server)
        return Address(
            name=host.name,
            address="127.0.0.1",
            port=server.get_port(),
            host_keys=(host_key.export_public_key().decode().strip(),),
            probe_user=PROBE_USER,
            probe_key=str(self._folder / "probe_key"),
            fix_user=FIX_USER,
            fix_key=str(self._folder / "fix_key"),
        )


class _Door(asyncssh.SSHServer):
    """Lets each account in with its own key only."""

    def __init__(self, accepted: dict[str, asyncssh.SSHKey]) -> None:
        self._accepted = accepted

    def begin_auth(self, username: str) -> bool:
        return True

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        raise asyncssh.ChannelOpenError(asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED, "forwarding is off")

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username in self._accepted and key == self._accepted[username]


async def _answer(host: SampleHost, process: asyncssh.SSHServerProcess[bytes]) -> None:
    """Answer one exec; a request for a shell carries no words and is refused like any other."""
    speak = host.fix if process.get_extra_info("username") == FIX_USER else host.probe
    code = await speak(process.command or "", process.stdout.write, process.stderr.write)
    process.exit(code)
