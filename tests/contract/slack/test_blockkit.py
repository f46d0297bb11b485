"""The Block Kit check accepts what Slack's own SDK builds and refuses a table of bad payloads, where they are bad."""

from __future__ import annotations

from typing import Any

import pytest
import slackblocks._limits as registry
from slack_sdk.models import blocks as sdk
from slackblocks._surfaces import _BLOCK_TYPES_BY_SURFACE

from bot.sandbox.slack import blockkit_limits
from bot.sandbox.slack.blockkit import check_message, check_options, check_view

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def section(text: str = "x", **more: Any) -> Json:
    return {"type": "section", "text": mrkdwn(text), **more}


def button(**more: Any) -> Json:
    return {"type": "button", "action_id": "a", "text": plain("Go"), **more}


def actions(*elements: Json, **more: Any) -> Json:
    return {"type": "actions", "elements": list(elements), **more}


def select(count: int, **more: Any) -> Json:
    options = [{"text": plain("o"), "value": str(number)} for number in range(count)]
    return {"type": "static_select", "action_id": "s", "options": options, **more}


def rows(count: int, width: int = 1) -> Json:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * width] * count}


BAD: list[tuple[Json, str, str]] = [
    (section("x" * 3001), "/blocks/0/text/text", "must be less than 3001 characters"),
    (section(""), "/blocks/0/text/text", "must be more than 0 characters"),
    ({"type": "section"}, "/blocks/0", "missing required field: text"),
    ({"type": "section", "fields": []}, "/blocks/0/fields", "no less than 1 items allowed"),
    ({"type": "section", "fields": [mrkdwn("x")] * 11}, "/blocks/0/fields", "no more than 10 items allowed"),
    ({"type": "section", "fields": [mrkdwn("x" * 2001)]}, "/blocks/0/fields/0/text", "must be less than 2001 characters"),
    (section(colour="red"), "/blocks/0", "invalid additional property: colour"),
    (section(block_id="b" * 256), "/blocks/0/block_id", "must be less than 256 characters"),
    ({"type": "header", "text": plain("x" * 151)}, "/blocks/0/text/text", "must be less than 151 characters"),
    ({"type": "header", "text": mrkdwn("x")}, "/blocks/0/text/type", "must be a valid enum value"),
    ({"type": "context", "elements": [mrkdwn("x")] * 11}, "/blocks/0/elements", "no more than 10 items allowed"),
    ({"type": "context", "elements": [button()]}, "/blocks/0/elements/0/type", "unsupported type: button"),
    ({"type": "context", "elements": []}, "/blocks/0/elements", "no less than 1 items allowed"),
    (actions(), "/blocks/0/elements", "no less than 1 items allowed"),
    (actions(mrkdwn("x")), "/blocks/0/elements/0/type", "unsupported type: mrkdwn"),
    (actions(button(), button()), "/blocks/0", '`action_id` "a" already exists'),
    (actions(button(text=mrkdwn("x"))), "/blocks/0/elements/0/text/type", "must be a valid enum value"),
    (actions(button(text=plain("x" * 76))), "/blocks/0/elements/0/text/text", "must be less than 76 characters"),
    (actions(button(style="warning")), "/blocks/0/elements/0/style", "must be a valid enum value"),
    (actions(button(value="x" * 2001)), "/blocks/0/elements/0/value", "must be less than 2001 characters"),
    (actions(button(value=7)), "/blocks/0/elements/0/value", "must provide a string"),
    (actions({"type": "button", "action_id": "a"}), "/blocks/0/elements/0", "missing required field: text"),
    (actions(button(confirm={})), "/blocks/0/elements/0/confirm", "missing required field: text"),
    (
        actions(button(confirm={"title": plain("x" * 101), "text": plain("x")})),
        "/blocks/0/elements/0/confirm/title/text",
        "must be less than 101 characters",
    ),
    (
        actions(button(confirm={"text": mrkdwn("x" * 301)})),
        "/blocks/0/elements/0/confirm/text/text",
        "must be less than 301 characters",
    ),
    (actions(*[button(action_id=str(n)) for n in range(26)]), "/blocks/0/elements", "no more than 25 items allowed"),
    (actions(select(0)), "/blocks/0/elements/0/options", "no less than 1 items allowed"),
    (actions(select(101)), "/blocks/0/elements/0/options", "no more than 100 items allowed"),
    (actions({"type": "static_select", "action_id": "s"}), "/blocks/0", "missing required field: options"),
    (
        actions({**select(1), "options": [{"text": plain("x" * 76), "value": "v"}]}),
        "/blocks/0/elements/0/options/0/text/text",
        "must be less than 76 characters",
    ),
    (
        actions(select(1, placeholder=plain("x" * 151))),
        "/blocks/0/elements/0/placeholder/text",
        "must be less than 151 characters",
    ),
    (section(accessory={**select(6), "type": "overflow"}), "/blocks/0/accessory/options", "no more than 5 items allowed"),
    (rows(101), "/blocks/0/rows", "no more than 100 items allowed"),
    (rows(1, 21), "/blocks/0/rows/0", "no more than 20 items allowed"),
    ({"type": "image", "image_url": "https://x.org/i.png"}, "/blocks/0", "failed to match all allowed schemas"),
    ({"type": "alert", "text": plain("x")}, "/blocks/0/type", "unsupported type: alert"),
    ({"type": "sections"}, "/blocks/0/type", "unsupported type: sections"),
    ({"text": plain("x")}, "/blocks/0", "missing required field: type"),
    (
        {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": ""}]}]},
        "/blocks/0/elements/0/elements/0/text",
        "must be more than 0 characters",
    ),
    ({"type": "markdown", "text": "x" * 12_001}, "/blocks/0/text", "must be less than 12001 characters"),
]


@pytest.mark.parametrize(("block", "pointer", "message"), BAD)
def test_bad_block_is_refused_where_it_is_bad(block: Json, pointer: str, message: str) -> None:
    assert (pointer, message) in [(complaint.pointer, complaint.message) for complaint in check_message([block])]


def test_message_is_bounded_and_block_ids_are_unique() -> None:
    assert [str(c) for c in check_message([section()] * 51)] == ["no more than 50 items allowed [json-pointer:/blocks]"]
    twice = [section(block_id="b"), section(block_id="b")]
    assert [c.message for c in check_message(twice)] == ['`block_id` "b" already exists']
    assert [c.message for c in check_message({"type": "section"})] == ["must provide an array"]
    assert [c.message for c in check_message(["x"])] == ["must provide an object"]
    long = [{"type": "markdown", "text": "x" * 7000}] * 2
    assert [c.pointer for c in check_message(long)] == ["/blocks"]


GOOD: list[Json] = [
    section(accessory=button(style="danger", value="", confirm={"title": plain("Sure?"), "text": mrkdwn("*yes*")})),
    {"type": "section", "fields": [mrkdwn("a"), plain("b")]},
    {"type": "divider"},
    {"type": "header", "text": plain("h")},
    {"type": "context", "elements": [mrkdwn("x"), {"type": "image", "image_url": "https://x.org/i.png", "alt_text": "i"}]},
    actions(button(), select(2), {"type": "users_select", "action_id": "u"}, {"type": "external_select", "action_id": "e"}),
    rows(3, 4) | {"column_settings": [{"is_wrapped": True}, None, {"align": "right"}]},
    {
        "type": "rich_text",
        "elements": [
            {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "log <line>"}], "border": 0},
            {
                "type": "rich_text_list",
                "style": "ordered",
                "offset": 2,
                "elements": [
                    {"type": "rich_text_section", "elements": [{"type": "text", "text": "x", "style": {"bold": True}}]}
                ],
            },
        ],
    },
    {"type": "input", "label": plain("l"), "element": {"type": "plain_text_input", "action_id": "p", "multiline": True}},
    {"type": "image", "image_url": "https://x.org/i.png", "alt_text": "i"},
    sdk.SectionBlock(text=sdk.MarkdownTextObject(text="x"), block_id="b").to_dict(),
    sdk.ActionsBlock(elements=[sdk.ButtonElement(text="Go", action_id="a", style="primary")]).to_dict(),
    sdk.InputBlock(label="l", element=sdk.StaticSelectElement(options=[sdk.Option(value="v", text="t")])).to_dict(),
    sdk.ContextBlock(elements=[sdk.PlainTextObject(text="x", emoji=True)]).to_dict(),
]


@pytest.mark.parametrize("block", GOOD)
def test_good_block_is_accepted(block: Json) -> None:
    assert [str(complaint) for complaint in check_message([block])] == []


MODAL: Json = {"type": "modal", "title": plain("T"), "blocks": [section()]}
INPUT: Json = {"type": "input", "label": plain("l"), "element": {"type": "plain_text_input"}}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"title": plain("x" * 25)}, "/view/title/text"),
        ({"submit": plain("x" * 25)}, "/view/submit/text"),
        ({"private_metadata": "x" * 3001}, "/view/private_metadata"),
        ({"callback_id": "x" * 256}, "/view/callback_id"),
        ({"blocks": [INPUT]}, "/view/submit"),
        ({"blocks": [rows(1)]}, "/view/blocks/0/type"),
        ({"blocks": [section()] * 101}, "/view/blocks"),
        ({"blocks": "x"}, "/view/blocks"),
        ({"id": "V1"}, "/view"),
        ({"type": "tab"}, "/view/type"),
    ],
)
def test_bad_view_is_refused(change: Json, pointer: str) -> None:
    assert [complaint.pointer for complaint in check_view({**MODAL, **change})] == [pointer]


def test_good_views_are_accepted() -> None:
    assert check_view({**MODAL, "submit": plain("Send"), "blocks": [INPUT, {"type": "alert", "text": plain("x")}]}) == []
    assert check_view({"type": "home", "blocks": [rows(2)]}) == []
    assert [c.message for c in check_view("x")] == ["must provide an object"]


def test_options_of_a_menu_are_checked() -> None:
    option = {"text": plain("x"), "value": "v"}
    assert check_options({"options": [option]}) == []
    assert check_options({"options": []}) != []
    assert check_options({"option_groups": [{"label": plain("g"), "options": [option]}]}) == []
    assert [c.message for c in check_options({})] == ["missing required field: options"]


REGISTRY_NAMES = {
    "static_select": "SELECT",
    "multi_static_select": "SELECT",
    "modal": "VIEW",
    "home": "VIEW",
    "confirm": "CONFIRMATION",
}
"""Where the other registry calls a thing by another name."""


@pytest.mark.parametrize("size", blockkit_limits.SIZES, ids=lambda size: f"{size.owner}.{size.field}")
def test_sizes_agree_with_an_independent_registry(size: blockkit_limits.Size) -> None:
    owner = REGISTRY_NAMES.get(size.owner, size.owner).upper()
    stem = f"{size.field.upper()}_MAX_{size.unit.upper()}"
    name = stem if owner == "*" else f"{owner}_{stem}"
    if (size.owner, size.field) == ("*", "placeholder"):
        name = "SELECT_PLACEHOLDER_MAX_LENGTH"
    assert getattr(registry, name) == size.most
    least = getattr(registry, name.replace("MAX", "MIN"), None)
    if least is not None:
        assert least == size.least


def test_surfaces_agree_with_an_independent_registry() -> None:
    assert blockkit_limits.ALLOWED_BLOCKS == _BLOCK_TYPES_BY_SURFACE
