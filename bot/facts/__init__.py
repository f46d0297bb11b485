"""What can be measured on a host? Importing this package fills the closed catalogues of facts and derivations."""

from __future__ import annotations

from bot.facts import aliases, clients, identity, listeners, masters, names, network, sendmail, service, settings

__all__ = ["aliases", "clients", "identity", "listeners", "masters", "names", "network", "sendmail", "service", "settings"]
