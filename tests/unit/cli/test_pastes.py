"""Is all that was typed or piped in either read or said to be left out, and shown so that it cannot act?"""

from __future__ import annotations

import io
import json
from argparse import Namespace
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.cli.pasted import LONGEST
from bot.cli.setting_up import settings
from bot.cli.status import Status
from bot.render.visible import visible
from tests.support.own_entry import ENTRY, IDENTITY, LINE, place
from tests.unit.cli.known import KNOWN, PASTE

pytestmark = pytest.mark.usefixtures("folder")

ORDINARY = "Nov 20 10:11:12 host01 postfix/smtpd[812]: connect from mx.example.com[192.0.2.1]\n"


@pytest.mark.parametrize("words", [["match"], ["match", "--json"], ["diagnose"], ["knowledge", "try"]])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_end_of_a_long_log_is_not_left_out_without_a_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], lang: str
) -> None:
    """The newest lines are its last: "not recognised" alone would be said of what was never read."""
    monkeypatch.setattr("sys.stdin", io.StringIO(ORDINARY * 3000 + PASTE))
    assert main([*words, "--lang", lang]) == Status.UNRECOGNISED
    assert "64 KiB" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", io.StringIO(PASTE))
    assert main([*words, "--lang", lang]) in {Status.FINE, Status.UNMEASURED}
    assert "64 KiB" not in capsys.readouterr().err


def test_a_whole_log_is_taken_from_who_writes_it_and_not_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    log = PASTE + ORDINARY * (3 * LONGEST // len(ORDINARY))
    monkeypatch.setattr("sys.stdin", io.StringIO(log))
    assert main(["match"]) == Status.FINE
    assert "tail -n 200" in capsys.readouterr().err
    (folder / "mail.log").write_text(log)
    assert main(["match", "--paste", "mail.log"]) == Status.FINE
    assert "tail -n 200" in capsys.readouterr().err


def test_scripts_get_values_where_nothing_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(PASTE))
    assert main(["diagnose", "--json"]) == Status.UNMEASURED
    (one,) = json.loads(capsys.readouterr().out)
    assert (one["problem"], one["host"], one["causes"]) == (KNOWN, None, [])
    assert "Nothing was measured" in one["error"], "no cause is not health"
    for words in ([], ["--host", "local"]):
        monkeypatch.setattr("sys.stdin", io.StringIO("dinner at eight"))
        assert main(["diagnose", "--json", *words]) == Status.UNRECOGNISED
        assert json.loads(capsys.readouterr().out) == []


def test_one_nasty_line_does_not_cost_the_answers_of_the_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = ["[" * 100_000, json.dumps({"id": "\ud800", "text": PASTE}), json.dumps({"id": 3, "text": PASTE})]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(rows)))
    assert main(["match", "--jsonl"]) == Status.FINE
    said = capsys.readouterr()
    assert [json.loads(line)["id"] for line in said.out.encode(errors="backslashreplace").splitlines()] == ["\ud800", 3]
    assert said.err.startswith("line 1 is not of the form")


@pytest.mark.parametrize(
    "words", [["knowledge", "show", IDENTITY], ["knowledge", "check"], ["match"], ["diagnose"], ["diagnose", "--host", "local"]]
)
def test_an_entry_cannot_hide_anything_from_who_reviews_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    hidden = ENTRY.replace("The frobnicator", "'").replace("{en: ' answers", '{en: "\\e[8mThe \\u202efrobnicator answers')
    hidden = hidden.replace(" too often, zh", '", zh').replace("loopback-down\n    when", '"loopback\\e[8m-down"\n    when')
    hidden = hidden.replace("Loopback is down.", '"\\e]0;x\\aLoopback is down."').replace("Raise it.", '"\\e[2JRaise it."')
    place(folder / "ours", hidden)
    monkeypatch.setenv("POSTMEDIC_KNOWLEDGE_PATHS", "ours")
    monkeypatch.setattr("sys.stdin", io.StringIO(LINE))
    main(words)
    said = capsys.readouterr()
    assert "\\u{" in said.out
    assert visible(said.out) == said.out


@pytest.mark.parametrize("name", ["../problem", "a/b", "", "..", "x.yaml", "A"])
def test_a_case_is_written_among_the_cases(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    file = place(folder / "ours")
    monkeypatch.setenv("POSTMEDIC_KNOWLEDGE_PATHS", "ours")
    monkeypatch.setattr("sys.stdin", io.StringIO(LINE))
    with pytest.raises(SystemExit) as ended:
        main(["knowledge", "record", IDENTITY, "--silent", "--case", name])
    assert ended.value.code == Status.USAGE
    assert file.read_text() == ENTRY


def test_the_language_that_is_asked_for_is_that_of_the_bot() -> None:
    assert settings(Namespace(settings=None, lang="zh")).lang == "zh"
    assert settings(Namespace(settings=None, lang=None)).lang == "en"
