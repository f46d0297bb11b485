"""Can a value move the cursor, colour the screen or pass for markup in a terminal, and is `--json` plain?"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, replace

import pytest
from rich.console import Console

from bot.model.checkup import Checkup
from bot.model.fact import Facts, Reason, Unknown
from bot.model.text import LANGS, Lang
from bot.render.checkup_card import findings
from bot.render.plain import checkup_data, diagnosis_data, value
from bot.render.templates import plain_value
from bot.render.terminal import print_checkup, print_diagnosis, print_plan
from tests.support.plans import plan, step
from tests.unit.render.test_messages import CASES, WILD

HOSTILE = f"{WILD[:60]} [bold red]loud[/] \x1b[2J\x07 [link=file:///etc/passwd]x[/link]"


def screen() -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    return Console(file=out, width=400, force_terminal=True, color_system=None, highlight=False), out


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("number", range(len(CASES)))
def test_a_diagnosis_cannot_act_on_the_screen(number: int, lang: Lang) -> None:
    console, out = screen()
    print_diagnosis(console, CASES[number], lang)
    assert "\u202e" not in out.getvalue()
    assert "\x1b[31m" not in out.getvalue()
    assert "startup-example" in out.getvalue()


def test_a_plan_cannot_act_on_the_screen() -> None:
    console, out = screen()
    one = plan(steps=(replace(step("loopback-up"), script=f"echo {HOSTILE}\n"),))
    print_plan(console, one, "en")
    assert "[bold red]loud[/]" in out.getvalue().replace("\n", "")
    assert "\x07" not in out.getvalue()
    assert "\x1b[2J" not in out.getvalue()


@pytest.mark.parametrize("lang", LANGS)
def test_a_checkup_cannot_act_on_the_screen(lang: Lang) -> None:
    lost = Unknown(reason=Reason.UNREADABLE, detail=HOSTILE)
    checkup = Checkup(host="host01", facts=Facts({"log": lost}), seen=(), diagnoses=(), measured_at=1.0, error=HOSTILE)
    console, out = screen()
    print_checkup(console, checkup, findings(checkup, {}, lang, plain_value), lang)
    for raw in ("\x07", "\x1b[2J", "\u202e"):
        assert raw not in out.getvalue()
    assert "[bold red]loud" in " ".join(out.getvalue().split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Nested:
    name: str
    inner: object


@pytest.mark.parametrize(
    ("fact", "plain"),
    [
        (True, True),
        (5, 5),
        (None, None),
        ("a\x1bb", "a\\u{001B}b"),
        (("a", 1), ["a", 1]),
        (Unknown(reason=Reason.TIMED_OUT, detail="slow"), {"unknown": "timed-out", "detail": "slow"}),
        (Nested(name="x", inner=("y",)), {"name": "x", "inner": ["y"]}),
        (
            Nested(name="x", inner=Unknown(reason=Reason.TIMED_OUT)),
            {"name": "x", "inner": {"unknown": "timed-out", "detail": ""}},
        ),
    ],
)
def test_facts_are_plain_values_and_unknown_says_so(fact: object, plain: object) -> None:
    assert value(fact) == plain
    assert json.loads(json.dumps(value(fact))) == plain


def test_results_for_scripts_are_json() -> None:
    for one in CASES:
        told = json.loads(json.dumps(diagnosis_data(one)))
        assert {cause["verdict"] for cause in told["causes"]} <= {"confirmed", "ruled-out", "unmeasured"}
    checkup = Checkup(host="host01", facts=Facts({"log": ()}), seen=(), diagnoses=(CASES[0],), measured_at=1.0)
    told = json.loads(json.dumps(checkup_data(checkup, findings(checkup, {}, "en", plain_value))))
    assert {one["verdict"] for one in told["findings"]} <= {"fine", "found", "unmeasured"}
