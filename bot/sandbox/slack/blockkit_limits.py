"""How long and how many: the sizes Slack allows in Block Kit, one row per property, and which block may stand where.

Sources: https://docs.slack.dev/reference/block-kit/blocks, …/block-elements, …/composition-objects and
https://docs.slack.dev/reference/views (read 2026-11). The schema knows the shapes; this table knows only sizes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Surface = Literal["message", "modal", "home"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Smallest and largest size of one property: characters of a text, or items of a list."""

    owner: str
    field: str
    unit: Literal["length", "items"]
    most: int
    least: int = 0


def _length(owner: str, field: str, most: int, least: int = 0) -> Size:
    return Size(owner=owner, field=field, unit="length", most=most, least=least)


def _items(owner: str, field: str, most: int, least: int = 0) -> Size:
    return Size(owner=owner, field=field, unit="items", most=most, least=least)


TEXT = _length("*", "text", 3000, 1)
"""Any text object that has no smaller limit of its own."""

SIZES: tuple[Size, ...] = (
    _length("*", "action_id", 255),
    _length("*", "block_id", 255),
    _length("*", "placeholder", 150),
    _length("section", "text", 3000, 1),
    _items("section", "fields", 10, 1),
    _length("header", "text", 150),
    _items("context", "elements", 10, 1),
    _items("context_actions", "elements", 5, 1),
    _items("actions", "elements", 25, 1),
    _length("input", "label", 2000),
    _length("input", "hint", 2000),
    _length("image", "alt_text", 2000),
    _length("image", "image_url", 3000),
    _length("image", "title", 2000),
    _length("markdown", "text", 12000),
    _length("alert", "text", 200),
    _items("table", "rows", 100),
    _items("table", "column_settings", 20),
    _items("data_table", "rows", 201, 2),
    _items("plan", "tasks", 50),
    _length("card", "title", 150),
    _length("card", "subtitle", 150),
    _length("card", "body", 200),
    _items("card", "actions", 3),
    _items("carousel", "elements", 10, 1),
    _length("container", "title", 150),
    _length("container", "subtitle", 150),
    _items("container", "child_blocks", 10, 1),
    _length("video", "alt_text", 2000),
    _length("video", "title", 200),
    _length("video", "description", 200),
    _length("video", "author_name", 50),
    _length("video", "provider_name", 50),
    _length("button", "text", 75),
    _length("button", "value", 2000),
    _length("button", "url", 3000),
    _length("button", "accessibility_label", 75),
    _length("workflow_button", "text", 75),
    _length("workflow_button", "accessibility_label", 75),
    _length("icon_button", "value", 2000),
    _items("static_select", "options", 100, 1),
    _items("static_select", "option_groups", 100, 1),
    _items("multi_static_select", "options", 100, 1),
    _items("multi_static_select", "option_groups", 100, 1),
    _items("overflow", "options", 5, 1),
    _items("checkboxes", "options", 10, 1),
    _items("radio_buttons", "options", 10, 1),
    _length("confirm", "title", 100),
    _length("confirm", "text", 300),
    _length("confirm", "confirm", 30),
    _length("confirm", "deny", 30),
    _length("option", "text", 75),
    _length("option", "value", 150),
    _length("option", "description", 75),
    _length("option_group", "label", 75),
    _items("option_group", "options", 100, 1),
    _items("message", "blocks", 50),
    _items("message", "attachments", 100),
    _items("modal", "blocks", 100),
    _length("modal", "title", 24),
    _length("modal", "submit", 24),
    _length("modal", "close", 24),
    _length("modal", "private_metadata", 3000),
    _length("modal", "callback_id", 255),
    _length("modal", "external_id", 255),
    _items("home", "blocks", 100),
    _length("home", "private_metadata", 3000),
    _length("home", "callback_id", 255),
    _length("home", "external_id", 255),
)

BY_PROPERTY: dict[tuple[str, str], Size] = {(size.owner, size.field): size for size in SIZES}

SECTION_FIELD = _length("section", "fields", 2000, 1)
TABLE_COLUMNS = 20
MARKDOWN_TOTAL = 12_000
BLOCKS_TEXT = 11_000
"""All text of a message's blocks together. Slack does not document it; it is seen to refuse from 11,000 to 12,000 on."""
VIEW_BYTES = 250_000

_EVERYWHERE = frozenset({"actions", "card", "context", "divider", "header", "image", "input", "rich_text", "section", "video"})
ALLOWED_BLOCKS: dict[Surface, frozenset[str]] = {
    "message": _EVERYWHERE
    | {
        "carousel",
        "container",
        "context_actions",
        "data_table",
        "data_visualization",
        "file",
        "markdown",
        "plan",
        "table",
        "task_card",
    },
    "modal": _EVERYWHERE | {"alert"},
    "home": _EVERYWHERE | {"carousel", "container", "data_table", "data_visualization", "table"},
}
