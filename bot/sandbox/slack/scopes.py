"""What may this app do? Everything is read from the manifest that ships, so a scope or event missing there is missing here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .shapes import Json, Refusal

NO_SCOPE = ""
METHOD_SCOPE: dict[str, str] = {
    "auth.test": NO_SCOPE,
    "apps.connections.open": NO_SCOPE,
    "blocks.validate": NO_SCOPE,
    "bots.info": "users:read",
    "chat.delete": "chat:write",
    "chat.getPermalink": NO_SCOPE,
    "chat.postEphemeral": "chat:write",
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "conversations.history": "*:history",
    "conversations.info": "*:read",
    "conversations.members": "*:read",
    "conversations.open": "im:write",
    "conversations.replies": "*:history",
    "files.info": "files:read",
    "reactions.add": "reactions:write",
    "reactions.remove": "reactions:write",
    "team.info": "team:read",
    "usergroups.list": "usergroups:read",
    "usergroups.users.list": "usergroups:read",
    "users.conversations": "*:read",
    "users.info": "users:read",
    "users.list": "users:read",
    "views.open": NO_SCOPE,
    "views.publish": NO_SCOPE,
    "views.push": NO_SCOPE,
    "views.update": NO_SCOPE,
}
"""The scope each method needs; `*` stands for the kind of conversation it is asked about."""

EVENT_SCOPE: dict[str, str] = {
    "app_home_opened": NO_SCOPE,
    "app_mention": "app_mentions:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "reaction_added": "reactions:read",
    "reaction_removed": "reactions:read",
}

SCOPE_PREFIX = {"channel": "channels", "group": "groups", "im": "im"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The parts of an app manifest that decide what Slack delivers and permits."""

    name: str
    scopes: frozenset[str]
    events: frozenset[str]
    commands: tuple[Json, ...]
    shortcuts: tuple[Json, ...]
    interactive: bool
    socket_mode: bool
    home_tab: bool

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """Read a manifest file; raises ValueError when the file is not a manifest."""
        raw: Any = json.loads(path.read_text())
        if not isinstance(raw, dict) or "display_information" not in raw:
            raise ValueError(f"{path} is not a Slack app manifest: it has no display_information")
        features, settings = raw.get("features", {}), raw.get("settings", {})
        return cls(
            name=features.get("bot_user", {}).get("display_name") or raw["display_information"]["name"],
            scopes=frozenset(raw.get("oauth_config", {}).get("scopes", {}).get("bot", ())),
            events=frozenset(settings.get("event_subscriptions", {}).get("bot_events", ())),
            commands=tuple(features.get("slash_commands", ())),
            shortcuts=tuple(features.get("shortcuts", ())),
            interactive=bool(settings.get("interactivity", {}).get("is_enabled")),
            socket_mode=bool(settings.get("socket_mode_enabled")),
            home_tab=bool(features.get("app_home", {}).get("home_tab_enabled")),
        )

    def require(self, scope: str) -> None:
        """Refuse the call with missing_scope unless the app holds the scope."""
        if scope and scope not in self.scopes:
            raise Refusal("missing_scope", needed=scope, provided=self.provided)

    def delivers(self, event: str) -> bool:
        """Say whether the app both subscribed to the event and holds the scope it needs."""
        scope = EVENT_SCOPE.get(event, NO_SCOPE)
        return event in self.events and (not scope or scope in self.scopes)

    def command(self, name: str) -> Json | None:
        """Find a declared slash command."""
        declared = self.commands if "commands" in self.scopes else ()
        return next((command for command in declared if command["command"] == name), None)

    def shortcut(self, callback_id: str) -> Json | None:
        """Find a declared shortcut."""
        declared = self.shortcuts if "commands" in self.scopes and self.interactive else ()
        return next((shortcut for shortcut in declared if shortcut["callback_id"] == callback_id), None)

    @property
    def provided(self) -> str:
        """The granted scopes as Slack lists them."""
        return ",".join(sorted(self.scopes))
