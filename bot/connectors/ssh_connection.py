"""How is one exec carried over SSH? The only file of the engine that knows asyncssh; it leaves nothing to its defaults.

It reads no ssh_config, no agent and no known_hosts file: host keys are those of the inventory, and there is no trust on
first use. Foreign exceptions become `bot.errors` here; their texts stay behind, because a host may have written them.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import Protocol

import asyncssh

from bot.connectors.resolver import Resolver
from bot.errors import ConnectionDropped, HostError, HostKeyRejected, HostUnreachable, InventoryError, LoginRefused
from bot.model.host import Account, Host

# No finite-field Diffie-Hellman: one group exchange holds the event loop for half a second.
_KEX = ("mlkem768x25519-sha256", "curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256")
_CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com", "aes128-ctr")
_MACS = ("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com")
_HOST_KEYS = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "rsa-sha2-512", "rsa-sha2-256")
_WINDOW = 256 * 1024
_OPENING = 10.0  # seconds for a session on a connection that stands


class Listener(Protocol):
    """Who hears what a command prints and how it ends."""

    def hear(self, received: bytes, stderr: bool) -> None:
        """Take received bytes of one stream; must not raise."""

    def close(self, exit: int | None) -> None:
        """Nothing more will come; `exit` is None when the connection was lost or the command was killed."""


class NotOpened(Exception):
    """No session could be opened, so nothing was sent: the caller may try again over a new connection."""


class Exec(asyncssh.SSHClientSession[bytes]):
    """One running command."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._channel: asyncssh.SSHClientChannel[bytes] | None = None
        self._exit: int | None = None

    @property
    def sent(self) -> bool:
        """Whether the command may have left; False is certain."""
        return self._channel is not None

    def connection_made(self, chan: asyncssh.SSHClientChannel[bytes]) -> None:
        self._channel = chan

    def data_received(self, data: bytes, datatype: int | None) -> None:
        self._listener.hear(data, datatype == asyncssh.EXTENDED_DATA_STDERR)

    def exit_status_received(self, status: int) -> None:
        self._exit = status

    def connection_lost(self, exc: Exception | None) -> None:
        self._listener.close(self._exit)

    def kill(self) -> None:
        """Ask the host to kill the command and close the channel; where sshd refuses, the dispatcher's deadline holds."""
        if self._channel is not None:
            with contextlib.suppress(OSError, asyncssh.Error):
                self._channel.kill()
            self._channel.abort()


class Connection:
    """One authenticated connection to a host whose key was the inventory's."""

    def __init__(self, connection: asyncssh.SSHClientConnection, host: Host) -> None:
        self._connection = connection
        self._host = host
        key = connection.get_server_host_key()
        self.fingerprint = key.get_fingerprint("sha256") if key is not None else ""

    @property
    def alive(self) -> bool:
        """Whether the connection still stands."""
        return not self._connection.is_closed()

    async def execute(
        self,
        command: str | None,
        listener: Listener,
        stdin: bytes = b"",
        *,
        terminal: bool = False,
        subsystem: str | None = None,
    ) -> Exec:
        """Start `command`; raises `NotOpened` when it certainly was not sent, `ConnectionDropped` when it may have been.

        No command, a terminal or a subsystem is only ever asked for to see that it is refused.
        """
        session = Exec(listener)
        try:
            async with asyncio.timeout(_OPENING):
                channel, _ = await self._connection.create_session(
                    lambda: session,
                    command,
                    subsystem=subsystem,
                    request_pty="force" if terminal else False,
                    term_type="dumb" if terminal else None,
                    env={},
                    send_env=(),
                    encoding=None,
                    window=_WINDOW,
                )
        except Exception as error:  # whatever a host can make asyncssh raise: only `sent` matters
            if session.sent:
                raise ConnectionDropped(host=self._host.name, detail="it did not answer the start of a command") from error
            raise NotOpened from error
        with contextlib.suppress(OSError):  # it may have ended already; then its listener knows how
            channel.write(stdin)
            channel.write_eof()
        return session

    async def forwards(self) -> bool:
        """Whether the host opens a connection of its own for us, to its own loopback; a failed try of it counts."""
        try:
            async with asyncio.timeout(_OPENING):
                channel, _ = await self._connection.create_connection(asyncssh.SSHTCPSession, "127.0.0.1", 9)
        except asyncssh.ChannelOpenError as error:
            return error.code != asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED
        channel.abort()
        return True

    async def listens(self) -> bool:
        """Whether the host lets us listen on a port of its loopback."""
        try:
            async with asyncio.timeout(_OPENING):
                listener = await self._connection.forward_remote_port("127.0.0.1", 0, "127.0.0.1", 9)
        except asyncssh.ChannelListenError:
            return False
        listener.close()
        return True

    def close(self) -> None:
        """Close without waiting for the peer, which may be gone."""
        self._connection.close()


class Opener:
    """Opens connections with explicit options only; private keys and host keys are read once."""

    def __init__(self, *, connect_timeout: float, keepalive: float) -> None:
        self._connect_timeout = connect_timeout
        self._keepalive = keepalive
        self._resolver = Resolver()
        self._keys: dict[str, asyncssh.SSHKey] = {}
        self._options: dict[tuple[tuple[str, ...], Account], asyncssh.SSHClientConnectionOptions] = {}

    async def open(self, host: Host, account: Account) -> Connection:
        """Connect and log in, or raise the `HostError` that says why not; nothing was run then."""
        options = self._options_for(host, account)
        try:
            addresses = await self._resolver.addresses(host.address)
        except OSError as error:
            raise HostUnreachable(host=host.name, detail="its name could not be resolved") from error
        for address in addresses[:-1]:
            with contextlib.suppress(HostUnreachable):
                return await self._connect(host, account, address, options)
        return await self._connect(host, account, addresses[-1], options)

    async def lets_in(self, host: Host, account: Account, stranger: Account) -> bool:
        """Whether `account` lets the key of `stranger` in; raises `HostError`s when the host cannot be asked.

        The stranger's key is offered first and the login completed with the account's own: newer sshds shut out addresses
        whose logins fail, and that must not happen to the bot.
        """
        offered = [self._key(host, stranger), self._key(host, account)]

        class Offering(asyncssh.SSHClient):
            def public_key_auth_requested(self) -> asyncssh.SSHKey | None:
                return offered.pop(0) if offered else None

        options = asyncssh.SSHClientConnectionOptions(
            self._options_for(host, account), client_keys=None, client_factory=Offering, config=None
        )
        addresses = await self._resolver.addresses(host.address)
        (await self._connect(host, account, addresses[0], options)).close()
        return bool(offered)

    def close(self) -> None:
        """Resolve no more names."""
        self._resolver.close()

    async def _connect(
        self, host: Host, account: Account, address: str, options: asyncssh.SSHClientConnectionOptions
    ) -> Connection:
        try:
            return Connection(await asyncssh.connect(address, host.port, config=None, options=options), host)
        except asyncssh.HostKeyNotVerifiable as error:
            raise HostKeyRejected(host=host.name) from error
        except asyncssh.KeyExchangeFailed as error:
            raise HostUnreachable(host=host.name, detail="it shares no key exchange or cipher with postmedic") from error
        except asyncssh.PermissionDenied as error:
            raise LoginRefused(host=host.name, account=account.user, detail="the key was not accepted") from error
        except TimeoutError as error:
            detail = f"no login within {self._connect_timeout:g} s"
            raise HostUnreachable(host=host.name, detail=detail) from error
        except OSError as error:
            detail = os.strerror(error.errno) if error.errno else "the connection failed"
            raise HostUnreachable(host=host.name, detail=detail) from error
        except Exception as error:  # asyncssh's own, and whatever its parsers raise on bytes that are not SSH
            raise HostUnreachable(host=host.name, detail="it did not speak SSH up to the login") from error

    def _options_for(self, host: Host, account: Account) -> asyncssh.SSHClientConnectionOptions:
        known = self._options.get((host.host_keys, account))
        if known is not None:
            return known
        if not host.host_keys:
            raise HostError(host=host.name, detail="the inventory holds no key of it, and no key is trusted on first use")
        try:
            trusted = [asyncssh.import_public_key(line) for line in host.host_keys]
        except (asyncssh.KeyImportError, ValueError) as error:
            raise HostError(host=host.name, detail="a host key in the inventory cannot be read") from error
        try:
            options = asyncssh.SSHClientConnectionOptions(
                config=None,
                username=account.user,
                client_keys=[self._key(host, account)],
                known_hosts=(trusted, [], []),
                server_host_key_algs=_algorithms(trusted),
                x509_trusted_certs=None,
                x509_trusted_cert_paths=[],
                agent_path=None,
                agent_forwarding=False,
                x11_forwarding=False,
                gss_host=None,
                preferred_auth="publickey",
                password_auth=False,
                kbdint_auth=False,
                host_based_auth=False,
                disable_trivial_auth=True,
                kex_algs=[name for name in _KEX if name.encode() in asyncssh.kex.get_kex_algs()],
                encryption_algs=list(_CIPHERS),
                mac_algs=list(_MACS),
                compression_algs=["none"],
                connect_timeout=self._connect_timeout,
                login_timeout=self._connect_timeout,
                keepalive_interval=self._keepalive,
                keepalive_count_max=3,
            )
        except ValueError as error:  # asyncssh wants a name for its own account even where it has no use for it
            raise HostError(host=host.name, detail=f"SSH could not be prepared ({type(error).__name__})") from error
        self._options[host.host_keys, account] = options
        return options

    def _key(self, host: Host, account: Account) -> asyncssh.SSHKey:
        if account.key not in self._keys:
            try:
                self._keys[account.key] = asyncssh.read_private_key(account.key)
            except (OSError, asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
                detail = f"its private key file {account.key} cannot be read"
                raise LoginRefused(host=host.name, account=account.user, detail=detail) from error
        return self._keys[account.key]


def public_key(file: str) -> str:
    """Give the public key line of a private key file, without its comment; raises `InventoryError`."""
    try:
        line = asyncssh.read_private_key(file).export_public_key().decode("ascii")
    except (OSError, ValueError, asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        raise InventoryError(where=file, detail="no private key without a passphrase can be read from it") from error
    return " ".join(line.split()[:2])


def _algorithms(trusted: list[asyncssh.SSHKey]) -> list[str]:
    """The types of the trusted keys first; the others after them, so that a stranger shows its key and is named as one."""
    names = [key.get_algorithm() for key in trusted]
    own = [signature for name in names for signature in (_HOST_KEYS[-2:] if name == "ssh-rsa" else (name,))]
    return list(dict.fromkeys([*own, *_HOST_KEYS]))
