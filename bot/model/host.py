"""Which hosts may be contacted, how, and who decides about them? The inventory makes these; nothing else does."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Via(StrEnum):
    """How probes reach the host."""

    ENROLLED = "enrolled"  # forced commands on the host name the probes: only names travel
    SHELL = "shell"  # an ordinary account: a fixed script travels; read-only is not enforced there


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One login on a host: its name and the file of its private key."""

    user: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvers:
    """Who may approve changes on a host: Slack user ids and user group ids; both empty means nobody."""

    users: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Whether anybody can be meant."""
        return bool(self.users or self.groups)


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One mail host of the inventory; `host_keys` are public key lines as in a known_hosts file, without the name."""

    name: str
    address: str
    port: int
    host_keys: tuple[str, ...]
    reader: Account
    writer: Account | None
    via: Via
    approvers: Approvers
    aliases: tuple[str, ...] = ()
    breakglass: Approvers = Approvers()  # who may run a plan alone in an emergency; empty: nobody
    channels: frozenset[str] = frozenset()  # Slack channels where it may be discussed; empty: every served channel

    @property
    def mender(self) -> Account | None:
        """The account for fixes; None on a host that is not enrolled, whatever the inventory gives: nothing binds it there."""
        return self.writer if self.via is Via.ENROLLED else None
