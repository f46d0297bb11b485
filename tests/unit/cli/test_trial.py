"""Does `postmedic knowledge try` show an author how the answer came about, in both languages and for scripts?"""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.cli.status import Status
from tests.unit.cli.known import KNOWN, PASTE

pytestmark = pytest.mark.usefixtures("folder")


def tried(monkeypatch: pytest.MonkeyPatch, text: str, *more: str) -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    return main(["knowledge", "try", *more])


def test_it_tells_pattern_score_and_captures(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert tried(monkeypatch, PASTE) == Status.FINE
    said = capsys.readouterr().out
    assert "no local interface found for {address:ip}" in said
    assert "address = 127.0.0.1" in said
    assert "said unprompted" in said
    assert tried(monkeypatch, PASTE, "--lang", "zh") == Status.FINE
    assert "会主动说出" in capsys.readouterr().out


def test_scripts_get_values(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert tried(monkeypatch, "why?\n" + PASTE, "--json") == Status.FINE
    told = json.loads(capsys.readouterr().out)
    assert (told["answer"], told["silence"]) == (KNOWN, None)
    first = told["candidates"][0]
    assert (first["problem"], first["verdict"], first["kind"]) == (KNOWN, "sure", "exact")
    assert first["margin"] == first["score"]
    (shown,) = told["lines"][1]["shows"]
    assert (shown["problem"], shown["score"]) == (KNOWN, first["score"])
    assert told["lines"][0]["shows"] == []


def test_silence_is_explained_and_is_not_success(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tried(monkeypatch, "dinner at eight") == Status.UNRECOGNISED
    assert "no word of Postfix's own" in capsys.readouterr().out
    (folder / "mail.log").write_text("\x1b[31mpostfix sings beautifully\u202e today")
    assert main(["knowledge", "try", "--paste", "mail.log"]) == Status.UNRECOGNISED
    said = capsys.readouterr().out
    assert "nothing that is known comes near" in said
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert main(["knowledge", "try", "--paste", "absent.log"]) == Status.USAGE
    assert capsys.readouterr().err.startswith("PM104: absent.log cannot be read")
