"""Does every message keep Slack's limits and rules, whatever hosts and people say? Checked as Slack checks them."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace

import pytest

from bot.diagnosis.verdict import diagnose
from bot.model.checkup import Checkup, Seen, Source
from bot.model.condition import Truth
from bot.model.diagnosis import Diagnosis
from bot.model.execution import State, StepResult
from bot.model.fact import Facts, Reason, Unknown
from bot.model.host import Approvers, Host, Via
from bot.model.match import Kind, Line, Match
from bot.model.plan import Change
from bot.model.problem import Risk
from bot.model.progress import Check, Measurement, Progress, Side, Stage, StepProgress, Why
from bot.model.text import LANGS, Lang, Text
from bot.render import replies
from bot.render.answer import answer, measuring
from bot.render.blocks import Message
from bot.render.checkup_card import checking, checkup_card, findings
from bot.render.plan_card import plan_card
from bot.render.signs import BAD, NOTE
from bot.render.templates import say, slack_value
from bot.sandbox.slack.blockkit import check_message, check_view
from tests.support.entries import example
from tests.support.plans import ANNE, APPROVERS, DOWN, host, plan, review

WILD = (
    "<!channel> *evil* `evil` :evil: <http://x|evil> {{ 7*7 }} \u202e\x1b[31m <@U0EVIL> <#C0EVIL> <!date^1^{date}|evil> "
    "https://evil.example evil@evil.example &lt;!here|evil&gt; ~evil~ \n> evil ```evil " + "x" * 5000
)


def accepted(made: Message) -> str:
    """What Slack would show; fails when Slack would refuse it or when it is longer than it may be."""
    assert check_message(list(made.blocks)) == []
    assert 0 < len(made.blocks) <= 50
    assert 0 < len(made.text) <= 500
    return json.dumps(made.blocks, ensure_ascii=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interfaces:
    loopback_up: object
    loopback: object = WILD


def diagnosed(up: object, inet: object = "all", error: str = "") -> Diagnosis:
    facts = Facts({"interfaces": Interfaces(loopback_up=up), "setting.inet_interfaces": inet, "match.address": WILD})
    lines = (Line(number=3, text=WILD),) * 9
    match = Match(problem="startup-example", kind=Kind.SIMILAR, score=87.3, captures={}, lines=lines, count=9)
    return diagnose(example(), "host01", match, facts, 5.0, error)


UNKNOWN = Unknown(reason=Reason.TIMED_OUT, detail=WILD)
CASES = [diagnosed(False), diagnosed(True, WILD), diagnosed(UNKNOWN, UNKNOWN), diagnosed(True), diagnosed(UNKNOWN, error=WILD)]


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("one", CASES)
def test_an_answer_is_accepted(one: Diagnosis, lang: Lang) -> None:
    for where in (host(), host(writer=None), host(via=Via.SHELL)):
        said = accepted(answer([one], where, lang, [slack_value(WILD)]))
        assert "\u202e" not in said
        assert "\\u001b" not in said
    accepted(answer([one] * 3, host(), lang))
    accepted(measuring(one.problem, one.match, WILD[:60], 1, 3, lang))


@pytest.mark.parametrize("lang", LANGS)
def test_what_must_be_said_below_an_answer_is_never_what_is_cut_off(lang: Lang) -> None:
    small = replies.small_print(2, True, (), lang)
    said = accepted(answer(CASES * 3, host(via=Via.SHELL), lang, small))
    assert say("too-long", lang) in said
    assert small[0] in said
    assert {"en": "read-only is not enforced", "zh": "未强制只读"}[lang] in said


def test_unknown_never_looks_like_healthy() -> None:
    for lang in LANGS:
        unmeasured, well = (accepted(answer([one], host(), lang)) for one in (diagnosed(UNKNOWN, UNKNOWN), diagnosed(True)))
        assert {"en": "Could not be measured", "zh": "无法测定"}[lang] in unmeasured
        assert {"en": "this problem is not there now", "zh": "目前没有这个问题"}[lang] in well
        assert {"en": "this problem is not there now", "zh": "目前没有这个问题"}[lang] not in unmeasured


@pytest.mark.parametrize("lang", LANGS)
def test_a_connection_lost_on_the_way_is_told_as_it_was(lang: Lang) -> None:
    """Something was measured until then: what it confirms may have a plan, and what it rules out is no health."""
    failed, means = (say(name, lang, host="mx1") for name in ("host-failed", "host-failed-means"))
    confirmed, well = say("confirmed", lang), say("nothing-there", lang)
    half = answer([diagnosed(False, error="lost")], host(), lang)
    said = accepted(half)
    assert failed in said
    assert confirmed in said
    assert confirmed.strip("*") in half.text
    other = answer([diagnosed(True, error="lost")], host(), lang)
    said = accepted(other)
    assert failed in said
    assert means in said
    assert {"en": "Nothing was measured", "zh": "没有任何测量结果"}[lang] not in said
    assert well not in other.text
    assert failed.strip("*") in other.text


def progress(state: State, why: Why = Why.NONE, risk: Risk = Risk.LOW) -> Progress:
    one = plan(risk=risk)
    steps = (
        StepProgress(
            index=0, step=one.steps[0], undo=False, started_at=1.0, ended_at=2.0, result=StepResult(exit=1, stderr=WILD)
        ),
        StepProgress(index=1, step=one.steps[1], undo=False, started_at=3.0),
    )
    check = Check(side=Side.BEFORE, condition=DOWN, truth=Truth.FALSE, evidence=(("loopback.state", WILD),))
    measured = tuple(Measurement(stage=stage, at=4.0, checks=(check,)) for stage in Stage)
    return Progress(
        plan=one, state=state, why=why, detail=WILD, conversation="c", changed_at=time.time(), reviews=(review(one, ANNE),),
        steps=steps, measurements=measured, waits_for="",
    )  # fmt: skip


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("state", list(State))
def test_a_plan_in_every_state_is_accepted(state: State, lang: Lang) -> None:
    for risk in Risk:
        accepted(plan_card(progress(state, risk=risk), example(), APPROVERS, lang))
    accepted(plan_card(replace(progress(state), waits_for="plan-2", steps=(), measurements=()), None, Approvers(), lang))


@pytest.mark.parametrize("why", list(Why))
def test_a_plan_for_every_reason_is_accepted(why: Why) -> None:
    for lang in LANGS:
        accepted(plan_card(progress(State.FAILED, why), None, APPROVERS, lang))


@pytest.mark.parametrize(
    ("state", "why", "untrue"),
    [
        (State.STALE, Why.APPROVAL_LOST, ("The host is no longer", "主机状态与诊断时")),
        (State.STALE, Why.BEFORE_UNKNOWN, ("The host is no longer", "主机状态与诊断时")),
        (State.STALE, Why.RESTORED, ("The host is no longer", "主机状态与诊断时")),
        (State.IN_DOUBT, Why.STOPPED_MIDWAY, ("whether the last step ran", "最后一步是否执行")),
        (State.IN_DOUBT, Why.NEVER_STARTED, ("whether the last step ran", "最后一步是否执行")),
    ],
)
def test_a_state_says_nothing_that_its_reason_contradicts(state: State, why: Why, untrue: tuple[str, str]) -> None:
    for lang, wrong in zip(LANGS, untrue, strict=True):
        said = accepted(plan_card(progress(state, why), None, APPROVERS, lang))
        assert say(f"why-{why}", lang) in said
        assert wrong not in said


def test_buttons_carry_the_plans_id_and_nothing_else() -> None:
    one = plan_card(progress(State.PROPOSED), example(), APPROVERS, "en")
    values = [element["value"] for block in one.blocks if block["type"] == "actions" for element in block["elements"]]
    assert values == ["plan-1", "plan-1"]


def buttons(card: Message) -> list[str]:
    return [one["action_id"] for block in card.blocks if block["type"] == "actions" for one in block["elements"]]


@pytest.mark.parametrize("lang", LANGS)
def test_a_plan_in_doubt_can_be_ended_however_long_its_card_is(lang: Lang) -> None:
    """A plan in doubt keeps every other change from its host until a person ends it."""
    too_long = say("plan-too-long", lang)
    for script in ("x\n" * 1200, "x\n" * 4000):
        for state in (State.APPLYING, State.IN_DOUBT, State.FAILED):
            shown = progress(state, Why.JOURNAL_SILENT)
            steps = tuple(replace(one, step=replace(one.step, script=script)) for one in shown.steps)
            made = replace(shown, plan=plan(steps=tuple(one.step for one in steps)), steps=steps)
            card = plan_card(made, example(), APPROVERS, lang)
            said = accepted(card)
            assert made.plan.digest[:12] in said
            assert too_long not in said  # that is about approving, and this one was approved
            assert buttons(card) == (["resolve_succeeded", "resolve_failed"] if state is State.IN_DOUBT else [])
    proposed = replace(progress(State.PROPOSED), plan=plan(steps=(replace(plan().steps[0], script="x\n" * 4000),)))
    card = plan_card(proposed, example(), APPROVERS, lang)
    assert too_long in accepted(card)
    assert buttons(card) == []


def test_without_approvers_nothing_can_be_clicked() -> None:
    one = plan_card(progress(State.PROPOSED), example(), Approvers(), "en")
    assert not [block for block in one.blocks if block["type"] == "actions"]


def test_the_card_shows_exactly_what_runs() -> None:
    said = accepted(plan_card(replace(progress(State.PROPOSED), detail=""), example(), APPROVERS, "en"))
    assert "ip link set lo up" in said
    assert "service-start postfix" in said
    assert plan_card(progress(State.PROPOSED), None, APPROVERS, "en").text.startswith("Proposed fix")
    wide = tuple(Change(what=WILD, before=WILD, after=WILD) for _ in range(30))
    long = plan(steps=tuple(replace(plan().steps[0], script="x\n" * 4000, changes=wide) for _ in range(5)))
    accepted(plan_card(replace(progress(State.PROPOSED), plan=long), example(), APPROVERS, "zh"))


def checkups() -> list[Checkup]:
    seen = tuple(
        Seen(source=source, count=3, match=match, sure=sure, text=WILD)
        for source in Source
        for match in (Match(problem="startup-example", kind=Kind.EXACT, score=100.0), None)
        for sure in (True, False)
        if match or (not sure and source is Source.QUEUE)
    )
    lost = Facts(dict.fromkeys(("service.postfix", "listeners", "smtp-greeting", "config-warnings", "queue", "log"), UNKNOWN))
    return [
        Checkup(host="host01", facts=lost, seen=seen, diagnoses=(), measured_at=1.0),
        Checkup(host="host01", facts=lost, seen=(), diagnoses=(), measured_at=1.0, error=WILD),
        Checkup(host="host01", facts=Facts({"log": ()}), seen=seen * 5, diagnoses=(), measured_at=1.0),
    ]


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("one", checkups())
def test_a_checkup_is_accepted_and_names_what_is_not_known(one: Checkup, lang: Lang) -> None:
    said = accepted(checkup_card(one, host(via=Via.SHELL), {"startup-example": Text(en="It", zh="它")}, lang))
    assert ":white_check_mark:" not in said or isinstance(one.facts.look("log"), tuple)
    accepted(checking("host01", 2, 6, lang))


@pytest.mark.parametrize("error", ["", "lost"])
def test_a_checkup_shows_what_it_confirmed_and_calls_nothing_well_beside_it(error: str) -> None:
    """A plan may follow it, also where the connection was lost on the way."""
    well = {
        "service.postfix.running": True,
        "smtp-greeting.state": "ready",
        "listeners.ports": "25",
        "queue.count": 0,
        "log": (),
    }
    facts = Facts(well | {"config-warnings.fatal": "", "config-warnings.clean": True})
    checkup = Checkup(host="host01", facts=facts, seen=(), diagnoses=(), measured_at=1.0)
    assert "Everything that was measured is well" in str(checkup_card(checkup, host(), {}, "en").blocks)
    checkup = replace(checkup, diagnoses=(diagnosed(False),), error=error)
    said = accepted(checkup_card(checkup, host(), {"startup-example": Text(en="It", zh="它")}, "en"))
    assert "*Confirmed*" in said
    assert "Everything that was measured is well" not in said
    assert ("could not be asked" in said) is bool(error)


@pytest.mark.parametrize(
    ("lang", "said"), [("en", "12 wait because *It*, nothing to do"), ("zh", "12 封在等待 *它*，无需处理")]
)
def test_waiting_mail_is_told_in_one_sentence_and_greylisting_alone_is_no_alarm(lang: Lang, said: str) -> None:
    passing = Match(problem="send-remote-greylisted", kind=Kind.EXACT, score=100.0)
    blocked = Match(problem="startup-example", kind=Kind.EXACT, score=100.0)
    titles = dict.fromkeys(("send-remote-greylisted", "startup-example"), Text(en="It", zh="它"))
    calm = Seen(source=Source.QUEUE, count=12, match=passing, sure=True, text="", oldest="a", newest="b", passing=True)
    loud = Seen(source=Source.QUEUE, count=300, match=blocked, sure=True, text="", oldest="c", newest="c")

    def told(*groups: Seen) -> list[tuple[str, str]]:
        one = Checkup(host="host01", facts=Facts({}), seen=groups, diagnoses=(), measured_at=1.0)
        return [(sign, text) for sign, text in findings(one, titles, lang, slack_value) if "12" in text]

    assert [sign for sign, _ in told(calm)] == [NOTE]
    ((sign, text),) = told(loud, calm)
    assert sign == BAD
    assert said in text
    assert "312" in text
    assert text.index("300") < text.rindex("12 ")


@pytest.mark.parametrize("lang", LANGS)
def test_every_question_and_note_is_accepted(lang: Lang) -> None:
    titles = [Text(en="A problem", zh="问题")] * 3
    hosts: list[Host] = [host(f"host{number:03}") for number in range(120)]
    names = [one.name for one in hosts]
    for made in (
        replies.which_host("c1", titles, names, [WILD] * 5, lang, ("small",)),
        replies.which_host("c1", [], [], [], lang),
        replies.which_problem("c1", dict(enumerate(titles)), lang),
        replies.unknown_paste(lang, replies.small_print(3, True, titles, lang)),
        replies.hosts(hosts, lang),
        replies.hosts([], lang),
        replies.helped(lang, unknown=WILD),
        replies.usage(lang),
        replies.unknown_host(WILD, names, lang),
        replies.decided(["U0ANNE", WILD], lang),
        replies.decided([], lang),
    ):
        accepted(made)
    assert len(replies.host_options(hosts)) == 100
    assert check_view(replies.denial("plan-1", lang)) == []
    waiting = [(plan(str(number)), "https://example.slack.com/archives/C1/p1") for number in range(40)]
    assert check_view(replies.home(hosts, waiting, lang)) == []
    assert check_view(replies.home([], [], lang)) == []
