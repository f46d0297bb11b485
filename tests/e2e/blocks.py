"""One message with every kind of block and element the page must draw, and a modal with inputs."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def plain(text: str) -> Json:
    """A plain_text object."""
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    """A mrkdwn object."""
    return {"type": "mrkdwn", "text": text}


def option(text: str, value: str) -> Json:
    """An option of a select, radio group or overflow menu."""
    return {"text": plain(text), "value": value}


def button(action_id: str, text: str, **more: Any) -> Json:
    """A button."""
    return {"type": "button", "action_id": action_id, "text": plain(text), "value": "plan-1"} | more


CONFIRM: Json = {
    "title": plain("Run on host01?"),
    "text": mrkdwn("Exactly these *2 steps* run:\n```ip link set lo up\nsystemctl start postfix@-```"),
    "confirm": plain("Run"),
    "deny": plain("Keep as is"),
}
ELEMENTS: Json = {
    "type": "actions",
    "block_id": "choices",
    "elements": [
        button("approve", "Approve and run", style="primary", confirm=CONFIRM),
        button("deny", "Deny…", style="danger"),
        {
            "type": "static_select",
            "action_id": "language",
            "placeholder": plain("Language"),
            "options": [option("English", "en"), option("中文", "zh")],
        },
        {"type": "external_select", "action_id": "host", "min_query_length": 1, "placeholder": plain("Search hosts")},
        {"type": "users_select", "action_id": "approver", "placeholder": plain("Ask somebody")},
        {
            "type": "overflow",
            "action_id": "more",
            "options": [option("Show readings", "readings"), option("Not this problem", "wrong")],
        },
    ],
}


def _text(text: str, **style: bool) -> Json:
    return {"type": "text", "text": text} | ({"style": style} if style else {})


RICH_TEXT: Json = {
    "type": "rich_text",
    "elements": [
        {"type": "rich_text_section", "elements": [_text("Read on the host", bold=True)]},
        {"type": "rich_text_preformatted", "elements": [_text("$ ip -br addr show lo\nlo DOWN <b>&amp;")]},
        {"type": "rich_text_quote", "elements": [_text("quoted words")]},
        {
            "type": "rich_text_list",
            "style": "bullet",
            "elements": [
                {"type": "rich_text_section", "elements": [_text("bring lo up")]},
                {"type": "rich_text_section", "elements": [_text("start Postfix")]},
            ],
        },
    ],
}
TABLE: Json = {
    "type": "table",
    "column_settings": [{"align": "left"}, {"align": "right"}],
    "rows": [
        [{"type": "raw_text", "text": "Probe"}, {"type": "raw_text", "text": "ms"}],
        [{"type": "raw_text", "text": "lo state"}, {"type": "raw_text", "text": "41"}],
    ],
}
GALLERY: list[Json] = [
    {"type": "header", "text": plain("host01: Postfix does not start")},
    {
        "type": "section",
        "text": mrkdwn(":x: *Confirmed:* `lo` is _down_ on ~host02~ host01, asks <@U0ANA> and <!subteam^S0APPROVERS>"),
        "accessory": button("details", "Details"),
    },
    {"type": "section", "fields": [mrkdwn("*Host*\nhost01"), mrkdwn("*Read*\n<!date^1700000000^{date_num}|once>")]},
    RICH_TEXT,
    TABLE,
    {"type": "divider"},
    ELEMENTS,
    {"type": "context", "elements": [mrkdwn("plan `4f3a9c`, expires in 30 min")]},
    {"type": "markdown", "text": "## Notes\n**bold** and [Postfix](https://www.postfix.org/)\n\n- one\n- two"},
    {"type": "image", "image_url": "https://images.example.com/queue.png", "alt_text": "The queue over a day"},
    {"type": "section", "text": mrkdwn(":white_check_mark: *已确认：* 回环接口已关闭")},
]
MODAL: Json = {
    "type": "modal",
    "callback_id": "deny",
    "title": plain("Deny the fix"),
    "submit": plain("Deny"),
    "close": plain("Cancel"),
    "blocks": [
        {
            "type": "input",
            "block_id": "why",
            "label": plain("Reason"),
            "hint": plain("The requester reads it"),
            "element": {"type": "plain_text_input", "action_id": "reason", "multiline": True},
        },
        {
            "type": "input",
            "block_id": "kind",
            "label": plain("Kind"),
            "element": {
                "type": "radio_buttons",
                "action_id": "kind",
                "options": [option("Wrong host", "host"), option("Too risky", "risk")],
            },
        },
        {
            "type": "input",
            "block_id": "tell",
            "optional": True,
            "label": plain("Tell"),
            "element": {"type": "checkboxes", "action_id": "tell", "options": [option("The channel", "channel")]},
        },
    ],
}
