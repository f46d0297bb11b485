"""D5: values are data: no paste, capture, fact, host name, Slack name or entry is ever compiled as a template."""

from __future__ import annotations

import ast
import re
import time
import tomllib
from importlib.metadata import version
from itertools import product
from pathlib import Path

import jinja2
import pytest

from bot import errors
from bot.diagnosis.verdict import diagnose
from bot.errors import PostmedicError
from bot.knowledge.entry import problem
from bot.matching import Matcher
from bot.model.checkup import Checkup, Seen, Source
from bot.model.execution import State
from bot.model.fact import Facts
from bot.model.host import Approvers
from bot.model.match import Kind, Match
from bot.model.progress import Progress, Why
from bot.model.review import Decision
from bot.model.text import LANGS, Lang, Text
from bot.render import templates
from bot.render.answer import answer
from bot.render.checkup_card import checkup_card
from bot.render.places import PLACE
from bot.render.plan_card import plan_card
from bot.render.replies import unknown_host
from bot.render.templates import plain_value, say, slack_value, tell, texts
from bot.render.visible import one_line
from tests.support.entries import ENTRY, example
from tests.support.plans import ANNE, host, plan, review

ROOT = Path(__file__).parents[2]
WORDS = (
    "7*7",
    "''.__class__.__mro__[1].__subclasses__()",
    "cycler.__init__.__globals__.os.popen('id').read()",
    "lipsum.__globals__['os'].system('id')",
    "self._TemplateReference__context",
    "config.items()",
    "request.application.__globals__",
    "''|attr('__class__')",
    "''|attr('\\x5f\\x5fclass\\x5f\\x5f')",
    "'{0.__class__}'.format(7)",
    "('%s'|format)(7)",
    "['id']|map('system')|join",
    "look('setting.a')",
    "namespace.__init__.__globals__",
    "joiner.__init__.__globals__.__builtins__",
    "range(10**8)|list",
    "'x'*10**9",
    "undefined_name",
    "a.b.c",
    "host",
)
MARKS = (
    ("{{ ", " }}"), ("{{", "}}"), ("{{-", "-}}"), ("{% print ", " %}"), ("{%- if ", " %}x{% endif %}"),
    ("{% set x = ", " %}{{ x }}"), ("{# ", " #}"), ("${", "}"), ("#{", "}"), ("<%= ", " %>"),
)  # fmt: skip
PAYLOADS = [before + word + after for (before, after), word in product(MARKS, WORDS)]
PLACED = Text(en="It says {{ log.line }}.", zh="它说 {{ log.line }}。")


def escaped(payload: str) -> str:
    return one_line(payload).replace("`", "ʼ").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def test_there_are_two_hundred() -> None:
    assert len(set(PAYLOADS)) == 200


@pytest.mark.parametrize("lang", LANGS)
def test_a_fact_is_shown_as_it_is(lang: Lang) -> None:
    for payload in PAYLOADS:
        facts = Facts({"log.line": payload})
        assert one_line(payload) in tell(PLACED, lang, facts.look, plain_value)
        assert f"`{escaped(payload)}`" in tell(PLACED, lang, facts.look)


@pytest.mark.parametrize("lang", LANGS)
def test_a_host_name_is_shown_as_it_is(lang: Lang) -> None:
    for payload in PAYLOADS:
        assert one_line(payload) in say("host-unknown", lang, plain_value, host=payload, known="x")
        assert escaped(payload) in say("host-unknown", lang, host=payload, known="x")
        assert escaped(payload)[:60] in str(unknown_host(payload, ["host01"], lang).text)


@pytest.mark.parametrize("lang", LANGS)
def test_a_capture_and_the_lines_of_a_paste_are_shown_as_they_are(lang: Lang) -> None:
    known = example("Another address.", "'It is {{ match.address }}.'")
    matcher = Matcher([known])
    for payload in PAYLOADS:
        paste = f"{payload}\nfatal: no local interface found for 192.0.2.1\n{payload}"
        (match,) = matcher.recognise(paste).sure
        forged = Match(
            problem=known.id, kind=Kind.EXACT, score=100.0, captures={"address": payload}, lines=match.lines, count=match.count
        )
        facts = Facts(
            {"match.address": payload, "interfaces": "x", "interfaces.loopback-up": True, "setting.inet_interfaces": payload}
        )
        said = answer([diagnose(known, payload, forged, facts, 1.0)], host(payload), lang)
        shown = str(said.blocks) + said.text
        assert repr(escaped(payload))[1:-1] in shown or escaped(payload) in "\n".join(strings(said.blocks))
        assert "`49`" not in shown
        assert "uid=" not in shown


@pytest.mark.parametrize("lang", LANGS)
def test_slack_names_reasons_and_details_are_shown_as_they_are(lang: Lang) -> None:
    for payload in PAYLOADS:
        one = plan(requester=payload, host=payload, facts=(("interfaces.loopback", payload),))
        denied = review(one, ANNE, Decision.DENY)
        progress = Progress(
            plan=one, state=State.DENIED, why=Why.RESOLVED, detail=payload, conversation="", changed_at=0.0, steps=(),
            measurements=(), waits_for="", reviews=(type(denied)(
                plan_digest=one.digest, actor=type(ANNE)(team="T", id=payload, name=payload), decision=Decision.DENY, at=1.0,
                reason=payload,
            ),),
        )  # fmt: skip
        said = plan_card(progress, example(), Approvers(), lang)
        assert escaped(payload) in "\n".join(strings(said.blocks))
        assert "49" not in said.text.replace(one_line(payload), "")


@pytest.mark.parametrize("lang", LANGS)
def test_what_stands_in_a_queue_is_shown_as_it_is(lang: Lang) -> None:
    for payload in PAYLOADS:
        seen = Seen(source=Source.QUEUE, count=1, match=None, sure=False, text=payload)
        card = checkup_card(
            Checkup(host=payload, facts=Facts({}), seen=(seen,), diagnoses=(), measured_at=time.time()), host(payload), {}, lang
        )
        assert "`49`" not in str(card.blocks)
        assert escaped(payload)[:60] in "\n".join(strings(card.blocks))


def strings(value: object) -> list[str]:
    """Every text in a nest of blocks."""
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return [text for part in parts for text in strings(part)]


def test_errors_fill_their_texts_once() -> None:
    """`str.format` on a text that holds a value would be a template language of its own (CVE-2024-56326)."""
    kinds = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, PostmedicError)]
    for kind in kinds:
        places = re.findall(r"\{([a-z_]+)\}", kind.__doc__ or "")
        for payload in (*PAYLOADS, "{0.__class__}", "{detail.__class__}", "{host}", "%(detail)s"):
            said = str(kind(**dict.fromkeys(places, payload)))
            assert said.count(payload) >= bool(places)


@pytest.mark.parametrize("lang", LANGS)
def test_the_text_of_an_entry_is_not_compiled_either(lang: Lang) -> None:
    """Who can edit an entry can change words and places; nothing in them is run."""
    for payload in PAYLOADS:
        said = tell(Text(en=payload, zh=payload), lang, lambda path: "measured")
        assert said == PLACE.sub("`measured`", payload), "a place is looked up, and that is all that happens"
    code = "{{ cycler.__init__.__globals__.os.popen('id').read() }}"
    one = problem(ENTRY.replace("Another address.", repr(code)).encode(), "startup/example/problem.yaml")
    facts = Facts({"interfaces.loopback-up": True, "setting.inet_interfaces": "x", "match.address": "x"})
    said = "\n".join(strings(answer([diagnose(one, "host01", None, facts, 1.0)], host(), "en").blocks))
    assert code in said


def test_a_place_looks_among_the_facts_only() -> None:
    look = Facts({"a": "value"}).look
    for path in ("a.__class__", "a.upper", "b", "a.b.c"):
        assert "not measured" in tell(Text(en="{{ " + path + " }}", zh="x"), "en", look)


def test_a_missing_value_is_an_error_and_not_an_empty_text() -> None:
    with pytest.raises(jinja2.UndefinedError):
        say("host-unknown", "en", host="x")
    for escape in (slack_value, plain_value):
        assert templates._environment(escape).undefined is jinja2.StrictUndefined


def test_templates_are_compiled_in_one_place_and_from_the_programs_own_texts() -> None:
    names = {"from_string", "Template", "Environment", "SandboxedEnvironment", "NativeEnvironment", "compile_expression"}
    found = set()
    for room in ("bot", "handlers"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                called = node.func if isinstance(node, ast.Call) else None
                name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
                found |= {(path.relative_to(ROOT).as_posix(), name)} if name in names else set()
    assert found == {("bot/render/templates.py", "from_string"), ("bot/render/templates.py", "Environment")}
    source = (ROOT / "bot/render/templates.py").read_text()
    assert re.findall(r"_compiled\((.*?), ", source) == ["source: str", "texts()[name][lang]"]
    assert not any(
        re.search(r"__|\||\bimport\b|\binclude\b", place)
        for text in texts().values()
        for place in re.findall(r"\{\{(.*?)\}\}", text.en + text.zh)
    )


def test_the_template_engine_is_at_its_floor() -> None:
    """3.1.5 and 3.1.6 closed ways out of templates (CVE-2024-56326, CVE-2025-27516)."""
    floor = (3, 1, 6)
    locked = re.findall(r"^jinja2==([0-9.]+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    asked = [one for one in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"] if "jinja2" in one]
    for number in (version("jinja2"), *locked, asked[0].partition(">=")[2]):
        assert tuple(map(int, number.split("."))) >= floor
