"""May this trigger_id or response_url still be used? Both are handed out with a payload, live briefly and wear out."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from .shapes import Clock, Refusal, Timing


@dataclass(slots=True, kw_only=True)
class Trigger:
    """The right to open one modal for one person."""

    user: str
    born: float
    in_modal: bool
    used: bool = False


@dataclass(slots=True, kw_only=True)
class ResponseUrl:
    """The right to answer one interaction: where it happened, for whom, and the message it happened on, if any."""

    channel: str
    user: str
    message_ts: str
    thread_ts: str
    is_ephemeral: bool
    born: float
    uses: int = 0


class Tickets:
    """Every trigger and response_url handed out."""

    def __init__(self, clock: Clock, timing: Timing) -> None:
        self._clock = clock
        self._timing = timing
        self._triggers: dict[str, Trigger] = {}
        self._responses: dict[str, ResponseUrl] = {}

    def trigger(self, user: str, *, in_modal: bool = False) -> str:
        """Hand out a trigger_id."""
        name = f"{secrets.randbelow(10**13)}.{secrets.randbelow(10**10)}.{secrets.token_hex(16)}"
        self._triggers[name] = Trigger(user=user, born=self._clock(), in_modal=in_modal)
        return name

    def exchange(self, trigger_id: str) -> Trigger:
        """Use a trigger_id up; refuses it when unknown, older than 3 s, or used before."""
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise Refusal("invalid_trigger_id")
        if self._clock() - trigger.born > self._timing.trigger:
            raise Refusal("expired_trigger_id")
        if trigger.used:
            raise Refusal("exchanged_trigger_id")
        trigger.used = True
        return trigger

    def response(
        self, *, channel: str, user: str, message_ts: str = "", thread_ts: str = "", is_ephemeral: bool = False
    ) -> str:
        """Hand out the path of a response_url."""
        name = f"{secrets.randbelow(10**13)}/{secrets.token_hex(12)}"
        self._responses[name] = ResponseUrl(
            channel=channel,
            user=user,
            message_ts=message_ts,
            thread_ts=thread_ts,
            is_ephemeral=is_ephemeral,
            born=self._clock(),
        )
        return f"/actions/{name}"

    def use_response(self, path: str) -> ResponseUrl:
        """Count one use of a response_url; refuses the sixth, and any after 30 minutes."""
        response = self._responses.get(path.removeprefix("/actions/"))
        if response is None:
            raise Refusal("invalid_url")
        if self._clock() - response.born > self._timing.response_url:
            raise Refusal("expired_url")
        if response.uses >= self._timing.response_url_uses:
            raise Refusal("used_url")
        response.uses += 1
        return response
