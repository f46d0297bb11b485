"""D6: echoed text cannot mention, link, format or impersonate, and what does not fit is cut visibly."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model.account import Account, Opinion, Ran
from bot.model.event import Anchor
from bot.model.execution import State
from bot.model.gate import Freeze
from bot.model.host import Approvers, Via
from bot.model.progress import Why
from bot.model.text import LANGS, Lang, Text
from bot.render import replies
from bot.render.answer import answer, measuring
from bot.render.blocks import MOST_BLOCKS, MOST_MESSAGE, context, cut_markup, message, plain, preformatted, section
from bot.render.checkup_card import checking, checkup_card
from bot.render.history import history
from bot.render.plan_card import plan_card
from bot.render.templates import slack_value
from bot.render.templates import texts as program_texts
from bot.render.visible import one_line
from bot.sandbox.slack.blockkit import check_message
from bot.sandbox.slack.seed import MAIL_OPS
from tests.e2e.test_story_fix import is_card, shows
from tests.promises.outgoing import acting, outside_spans, payloads, texts
from tests.support.entries import example
from tests.support.house import LOG_LINE, at_home
from tests.support.plans import APPROVERS, host, plan
from tests.unit.render.test_messages import CASES, WILD, checkups, progress

TITLES = [Text(en="A problem", zh="问题")] * 3


STOPPED = Freeze(at=1.0, actor=WILD, reason=WILD)
ACCOUNT = Account(
    **dict.fromkeys(
        ("plan", "host", "host_key", "digest", "requester", "where", "problem", "fix", "state", "why", "detail"), WILD
    ),
    proposed_at=1.0, changed_at=2.0, head=Anchor(sequence=1, digest=WILD),
    opinions=tuple(
        Opinion(actor=WILD, person=person, decision=decision, digest=WILD, counted=counted, at=1.0, why=WILD)
        for person in ("", WILD) for decision in ("deny", WILD) for counted in (True, False)
    ),
    ran=(Ran(index=0, step=WILD, script=WILD, changes=WILD, undo=False, at=1.0, exit=1),), measured={WILD: WILD},
)  # fmt: skip


def everything(lang: Lang) -> Iterator[Any]:
    """Every message, modal and tab that the program can make, each made of hostile values wherever a value goes."""
    for where in (host(), host(writer=None), host(via=Via.SHELL)):  # their names were checked by the inventory
        for one in CASES:
            yield answer([one], where, lang, [slack_value(WILD)])
            yield measuring(one.problem, one.match, "host01", 1, 3, lang)
        for checked in checkups():
            yield checkup_card(checked, where, {"startup-example": TITLES[0]}, lang)
    yield answer(CASES[:3], host(), lang)
    yield checking("host01", 1, 2, lang)
    for state in State:
        for why in Why:
            shown = progress(state, why)
            made = dataclasses.replace(shown.plan, requester=WILD, facts=(("a.b", WILD),))
            reviews = tuple(
                dataclasses.replace(one, reason=WILD, actor=dataclasses.replace(one.actor, id=WILD)) for one in shown.reviews
            )
            yield plan_card(dataclasses.replace(shown, plan=made, reviews=reviews), example(), APPROVERS, lang)
    yield plan_card(progress(State.PROPOSED), None, Approvers(users=frozenset({WILD}), groups=frozenset()), lang)
    yield replies.which_host(WILD[:50], TITLES, [WILD] * 12, [WILD] * 5, lang, (slack_value(WILD),))
    yield replies.helped(lang, unknown=WILD)
    yield replies.unknown_host(WILD, [WILD] * 30, lang)
    yield replies.decided(["U0ANA", WILD], lang)
    yield replies.hosts([host()] * 40, lang)
    yield replies.hosts([host()], lang, STOPPED)
    yield replies.home([host()] * 40, [(plan(), "")] * 12, lang)
    asked = dataclasses.replace(plan(), requester=WILD, host=WILD)
    yield replies.home([host(name=WILD)], [(asked, "")], lang, refused=WILD, stopped=STOPPED)
    yield replies.alarm(asked, dataclasses.replace(progress(State.PROPOSED).reviews[0], reason=WILD), lang)
    yield replies.unknown_paste(lang, (slack_value(WILD),))
    yield replies.which_problem("c1", dict(enumerate(TITLES)), lang, (slack_value(WILD),))
    yield history(WILD, [ACCOUNT, dataclasses.replace(ACCOUNT, state="denied"), dataclasses.replace(ACCOUNT, ran=())], lang)
    names = {"file", "host", "detail", "known", "who", "words"}
    for name in program_texts():
        if name.startswith(("refused-", "host-", "file-", "not-", "could-", "unknown-")):
            yield replies.note(name, lang, **dict.fromkeys(names | {"title", "hosts"}, WILD), count=1, line=1)


def with_emoji(node: Any) -> list[object]:
    """The plain texts of a message or view in which Slack would make pictures of `:words:`."""
    if isinstance(node, list | tuple):
        return [found for one in node for found in with_emoji(one)]
    if not isinstance(node, dict):
        return []
    own = [node] if node.get("type") == "plain_text" and node.get("emoji") is not False else []
    return own + [found for one in node.values() for found in with_emoji(one)]


def check(node: Any) -> int:
    """Walk one message or view; gives how many texts were looked at."""
    assert with_emoji(node if isinstance(node, dict) else list(node.blocks)) == []
    looked = 0
    for parsed, text in texts(node if isinstance(node, dict) else {"text": node.text, "blocks": list(node.blocks)}):
        looked += 1
        if parsed:
            assert acting(text) == "", text
            assert "evil" not in outside_spans(text), text
            assert text.count("`") % 2 == 0, text
    return looked


@pytest.mark.parametrize("lang", LANGS)
def test_no_value_acts_in_any_message(lang: Lang) -> None:
    messages = list(everything(lang))
    assert sum(check(one) for one in messages) > 1000
    for one in messages:
        if not isinstance(one, dict):
            assert check_message(list(one.blocks)) == []
            assert 0 < len(one.text) <= 500


async def test_no_paste_name_reason_or_answer_of_a_host_acts_in_slack(tmp_path: Path) -> None:
    hostile = "<!channel> <@U0EVIL> <#C0EVIL> <https://evil.example|evil> *evil* `evil` :evil: <!date^1^{d}|evil> &lt;!here&gt;"
    async with at_home(tmp_path) as house:
        house.fleet.logs = [f"postfix/smtpd[1]: {hostile}", f"{LOG_LINE} {hostile}"]
        house.fleet.says = hostile
        await house.ana.command(f"/postfix {hostile}")
        await house.ana.command("/postfix check host02")
        await house.ana.command("/postfix check <!channel>")
        ts = await house.ana.says(MAIL_OPS, f"{hostile}\n{LOG_LINE} {hostile}\nfrom=<!everyone>")
        card = await house.ana.waits_for(is_card, thread=ts)
        await house.ben.clicks(card, "approve")
        await house.ana.waits_for(shows("Failed"), thread=ts)
        ts = await house.ana.says(MAIL_OPS, f"again {LOG_LINE.replace('host01', 'host02')} {hostile}")
        await house.ben.clicks(await house.ana.waits_for(is_card, thread=ts), "deny")
        await house.ben.submits(await house.ben.waits_for_view(), {"reason": hostile})
        await house.ana.waits_for(shows("*Denied*"), thread=ts)
        house.fleet.fails = hostile
        ts = await house.ana.says(MAIL_OPS, f"@postmedic {LOG_LINE}")
        await house.ana.waits_for(shows("could not be"), thread=ts)
        await house.quiet()
        assert sum(check(sent) for _, sent in payloads(house)) > 50
        posted = [sent for method, sent in payloads(house) if method in ("chat.postMessage", "response_url")]
        assert {(sent.get("unfurl_links"), sent.get("unfurl_media")) for sent in posted} == {(False, False)}
        answered = [one for one in await house.ana.reads() if one.get("ephemeral")]
        assert sum(check(one) for one in answered) > 3


def test_previews_are_off_wherever_a_message_is_posted() -> None:
    """A preview would have Slack open an address that somebody else chose, and show what stands there."""
    calls = [
        node
        for path in (Path(__file__).parents[2] / "handlers").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if node.func.attr == "chat_postMessage" or ast.unparse(node.func) == "webhook.send"
    ]
    assert len(calls) >= 4
    for call in calls:
        said = {word.arg: ast.unparse(word.value) for word in call.keywords}
        assert (said.get("unfurl_links"), said.get("unfurl_media")) == ("False", "False"), ast.unparse(call)


@given(st.text() | st.text("&<>`;ampltgt#x \n*_~:@!|{}"))
def test_a_value_is_shown_as_it_is_and_reads_as_nothing_else(text: str) -> None:
    """What Slack makes of it is the value again: not one more entity, tag or end of the code span than the escaper wrote."""
    shown = slack_value(text)
    inside = shown[1:-1]
    assert (shown[0], shown[-1]) == ("`", "`")
    assert not re.search(r"[<>`\n]|&(?!amp;|lt;|gt;)", inside)
    decoded = re.sub(r"&(amp|lt|gt);", lambda entity: {"amp": "&", "lt": "<", "gt": ">"}[entity[1]], inside)
    assert decoded == (one_line(text).replace("`", "ʼ") or "–")


@given(st.lists(st.sampled_from(["section", "context", "preformatted"]), max_size=80), st.text(max_size=4000))
@settings(max_examples=40, deadline=None)
def test_a_message_is_cut_visibly_and_never_refused(kinds: list[str], text: str) -> None:
    makers = {"section": section, "context": context, "preformatted": preformatted}
    made = message(text, [makers[kind](text or "-") for kind in kinds])
    assert check_message(list(made.blocks)) == [] or not kinds
    assert len(made.blocks) <= MOST_BLOCKS + 1
    assert sum(len(str(block)) for block in made.blocks) <= MOST_MESSAGE + 200
    if len(made.blocks) < len(kinds):
        assert made.blocks[-1] == context("…")


@pytest.mark.parametrize("one", [section("a"), preformatted("x" * 2000), context("x" * 1000)], ids=lambda one: str(one["type"]))
def test_what_was_left_out_is_said(one: dict[str, Any]) -> None:
    made = message("text", [one] * 60, cut_off="the rest is left out")
    assert len(made.blocks) < 60
    assert made.blocks[-1] == context("the rest is left out")
    for long in (preformatted("x" * 9000), section("x" * 9000), plain("x" * 9000)):
        assert [text[-1] for _, text in texts({"blocks": [long]}) if text] == ["…"]


@pytest.mark.parametrize("most", range(2, 120))
def test_a_cut_leaves_no_span_entity_or_link_half(most: int) -> None:
    whole = "a `b&lt;c` <@U0ANA> &amp; <https://www.postfix.org/x|x> `:evil:` and `https://evil.example` " * 2
    kept = cut_markup(whole, most)
    assert len(kept) <= most
    assert kept.endswith("…")
    assert kept.count("`") % 2 == 0
    assert acting(kept) == ""
    assert "evil" not in outside_spans(kept)
