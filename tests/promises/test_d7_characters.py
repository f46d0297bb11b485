"""D7: control, bidi and invisible characters are shown as `\\u{…}`, never obeyed: in Slack, logs, audit and terminal."""

from __future__ import annotations

import dataclasses
import io
import json
import logging
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from bot.__main__ import main
from bot.cli.log import Lines
from bot.errors import HostUnreachable
from bot.model.fact import Reason, Unknown
from bot.model.text import LANGS, Lang
from bot.render.blocks import button, confirm, header, plain, preformatted
from bot.render.checkup_card import findings
from bot.render.plain import checkup_data, diagnosis_data, value
from bot.render.templates import plain_value
from bot.render.terminal import print_checkup, print_diagnosis
from bot.render.visible import one_line, visible
from bot.sandbox.slack.seed import MAIL_OPS
from tests.e2e.test_story_fix import is_card, shows
from tests.promises.outgoing import payloads, texts
from tests.promises.test_d6_markup import TITLES, everything
from tests.support.house import LOG_LINE, at_home
from tests.unit.render import test_messages

C0 = "".join(chr(code) for code in range(0x20) if chr(code) not in "\n\t") + "\x7f"
C1 = "".join(chr(code) for code in range(0x80, 0xA0))
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
UNSEEN = "\u00ad\u034f\u115f\u180e\u200b\u200c\u200d\u2028\u2029\u2060\u2064\u3164\ufe0f\ufeff\uffa0\ufff9\U000e0041\U000e0100"
OTHERS = "\ud800\ue000\ufdd0"
# Default_Ignorable_Code_Point of the Unicode Character Database: what a screen may draw as nothing at all.
IGNORABLE = (
    *(range(0xAD, 0xAE), range(0x34F, 0x350), range(0x61C, 0x61D), range(0x115F, 0x1161), range(0x17B4, 0x17B6)),
    *(range(0x180B, 0x1810), range(0x200B, 0x2010), range(0x202A, 0x202F), range(0x2060, 0x2070), range(0x3164, 0x3165)),
    *(range(0xFE00, 0xFE10), range(0xFEFF, 0xFF00), range(0xFFA0, 0xFFA1), range(0xFFF0, 0xFFF9), range(0x1BCA0, 0x1BCA4)),
    *(range(0x1D173, 0x1D17B), range(0xE0000, 0xE1000)),
)
ACTING = C0 + C1 + BIDI + UNSEEN + OTHERS


def left(text: str) -> str:
    """The acting characters that stand raw in a text."""
    return "".join(sorted(set(text) & set(ACTING)))


@pytest.mark.parametrize("char", list(ACTING))
def test_a_character_that_acts_is_shown_as_its_code_point(char: str) -> None:
    assert visible(f"a{char}b") == f"a\\u{{{ord(char):04X}}}b"


def test_nothing_a_screen_may_leave_out_is_left_out() -> None:
    assert [code for codes in IGNORABLE for code in codes if visible(chr(code)) != f"\\u{{{code:04X}}}"] == []


@pytest.mark.parametrize("text", ["plain", "Grüße", "邮件", "a\tb\nc", "→ ✓ ●", "مرحبا", "😀"])
def test_what_people_write_stays(text: str) -> None:
    assert visible(text) == text


@given(st.text())
def test_nothing_that_acts_is_left_and_nothing_is_dropped(text: str) -> None:
    shown = visible(text)
    assert not {unicodedata.category(char) for char in shown if char not in "\n\t"} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert len(shown) >= len(text)
    assert "\n" not in one_line(text)
    assert len(one_line(text, 50)) <= 50


def test_a_cut_is_visible() -> None:
    assert one_line("x" * 400) == "x" * 299 + "…"
    assert one_line("  a \n\t b  ") == "a b"


def test_each_piece_cleans_what_it_is_given() -> None:
    pieces = [plain(ACTING, 900), header(ACTING), preformatted(ACTING), button("a", ACTING, "1"), confirm(*[ACTING] * 4)]
    assert left("".join(text for piece in pieces for _, text in texts(piece))) == ""
    wild = {ACTING: (ACTING, [ACTING], Unknown(reason=Reason.TIMED_OUT, detail=ACTING))}
    assert left(json.dumps(value(wild), ensure_ascii=False)) == ""


@pytest.mark.parametrize("lang", LANGS)
def test_no_message_holds_one(lang: Lang) -> None:
    for one in everything(lang):  # its values hold a right-to-left override and an escape
        node = one if isinstance(one, dict) else {"text": one.text, "blocks": list(one.blocks)}
        assert left("".join(text for _, text in texts(node))) == ""


async def test_no_paste_and_no_host_brings_one_to_slack_the_log_or_the_audit(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    raw = ACTING.replace("\ud800", "")  # no lone surrogate comes over JSON from Slack
    async with at_home(tmp_path) as house:
        house.fleet.logs = [f"{LOG_LINE} {raw}"]
        house.fleet.says = raw
        ts = await house.ana.says(MAIL_OPS, f"@postmedic {raw}\n{LOG_LINE} {raw}")
        await house.ana.command(f"/postfix check {raw}")
        card = await house.ana.waits_for(is_card, thread=ts)
        await house.ben.clicks(card, "approve")
        await house.ana.waits_for(shows("Failed"), thread=ts)
        ts = await house.ana.says(MAIL_OPS, LOG_LINE.replace("host01", "host02"))
        await house.ben.clicks(await house.ana.waits_for(is_card, thread=ts), "deny")
        await house.ben.submits(await house.ben.waits_for_view(), {"reason": f"no {raw}"})
        await house.ana.waits_for(shows("*Denied*"), thread=ts)
        house.fleet.fails = raw
        ts = await house.ana.says(MAIL_OPS, f"@postmedic {LOG_LINE}")
        await house.ana.waits_for(shows("could not be"), thread=ts)
        await house.quiet()
        sent = list(payloads(house))
        assert len(sent) > 8
        assert left(json.dumps([one for _, one in sent], ensure_ascii=False)) == ""
        stored = b"".join(file.read_bytes() for file in tmp_path.glob("postmedic.db*"))
        events = [event async for event in house.store.events.read()]
    assert b"\\u202e" in stored  # JSON keeps it as ASCII, so that no program that prints a row obeys it
    assert "\u202e".encode() not in stored
    assert "\x1b[" not in "".join(str(event) for event in events)
    assert left("\n".join(Lines("%(message)s").format(record) for record in caplog.records)) == ""


def test_no_line_of_the_log_can_be_forged() -> None:
    record = logging.LogRecord("x", logging.INFO, "f", 1, "Slack said %s", (f"a\n2026-01-01 INFO forged\r{ACTING}",), None)
    said = Lines("%(asctime)s %(message)s").format(record)
    assert left(said) == ""
    assert "\n    2026-01-01 INFO forged" in said


@pytest.mark.parametrize("lang", LANGS)
def test_no_terminal_and_no_script_gets_one(
    lang: Lang, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = io.StringIO()
    console = Console(file=out, highlight=False, width=200, color_system=None)
    for one in test_messages.CASES:
        wild = dataclasses.replace(one, error=ACTING if one.error else "")
        print_diagnosis(console, wild, lang)
        out.write(json.dumps(diagnosis_data(wild), ensure_ascii=False))
    for checkup in test_messages.checkups():
        wild_check = dataclasses.replace(checkup, error=ACTING if checkup.error else "")
        told = findings(wild_check, {"startup-example": TITLES[0]}, lang, plain_value)
        print_checkup(console, wild_check, told, lang)
        out.write(json.dumps(checkup_data(wild_check, told), ensure_ascii=False))
    assert left(out.getvalue()) == ""
    assert "\\u{202E}" in out.getvalue()

    async def unreachable(*about: object) -> None:
        raise HostUnreachable(host="host01", detail=ACTING)

    monkeypatch.chdir(tmp_path)
    for order in (["match"], ["match", "--json"], ["diagnose"], ["diagnose", "--host", "local"]):
        if order[-1] == "local":
            monkeypatch.setattr("bot.cli.diagnose._run", unreachable)
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{LOG_LINE}{ACTING}"))
        main(order)
        said = capsys.readouterr()
        assert left(said.out + said.err) == ""
