"""Do values reach texts as data only, and has everything its text in every language?"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.approval.policy import Refusal
from bot.authoring.trial import Silence
from bot.execution.answers import Said
from bot.matching import Verdict
from bot.model.execution import State
from bot.model.fact import Reason, Unknown
from bot.model.gate import Waits
from bot.model.match import Kind
from bot.model.progress import Why
from bot.model.text import LANGS
from bot.render.places import PLACE
from bot.render.templates import Markup, say, shown, slack_value, texts

ROOT = Path(__file__).parents[3]
STRAY = re.compile(r"\{\{|\}\}|\{%|%\}|\{#|#\}")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("plain", "`plain`"),
        ("<@U1> <!channel> <http://x|y>", "`&lt;@U1&gt; &lt;!channel&gt; &lt;http://x|y&gt;`"),
        ("a`b", "`aʼb`"),
        ("*b* _i_ ~s~", "`*b* _i_ ~s~`"),
        ("two\nlines", "`two lines`"),
        ("right\u202eleft", "`right\\u{202E}left`"),
        ("&amp;", "`&amp;amp;`"),
        ("", "`–`"),
    ],
)
def test_a_value_cannot_mention_link_or_format(value: str, said: str) -> None:
    assert slack_value(value) == said


@given(st.text())
def test_a_value_never_leaves_its_code_span(value: str) -> None:
    inner = slack_value(value)[1:-1]
    assert not set(inner) & set("`<>\n")


def test_markup_is_made_here_and_passes() -> None:
    assert "<@U1>" in say("state-denied", "en", who=Markup("<@U1>"))
    assert "<@U1>" not in say("state-denied", "en", who="<@U1>")


@pytest.mark.parametrize(
    ("value", "en", "zh"),
    [
        (True, "yes", "是"),
        (False, "no", "否"),
        (None, "none", "无"),
        ((), "none", "无"),
        (("a", True), "a, yes", "a, 是"),
        (25, "25", "25"),
        (Unknown(reason=Reason.TIMED_OUT), "not measured: the probe did not end in time", "未测得：探测超时"),
    ],
)
def test_values_are_shown_in_the_language(value: object, en: str, zh: str) -> None:
    assert (shown(value, "en"), shown(value, "zh")) == (en, zh)


NAMED = {
    **{f"unknown-{one.value}": Reason for one in Reason},
    **{f"state-{one.value}": State for one in State},
    **{f"state-approved-{one.value}": Waits for one in Waits if one is not Waits.NOTHING},
    **{f"why-{one.value}": Why for one in Why if one is not Why.NONE},
    **{f"refused-{one.value}": Refusal for one in Refusal},
    **{f"recognised-{one.value}": Kind for one in Kind},
    **{f"try-{one.name.lower().replace('_', '-')}": Verdict for one in Verdict},
    **{f"silent-{one.value}": Silence for one in Silence if one},
}


@pytest.mark.parametrize("name", NAMED)
def test_every_word_of_the_model_has_its_text(name: str) -> None:
    assert name in texts()
    assert Said.REFUSED.value == "refused"


@pytest.mark.parametrize("name", texts())
def test_a_text_says_the_same_in_both_languages(name: str) -> None:
    text = texts()[name]
    assert set(PLACE.findall(text.en)) == set(PLACE.findall(text.zh))
    assert text.en.strip()
    assert text.zh.strip()
    for lang in LANGS:
        assert not STRAY.search(PLACE.sub("", text[lang]))


def literals() -> set[str]:
    found: set[str] = set()
    for path in (*(ROOT / "bot").rglob("*.py"), *(ROOT / "handlers").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            found |= {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()
    return found


def test_no_text_is_left_over() -> None:
    assert set(texts()) - literals() - set(NAMED) == set()


def asked() -> Iterator[tuple[str, ast.Call]]:
    """Each text that the program asks for by its name, and how."""
    for path in (*(ROOT / "bot").rglob("*.py"), *(ROOT / "handlers").rglob("*.py")):
        if "sandbox" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"say", "note"}
            if named and isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                yield node.args[0].value, node


def test_every_text_that_is_asked_for_exists() -> None:
    names = {name for name, _ in asked()}
    assert names - set(texts()) == set()
    assert len(names) > 40


def test_every_text_is_given_its_values() -> None:
    """A missing one raises, in the middle of what somebody waits for."""
    for name, call in asked():
        given = {one.arg for one in call.keywords}
        if None not in given:  # `**values` cannot be followed here
            assert set(PLACE.findall(texts()[name].en)) <= given, (name, call.lineno)


def test_bold_marks_stand_where_slack_sees_them() -> None:
    """Slack leaves `word*bold*word` as it is, which Chinese without spaces meets easily."""
    bold = re.compile(r"(?P<before>\w?)\*[^*\n]+\*(?P<after>\w?)")
    for name, text in texts().items():
        for lang in LANGS:
            for found in bold.finditer(text[lang]):
                assert not found["before"], (name, found[0])
                assert not found["after"], (name, found[0])
