"""Everything that goes out to Slack, taken apart: texts in which markup is read, raw texts, and what only machines read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.support.house import House

SENT = ("chat.postMessage", "chat.update", "chat.postEphemeral", "views.open", "views.update", "views.publish", "response_url")
# What the bot itself says in Slack's markup: people and groups by id, the time a plan ends, links of entries and to cards.
_OWN = re.compile(
    r"<@[A-Z][A-Z0-9]{1,20}>|<!subteam\^S[A-Z0-9]+>|<!date\^[0-9]{10}\^\{time\}\|[0-9:]{5} UTC>"
    r"|<https://(?:www\.postfix\.org|example\.org|example\.slack\.com)[^<>|` ]*\|[^<>|`]+>"
)
_SIGN = re.compile(r":(?:red_circle|white_check_mark|grey_question|information_source|large_blue_circle|x|warning):")
_SPAN = re.compile(r"`[^`\n]*`")
_ACTS = re.compile(r"<[!@#/a-z]|&(?!amp;|lt;|gt;)")


def payloads(house: House) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every call that puts something on a screen, by method."""
    for call in house.running.workspace.journal.calls:
        if call["method"] in SENT:
            yield call["method"], call["arguments"]


def texts(node: Any) -> Iterator[tuple[bool, str]]:
    """Every text of a payload, and whether Slack reads markup in it."""
    if isinstance(node, dict):
        kind = node.get("type")
        for name, value in node.items():
            if name == "text" and isinstance(value, str):
                yield kind in (None, "mrkdwn"), value
            else:
                yield from texts(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from texts(value)


def acting(text: str) -> str:
    """What in a mrkdwn text would act although it stands in no code span and is nothing of the bot's own; empty if nothing."""
    own = _OWN.sub("", text)
    found = _ACTS.search(own)
    return own[max(0, found.start() - 40) :][:120] if found else ""


def outside_spans(text: str) -> str:
    """The words of a mrkdwn text that are formatted: code spans, the bot's own links and its own signs left out."""
    return _SIGN.sub("", _OWN.sub("", _SPAN.sub("", text)))
