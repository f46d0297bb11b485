"""Slack takes every reply, in both languages, and no value in it can act or carry more than an id."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from bot.model.text import LANGS, Lang, Text
from bot.render import replies
from bot.render.blocks import Message
from bot.render.templates import texts
from bot.sandbox.slack.blockkit import check_message, check_options, check_view
from tests.support.plans import host, plan

HOSTILE = "<!channel> *x* `y` <https://evil.example|z> :tada: \u202e" + "w" * 400
TITLE = Text(en="No local interface " * 9, zh="找不到本地接口")
ID = "0123456789abcdef0123"
HOSTS = [host(f"host{number:03}") for number in range(150)]


def every(lang: Lang) -> Iterator[Message]:
    small = replies.small_print(3, True, [TITLE, TITLE], lang)
    yield replies.note("could-not-handle", lang, detail=HOSTILE)
    yield replies.notes(replies.usage(lang), replies.note("not-text", lang, file=HOSTILE))
    yield replies.which_host(ID, [TITLE, TITLE], ["host01", HOSTILE], [HOSTILE] * 9, lang, small)
    yield replies.which_host(ID, [], [], [], lang)
    yield replies.which_problem(ID, dict.fromkeys(range(5), TITLE), lang, small)
    yield replies.unknown_paste(lang, small)
    yield replies.unknown_paste(lang)
    yield replies.hosts(HOSTS, lang)
    yield replies.hosts([], lang)
    yield replies.helped(lang)
    yield replies.helped(lang, unknown=HOSTILE)
    yield replies.unknown_host(HOSTILE, ["host01"], lang)
    yield replies.unknown_host(HOSTILE, [], lang)
    yield replies.decided(["U0BEN", HOSTILE], lang)
    yield replies.decided([], lang)


def marked_up(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if node.get("type") == "mrkdwn":
            yield node["text"]
        for value in node.values():
            yield from marked_up(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from marked_up(value)


@pytest.mark.parametrize("lang", LANGS)
def test_slack_takes_every_reply_and_no_value_acts(lang: Lang) -> None:
    for message in every(lang):
        assert check_message(list(message.blocks), None) == []
        for text in (message.text, *marked_up(message.blocks)):
            assert not re.search(r"<(?!@U0BEN>)", text), text
            assert "\u202e" not in text
            assert "https://evil" not in re.sub(r"`[^`]*`", "", text).replace("&lt;", ""), text


@pytest.mark.parametrize("lang", LANGS)
def test_slack_takes_the_views_and_the_options(lang: Lang) -> None:
    modal = replies.denial(ID, lang)
    assert check_view(modal) == []
    assert modal["private_metadata"] == ID
    waiting = [(plan(), "https://example.slack.com/archives/C1/p1")] * 30
    assert check_view(replies.home(HOSTS, waiting, lang)) == []
    assert check_view(replies.home(HOSTS, waiting, lang, refused=HOSTILE * 200)) == []
    assert "postmedic knowledge check" in str(replies.home(HOSTS, waiting, lang, refused="x/problem.yaml:3: no"))
    assert "postmedic knowledge check" not in str(replies.home(HOSTS, waiting, lang))
    assert check_view(replies.home([], [(plan(requester="local:" + HOSTILE), "")], lang)) == []
    assert check_options({"options": replies.host_options(HOSTS)}) == []


@pytest.mark.parametrize("lang", LANGS)
def test_a_list_of_hosts_that_is_not_whole_says_so(lang: Lang) -> None:
    names = [f"host{number:02}" for number in range(21)]
    assert "…" in replies.unknown_host("nosuch", names, lang).text
    assert "…" not in replies.unknown_host("nosuch", names[:20], lang).text


def test_what_is_not_shown_to_somebody_is_not_said_to_be_nowhere() -> None:
    """A guest, or a channel of which the inventory says nothing, sees no host and no plan, of which there may be many."""
    for shown in (str(replies.hosts([], "en").blocks), str(replies.home([], [], "en"))):
        assert "no host that may be discussed here" in shown
        assert "Nothing waits" not in shown
    shown = str(replies.hosts([], "zh").blocks) + str(replies.home([], [], "zh"))
    assert "清单中还没有主机" not in shown
    assert "没有等待决定" not in shown


@pytest.mark.parametrize("lang", LANGS)
def test_buttons_carry_an_id_and_nothing_else(lang: Lang) -> None:
    for message in every(lang):
        values = re.findall(r"'value': '([^']*)'", str(message.blocks))
        assert all(re.fullmatch(rf"{ID}\.\d", value) for value in values)


def test_every_text_has_both_languages_and_the_same_places() -> None:
    for name, text in texts().items():
        places = [sorted(re.findall(r"{{ *(\w+) *}}", text[lang])) for lang in LANGS]
        assert places[0] == places[1], name
        assert all(text[lang].strip() for lang in LANGS), name
        assert all("<" not in text[lang].replace("<@{{ requester }}>", "") for lang in LANGS), name
