"""Which ids and secrets do the workspace and its one app have? Fresh secrets each time, fixed public ids."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from .seed import BOT_USER


def _bot_token() -> str:
    return f"xoxb-{secrets.randbelow(10**12):012d}-{secrets.randbelow(10**12):012d}-{secrets.token_hex(12)}"


def _app_token() -> str:
    return f"xapp-1-A0POSTMEDIC-{secrets.randbelow(10**12):012d}-{secrets.token_hex(32)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Ids of the team, the app and its bot, and the three secrets the app is given."""

    team_id: str = "T0LOCAL"
    team_name: str = "Local workspace"
    team_domain: str = "local"
    app_id: str = "A0POSTMEDIC"
    bot_id: str = "B0POSTMEDIC"
    bot_user: str = BOT_USER
    bot_name: str = "postmedic"
    bot_token: str = field(default_factory=_bot_token)
    app_token: str = field(default_factory=_app_token)
    signing_secret: str = field(default_factory=lambda: secrets.token_hex(16))
    verification_token: str = field(default_factory=lambda: secrets.token_hex(12))
