"""Does `postmedic knowledge new` begin an entry where it should, and lead the author through `check` and `record`?"""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.cli.status import Status
from bot.connectors.replay import ReplayReader
from bot.model.probe import Reading

LINE = "postfix/smtpd[9]: fatal: frobnicator answered 7 times to mx.example.com[192.0.2.1]\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings that name a folder of entries of one's own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "postmedic.toml").write_text('knowledge_paths = ["ours"]\n')
    (tmp_path / "postmedic.toml").chmod(0o600)
    return tmp_path


def test_a_new_entry_goes_to_the_first_folder_of_the_settings_and_fails_its_check(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(LINE))
    assert main(["knowledge", "new", "local-frob", "--paste", "-"]) == Status.FINE
    said = capsys.readouterr().out
    assert str(Path("ours/local/frob/problem.yaml")) in said
    assert "signature: fatal: frobnicator answered {number:int} times to {peer:peer}" in said
    assert main(["knowledge", "check", "local-frob"]) == Status.FOUND
    assert "is not written yet. Hint: " in capsys.readouterr().out
    assert main(["knowledge", "new", "local-frob"]) == Status.USAGE
    assert capsys.readouterr().err.startswith("PM103: ours/local/frob: the problem local-frob exists already.")
    assert main(["knowledge", "new", "perm-postdrop"]) == Status.USAGE
    assert main(["knowledge", "new", "../evil"]) == Status.USAGE
    assert [one.name for one in (folder / "ours").iterdir()] == ["local"]


def test_another_folder_is_named_with_what_makes_it_known(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["knowledge", "new", "local-frob", "--in", "elsewhere"]) == Status.FINE
    said = capsys.readouterr()
    assert (folder / "elsewhere/local/frob/problem.yaml").exists()
    assert "elsewhere is not in knowledge_paths" in said.err


def test_a_paste_without_a_telling_line_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("1 2 3\n"))
    assert main(["knowledge", "new", "local-frob", "--paste", "-"]) == Status.FINE
    assert "write it by hand" in capsys.readouterr().err
    assert main(["knowledge", "new", "local-other", "--paste", "absent.log"]) == Status.USAGE


def test_the_case_without_a_host_is_recorded_with_its_secrets_masked(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(LINE))
    main(["knowledge", "new", "local-frob", "--paste", "-"])
    monkeypatch.setattr("sys.stdin", io.StringIO(LINE + "relay password = hunter2\n"))
    assert main(["knowledge", "record", "local-frob", "--silent", "--case", "probe-failed"]) == Status.FINE
    written = (folder / "ours/local/frob/cases/probe-failed.yaml").read_text()
    assert "hunter2" not in written
    assert "match: local-frob" in written
    main(["knowledge", "check", "local-frob"])
    said = capsys.readouterr().out
    assert "no case shows failed probes" not in said
    assert "no case shows a healthy host" in said


def test_an_entry_in_a_folder_that_is_not_ones_own_gets_no_case_but_a_word(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As it is for the bot's account and the entries of an installation, which are root's."""
    monkeypatch.setattr("sys.stdin", io.StringIO(LINE))
    main(["knowledge", "new", "local-frob", "--paste", "-"])
    (folder / "ours/local/frob/cases").rmdir()
    (folder / "ours/local/frob/cases").write_text("")
    monkeypatch.setattr("sys.stdin", io.StringIO(LINE))
    assert main(["knowledge", "record", "local-frob", "--silent", "--case", "probe-failed"]) == Status.USAGE
    assert "cannot be written" in capsys.readouterr().err


def test_a_case_recorded_on_a_host_names_its_postfix(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(LINE))
    main(["knowledge", "new", "local-frob", "--paste", "-"])
    monkeypatch.setattr("sys.stdin", io.StringIO(LINE))
    told = b"[unexpanded]\nmail_version = 3.9.1\n[expanded]\nmail_version = 3.9.1\n"
    answers = ReplayReader({"settings": Reading(key="settings", exit=0, stdout=told)})
    monkeypatch.setattr("bot.cli.setting_up.LocalReader", lambda: answers)
    assert main(["knowledge", "record", "local-frob", "--host", "local", "--case", "here"]) == Status.FINE
    written = (folder / "ours/local/frob/cases/here.yaml").read_text()
    assert "host: local" in written
    assert 'postfix: "3.9.1"' in written
