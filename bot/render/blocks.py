"""Which Block Kit pieces does postmedic use, and how are Slack's limits kept? Cuts are always visible.

Only text made by this room goes in; raw log lines and commands go into `preformatted`, where Slack parses no markup.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.render.visible import visible

Block = dict[str, Any]

MOST_BLOCKS = 48  # Slack takes 50
MOST_SECTION = 2900  # of 3000 characters
_HALF = re.compile(r"(?:&[a-z]*|<[^<>]*)\Z")  # an entity or a link of which the end was cut off
MOST_MESSAGE = 9500  # an undocumented limit on all blocks together bites at about 11,000


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One Slack message: `text` for notifications and screen readers, `blocks` for the screen."""

    text: str
    blocks: tuple[Block, ...]


def message(text: str, blocks: Sequence[Block], cut_off: str = "…", last: Sequence[Block] = ()) -> Message:
    """Make a message within Slack's limits; what does not fit is left out, `cut_off` stands in its place, and `last` stays."""
    kept: list[Block] = []
    size = sum(len(str(block)) for block in last)
    for block in blocks:
        size += len(str(block))
        if len(kept) + len(last) >= MOST_BLOCKS or size > MOST_MESSAGE:
            kept.append(context(cut_off))
            break
        kept.append(block)
    return Message(text=cut_markup(text, 500), blocks=(*kept, *last))


def cut(text: str, most: int) -> str:
    """Cut a text to `most` characters with a visible mark."""
    return text if len(text) <= most else text[: most - 1] + "…"


def cut_markup(text: str, most: int) -> str:
    """Cut mrkdwn likewise, never inside an entity or a link, and close the code span that was open: values stand in them."""
    if len(text) <= most:
        return text
    kept = _HALF.sub("", text[: most - 2])
    return kept + ("`…" if kept.count("`") % 2 else "…")


def mrkdwn(text: str, most: int = MOST_SECTION) -> Block:
    """A mrkdwn text object."""
    return {"type": "mrkdwn", "text": cut_markup(text, most)}


def plain(text: str, most: int = 75) -> Block:
    """A plain_text object without emoji."""
    return {"type": "plain_text", "text": cut(visible(text), most), "emoji": False}


def section(text: str) -> Block:
    """A paragraph."""
    return {"type": "section", "text": mrkdwn(text)}


def header(text: str) -> Block:
    """A title."""
    return {"type": "header", "text": plain(text, 150)}


def context(*texts: str) -> Block:
    """Small print; at most ten pieces."""
    return {"type": "context", "elements": [mrkdwn(text, 1900) for text in texts[:10]]}


def divider() -> Block:
    """A line."""
    return {"type": "divider"}


def preformatted(text: str, most: int = 2500) -> Block:
    """Raw text, shown as it is: no markup is parsed inside."""
    element = {"type": "text", "text": cut(visible(text), most) or " "}
    return {"type": "rich_text", "elements": [{"type": "rich_text_preformatted", "elements": [element]}]}


def actions(block_id: str, *elements: Block) -> Block:
    """A row of buttons or selects; `block_id` must be unique in the message."""
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def button(action_id: str, text: str, value: str, style: str = "", confirm: Block | None = None) -> Block:
    """A button whose value is an opaque id and nothing else."""
    one: Block = {"type": "button", "action_id": action_id, "text": plain(text), "value": value}
    if style:
        one["style"] = style
    if confirm:
        one["confirm"] = confirm
    return one


def confirm(title: str, text: str, yes: str, no: str, style: str = "") -> Block:
    """The dialog before a button's action."""
    dialog: Block = {"title": plain(title, 100), "text": plain(text, 300), "confirm": plain(yes, 30), "deny": plain(no, 30)}
    return dialog | ({"style": style} if style else {})
