"""What a person types reaches the app the way Slack rewrites it, in `text` and in matching rich_text blocks."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from hypothesis import given, strategies

from bot.sandbox.slack.blockkit import check_message
from bot.sandbox.slack.inbound import transform


def mention(name: str) -> dict[str, Any] | None:
    return {"type": "user", "user_id": "U0ANA"} if name == "@ana" else None


@pytest.mark.parametrize(
    ("typed", "arrives"),
    [
        ("a & b < c > d", "a &amp; b &lt; c &gt; d"),
        ("from=<a@example.com>", "from=&lt;<mailto:a@example.com|a@example.com>&gt;"),
        ("relay=mx1.example.com[192.0.2.1]:25", "relay=<http://mx1.example.com|mx1.example.com>[192.0.2.1]:25"),
        ("edit /etc/postfix/main.cf", "edit /etc/postfix/main.cf"),
        ("edit main.cf", "edit <http://main.cf|main.cf>"),
        ("status=deferred (x)", "status=deferred (x)"),
        ("see https://www.postfix.org/a?b=1&c=2.", "see <https://www.postfix.org/a?b=1&amp;c=2>."),
        ("hello @ana and @nobody", "hello <@U0ANA> and @nobody"),
        ("typed <@U0ANA> stays text", "typed &lt;@U0ANA&gt; stays text"),
        ("fine ✅ ⚠️", "fine :white_check_mark: :warning:"),
        ("at 12:30:05 host", "at 12:30:05 host"),
        ("use `postconf -n <x>` now", "use `postconf -n &lt;x&gt;` now"),
        ("*bold* but 2*3*4", "*bold* but 2*3*4"),
        ("look\n```fatal: <x>\nb@c.org```", "look\n```fatal: &lt;x&gt;\n<mailto:b@c.org|b@c.org>```"),
        ("> quoted\nplain", "&gt; quoted\nplain"),
        ("本机 host01.example.com，失败", "本机 <http://host01.example.com|host01.example.com>，失败"),
    ],
)
def test_text_arrives_rewritten(typed: str, arrives: str) -> None:
    assert transform(typed, mention, "b").text == arrives


def test_blocks_hold_the_same_text_without_markup() -> None:
    blocks = transform("*bad* @ana\n```to=<a@example.com>```", mention, "b").blocks
    section, code = blocks[0]["elements"]
    assert section["elements"][0] == {"type": "text", "text": "bad", "style": {"bold": True}}
    assert section["elements"][2] == {"type": "user", "user_id": "U0ANA"}
    assert code["type"] == "rich_text_preformatted"
    assert [element["text"] for element in code["elements"]] == ["to=<", "a@example.com", ">"]
    assert check_message(blocks) == []


LOG_LINE = strategies.text(strategies.sampled_from("abz09 .,:=<>&@[]()/-_%\n\"'?"), max_size=80)


@given(LOG_LINE)
def test_undoing_links_and_entities_gives_back_what_was_typed(typed: str) -> None:
    typed = re.sub(r"(?m)^> ", "", typed)
    text = transform(typed, lambda _: None, "b").text
    undone = re.sub(r"<(?:mailto:|https?://)[^|>]*\|([^>]*)>", r"\1", text)
    assert html.unescape(undone) == typed.strip("\n")
