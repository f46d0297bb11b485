"""What can be changed on a host? Importing this package fills the closed catalogue of operations."""

from __future__ import annotations

from bot.operations import (
    aliases,
    caches,
    files,
    loopback,
    parameters,
    queue,
    relay,
    rights,
    sasl,
    saslauthd,
    sendmail,
    services,
    tables,
)

__all__ = [
    "aliases",
    "caches",
    "files",
    "loopback",
    "parameters",
    "queue",
    "relay",
    "rights",
    "sasl",
    "saslauthd",
    "sendmail",
    "services",
    "tables",
]
