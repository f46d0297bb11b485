"""A person at the local Slack workspace, driven by tests: types, clicks and reads through the page's own door.

ana = Person(running, "U0ANA")
ts = await ana.says(MAIL_OPS, "postfix is down on host01")
card = await ana.waits_for(lambda m: "host01" in m["text"], thread=ts)
await ana.clicks(card, "approve")
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import aiohttp

from bot.sandbox.slack import Running
from bot.sandbox.slack.seed import MAIL_OPS

Json = dict[str, Any]
POLL = 0.02


class Denied(Exception):
    """The workspace did not let the person do this."""


class Person:
    """One person; every method is one thing they can do at the page."""

    def __init__(self, running: Running, user: str) -> None:
        self.id = user
        self._url = running.url

    async def says(self, channel: str, text: str, thread: str | None = None, snippet: str = "") -> str:
        """Write a message (a long one becomes a snippet) and return its ts."""
        body = {"channel": channel, "text": text, "thread_ts": thread, "snippet": snippet}
        return str((await self._post("message", body))["ts"])

    async def command(self, text: str, channel: str = MAIL_OPS) -> str:
        """Run a slash command such as `/postfix check host01`; returns the error shown, or an empty string."""
        return str((await self._post("command", {"channel": channel, "text": text})).get("problem", ""))

    async def clicks(self, where: Json, action_id: str, choice: Json | str | None = None, values: Json | None = None) -> str:
        """Press a button, or choose from a menu, in a message or view; returns the error shown, or an empty string.

        `choice` is an option object for a select, or a user id for a users_select; `values` is the view state.
        """
        block_id, element = find_element(where, action_id)
        action: Json = {"type": element["type"], "action_id": action_id}
        if isinstance(choice, dict):
            action["selected_option"] = choice
        elif choice is not None:
            action["selected_user" if element["type"] == "users_select" else "value"] = choice
        body = {"container": _container(where), "block_id": block_id, "action": action, "state": {"values": values or {}}}
        return str((await self._post("action", body)).get("problem", ""))

    async def searches(self, where: Json, action_id: str, typed: str) -> list[Json]:
        """Type into an external select and return the options (of all groups) it offers."""
        block_id, _ = find_element(where, action_id)
        body = {"container": _container(where), "block_id": block_id, "action_id": action_id, "value": typed}
        answer = await self._post("options", body)
        grouped = [option for group in answer.get("option_groups", ()) for option in group["options"]]
        return [*answer.get("options", ()), *grouped]

    async def submits(self, view: Json, values: dict[str, Any]) -> dict[str, str]:
        """Submit a modal; `values` maps action ids to text or to an option object. Returns the errors shown."""
        state: Json = {}
        for action_id, value in values.items():
            block_id, element = find_element(view, action_id)
            name = "value" if isinstance(value, str) else "selected_option"
            state.setdefault(block_id, {})[action_id] = {"type": element["type"], name: value}
        answer = await self._post("submit", {"view_id": view["id"], "state": {"values": state}})
        return dict(answer.get("errors") or ({"": answer["problem"]} if "problem" in answer else {}))

    async def closes(self, view: Json) -> None:
        """Dismiss a modal."""
        await self._post("close", {"view_id": view["id"]})

    async def shortcut(self, message: Json, callback_id: str = "diagnose_message") -> str:
        """Use a message shortcut; returns the error shown, or an empty string."""
        body = {"callback_id": callback_id, "channel": message["channel"], "message_ts": message["ts"]}
        return str((await self._post("shortcut", body)).get("problem", ""))

    async def opens_home(self) -> Json | None:
        """Open the app's Home tab; returns what was published there before."""
        view: Json | None = (await self._post("home", {}))["view"]
        return view

    async def reads(self, channel: str = MAIL_OPS, thread: str | None = None) -> list[Json]:
        """The messages this person sees, ephemerals included, oldest first; each knows its `channel`."""
        query = {"channel": channel} | ({"thread_ts": thread} if thread else {})
        answer = await self._get("history", query)
        return [message | {"channel": channel} for message in answer["messages"]]

    async def waits_for(
        self,
        predicate: Callable[[Json], bool],
        timeout: float = 60.0,
        channel: str = MAIL_OPS,
        thread: str | None = None,
    ) -> Json:
        """The newest message that satisfies the predicate, as soon as there is one; raises TimeoutError naming the rest."""
        end = time.monotonic() + timeout
        while True:
            seen = await self.reads(channel, thread)
            for message in reversed(seen):
                if predicate(message):
                    return message
            if time.monotonic() > end:
                texts = [message["text"] for message in seen]
                raise TimeoutError(
                    f"no such message within {timeout} s; {self.id} sees {texts}, problems: {await self.problems()}"
                )
            await asyncio.sleep(POLL)

    async def waits_for_view(self, timeout: float = 60.0, predicate: Callable[[Json], bool] = lambda view: True) -> Json:
        """The topmost open modal that satisfies the predicate."""
        end = time.monotonic() + timeout
        while True:
            modals = (await self._get("views", {}))["modals"]
            if modals and predicate(modals[-1]):
                view: Json = modals[-1]
                return view
            if time.monotonic() > end:
                raise TimeoutError(f"no such modal within {timeout} s; open: {modals}, problems: {await self.problems()}")
            await asyncio.sleep(POLL)

    async def waits_for_home(self, timeout: float = 60.0) -> Json:
        """The Home tab, once published."""
        end = time.monotonic() + timeout
        while time.monotonic() <= end:
            home: Json | None = (await self._get("views", {}))["home"]
            if home is not None:
                return home
            await asyncio.sleep(POLL)
        raise TimeoutError(f"no Home tab within {timeout} s")

    async def problems(self) -> list[str]:
        """The errors this person was shown."""
        log = await self._get("log", {})
        return [problem["text"] for problem in log["problems"] if problem.get("user", self.id) == self.id]

    async def _post(self, path: str, body: Json) -> Json:
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self._url}/_control/{path}", json={"as": self.id} | body) as response,
        ):
            return await _answer(response)

    async def _get(self, path: str, query: dict[str, str]) -> Json:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{self._url}/_control/{path}", params={"as": self.id} | query) as response,
        ):
            return await _answer(response)


async def _answer(response: aiohttp.ClientResponse) -> Json:
    body: Json = await response.json()
    if response.status != 200:
        raise Denied(f"{body['error']}: {body['message']}")
    return body


def _container(where: Json) -> Json:
    """A view has an id; a message has a ts and the channel it was read from."""
    if "id" in where:
        return {"view_id": where["id"]}
    return {"channel": where["channel"], "message_ts": where["ts"]}


def find_element(where: Json, action_id: str) -> tuple[str, Json]:
    """The block id and the element with this action id in a message or view; raises LookupError naming what is there."""
    there = []
    for block in where.get("blocks", ()):
        for element in [*block.get("elements", ()), block.get("accessory"), block.get("element")]:
            if isinstance(element, dict) and "action_id" in element:
                if element["action_id"] == action_id:
                    return block["block_id"], element
                there.append(element["action_id"])
    raise LookupError(f"there is no {action_id!r} to click, only {there}")
