"""What can be measured on a host? Importing this package fills the closed catalogues of facts and derivations."""

from __future__ import annotations

from bot.facts import service, settings

__all__ = ["service", "settings"]
