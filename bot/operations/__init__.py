"""What can be changed on a host? Importing this package fills the closed catalogue of operations."""

from __future__ import annotations

from bot.operations import files, parameters, services

__all__ = ["files", "parameters", "services"]
