"""Who are the sample people outside Slack? A fresh key for each, and the tables that list them in an inventory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import asyncssh


def people(folder: Path, accounts: Mapping[str, str]) -> str:
    """Write a private key `folder/NAME` for each name of `accounts` (to team/user id), and give the [[person]] tables."""
    return "\n".join(_table(folder / name, account) for name, account in accounts.items())


def _table(path: Path, account: str) -> str:
    key = asyncssh.generate_private_key("ssh-ed25519", comment="")
    path.touch(mode=0o600)
    key.write_private_key(str(path))
    public = key.export_public_key().decode().strip()
    return f'[[person]]\nname = "{path.name}"\naccounts = ["{account}"]\nkeys = ["{public}"]\n'
