"""Who is this person? Slack ids become one known person, or a refusal; names, addresses and pictures never decide."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientError
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.model.host import Approvers
from bot.model.review import Actor
from bot.model.text import Lang

LOG = logging.getLogger(__name__)
FRESH = 60.0  # seconds for which an answer of Slack's is used again
_MOST_KEPT = 2000
_NOT_FULL = ("deleted", "is_bot", "is_restricted", "is_ultra_restricted", "is_stranger", "is_invited_user", "is_workflow_bot")
# Slack's answers that say there is no such group, which is as good as an empty one. Anything else is no answer.
_NO_GROUP = frozenset({"no_such_subteam", "subteam_not_found", "plan_upgrade_required", "paid_teams_only"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """An answer of Slack's and when it came, in seconds of the clock."""

    at: float
    value: Any


class People:
    """The people of one workspace."""

    def __init__(self, client: AsyncWebClient, clock: Callable[[], float], lang: Lang) -> None:
        self._client = client
        self._clock = clock
        self._lang = lang
        self._users: dict[str, _Kept] = {}
        self._groups: dict[str, _Kept] = {}

    async def actor(self, user: str, approvers: Approvers = Approvers()) -> Actor:  # noqa: B008  # frozen
        """Who the person is, and in which of the approvers' groups; where Slack gives no answer, `lookup_failed`."""
        groups = frozenset() if user in approvers.users else approvers.groups
        return await self._actor(user, groups, FRESH)

    async def now(self, actor: Actor) -> Actor:
        """Who the same person is at this moment: no kept answer counts, and only groups known before can still count."""
        return await self._actor(actor.id, actor.groups, 0.0)

    async def lang(self, user: str) -> Lang:
        """The language for this person: their own where postmedic speaks it, else the one of the settings."""
        try:
            locale = str((await self._user(user, 30 * FRESH)).get("locale") or "")
        except (SlackClientError, ClientError, TimeoutError):
            return self._lang
        return "zh" if locale.startswith("zh") else self._lang

    async def _actor(self, user: str, groups: Collection[str], fresh: float) -> Actor:
        try:
            info = await self._user(user, fresh)
            held = frozenset([group for group in sorted(groups) if user in await self._members(group, fresh)])
        except (SlackClientError, ClientError, TimeoutError) as error:
            LOG.warning("Slack did not say who %s is: %s", user, _reason(error))
            return Actor(team="", id=user, lookup_failed=True)
        return Actor(
            team=str(info.get("team_id") or ""),
            id=user,
            name=str(info.get("real_name") or info.get("name") or ""),
            groups=held,
            full_member=not any(info.get(mark) for mark in _NOT_FULL),
        )

    async def _user(self, user: str, fresh: float) -> Mapping[str, Any]:
        kept = self._users.get(user)
        if kept is None or self._clock() - kept.at >= fresh:
            answer = await self._client.users_info(user=user, include_locale=True)
            kept = _keep(self._users, user, _Kept(at=self._clock(), value=answer["user"]))
        value: Mapping[str, Any] = kept.value
        return value

    async def _members(self, group: str, fresh: float) -> frozenset[str]:
        kept = self._groups.get(group)
        if kept is None or self._clock() - kept.at >= fresh:
            try:
                answer = await self._client.usergroups_users_list(usergroup=group)
                members = frozenset(map(str, answer["users"]))
            except SlackClientError as error:
                if _reason(error) not in _NO_GROUP:
                    raise
                LOG.warning("the user group %s cannot be read (%s): nobody counts as its member", group, _reason(error))
                members = frozenset()
            kept = _keep(self._groups, group, _Kept(at=self._clock(), value=members))
        value: frozenset[str] = kept.value
        return value


def _keep(kept: dict[str, _Kept], key: str, value: _Kept) -> _Kept:
    if len(kept) >= _MOST_KEPT:
        kept.clear()
    kept[key] = value
    return value


def _reason(error: Exception) -> str:
    response = getattr(error, "response", None)
    return str(response.get("error", "")) if response is not None else type(error).__name__
