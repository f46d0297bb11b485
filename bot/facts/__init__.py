"""What can be measured on a host? Importing this package fills the closed catalogues of facts and derivations."""

from __future__ import annotations

from bot.facts import (
    aliases,
    clients,
    dovecot,
    identity,
    listeners,
    log,
    masters,
    names,
    network,
    outbound,
    queue,
    reach,
    relay,
    sasl,
    saslauthd,
    sendmail,
    service,
    settings,
    tables,
)

__all__ = [
    "aliases",
    "clients",
    "dovecot",
    "identity",
    "listeners",
    "log",
    "masters",
    "names",
    "network",
    "outbound",
    "queue",
    "reach",
    "relay",
    "sasl",
    "saslauthd",
    "sendmail",
    "service",
    "settings",
    "tables",
]
