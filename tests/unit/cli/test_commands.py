"""Do the commands end with the status scripts rely on, and say what is wrong? Started as a person starts them."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
from pathlib import Path

import asyncssh
import pytest

from bot.__main__ import main
from bot.cli.status import Status
from bot.model.text import Lang
from bot.store.store import Store
from tests.unit.cli.known import KNOWN, PASTE


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def inventory(folder: Path) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    (folder / "key").write_bytes(key.export_private_key())
    (folder / "key").chmod(0o600)
    public = key.export_public_key().decode().strip()
    (folder / "inventory.toml").write_text(
        f'[[host]]\nname = "host01"\naddress = "127.0.0.1"\nport = 1\nhost_keys = ["{public}"]\n'
        'reader = { user = "u", key = "key" }\n'
    )


@pytest.mark.usefixtures("folder")
def test_match_names_a_known_problem(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    typed(monkeypatch, PASTE)
    assert main(["match", "--json"]) == Status.FINE
    answer = json.loads(capsys.readouterr().out)
    assert answer["answer"] == KNOWN
    assert answer["candidates"][0]["problem"] == KNOWN


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("text", ["", "\n", "Dinner is at eight.", "\x00\x01\x02", "\u202e" * 5000])
def test_match_does_not_guess(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str) -> None:
    typed(monkeypatch, text)
    assert main(["match"]) == Status.UNRECOGNISED
    said = capsys.readouterr()
    assert (said.out, "not recognised" in said.err) == ("", True)


def test_match_reads_a_file_that_is_no_text(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "mail.log").write_bytes(b"\xff\xfe\x00" + PASTE.encode())
    assert main(["match", "--paste", str(folder / "mail.log")]) == Status.FINE
    assert KNOWN in capsys.readouterr().out
    assert main(["match", "--paste", str(folder / "absent.log")]) == Status.USAGE
    assert "absent.log" in capsys.readouterr().err
    assert main(["match", "--paste", str(folder)]) == Status.USAGE


@pytest.mark.usefixtures("folder")
def test_match_answers_every_line_and_names_broken_ones(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        json.dumps({"id": 1, "text": PASTE}),
        "not json",
        '{"id": 2}',
        '{"id": 3, "text": 5}',
        "[]",
        "",
        '{"id": 4, "text": ""}',
    ]
    typed(monkeypatch, "\n".join(rows) + "\n")
    assert main(["match", "--jsonl"]) == Status.FINE
    said = capsys.readouterr()
    answers = [json.loads(line) for line in said.out.splitlines()]
    assert [(one["id"], one["answer"]) for one in answers] == [(1, KNOWN), (4, None)]
    assert [f"line {number} " in said.err for number in (2, 3, 4, 5)] == [True] * 4


@pytest.mark.usefixtures("folder")
def test_diagnose_without_a_host_only_names(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    typed(monkeypatch, PASTE)
    assert main(["diagnose"]) == Status.UNMEASURED
    said = capsys.readouterr()
    assert KNOWN in said.out
    assert "--host" in said.err
    typed(monkeypatch, "Dinner is at eight.")
    assert main(["diagnose"]) == Status.UNRECOGNISED


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("text", ["", "  \n \t\n"])
def test_diagnose_says_when_there_is_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    typed(monkeypatch, text)
    assert main(["diagnose", "--host", "local"]) == Status.USAGE
    assert "nothing on standard input" in capsys.readouterr().err


@pytest.mark.usefixtures("folder")
def test_diagnose_measures_this_machine(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    typed(monkeypatch, PASTE)
    status = main(["diagnose", "--host", "local", "--json"])
    (one,) = json.loads(capsys.readouterr().out)
    assert (one["problem"], one["host"]) == (KNOWN, "local")
    verdicts = {cause["verdict"] for cause in one["causes"]}
    expected = Status.FOUND if "confirmed" in verdicts else Status.UNMEASURED if "unmeasured" in verdicts else Status.FINE
    assert status == expected


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_check_measures_this_machine_in_words(capsys: pytest.CaptureFixture[str], lang: Lang) -> None:
    status = main(["check", "local", "--lang", lang])
    assert status in {Status.FINE, Status.FOUND, Status.UNMEASURED}
    assert {"en": "Health of local", "zh": "local 的健康状况"}[lang] in capsys.readouterr().out


@pytest.mark.usefixtures("folder")
def test_check_for_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["check", "local", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert {"host", "error", "findings", "facts", "diagnoses", "measured_at"} == set(told)
    assert {"service.postfix", "queue", "log"} <= set(told["facts"])
    found = {one["verdict"] for one in told["findings"]}
    assert found <= {"fine", "found", "unmeasured"}
    assert status != Status.FINE or found == {"fine"}


def test_a_host_that_cannot_be_reached_is_never_fine(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inventory(folder)
    assert main(["check", "host01"]) == Status.UNMEASURED
    assert "could not be reached" in " ".join(capsys.readouterr().out.split())
    assert main(["check", "host01", "--json"]) == Status.UNMEASURED
    told = json.loads(capsys.readouterr().out)
    assert told["error"]
    assert all("unknown" in fact for fact in told["facts"].values())


@pytest.mark.parametrize("name", ["host99", "host01.evil.example", "127.0.0.1", "\x1b[31mred", "$(id)"])
def test_a_host_outside_the_inventory_is_refused(folder: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    inventory(folder)
    assert main(["check", name]) == Status.USAGE
    said = capsys.readouterr().err
    assert said.startswith("PM201: ")
    assert "host01" in said
    assert "\x1b" not in said


def test_a_broken_inventory_or_settings_file_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "host01"]) == Status.USAGE
    assert capsys.readouterr().err.startswith("PM102: ")
    (folder / "inventory.toml").write_text("[[host]\n")
    assert main(["check", "host01"]) == Status.USAGE
    assert "not TOML" in capsys.readouterr().err
    (folder / "postmedic.toml").write_text("colour = 1\n")
    assert main(["check", "local"]) == Status.USAGE
    assert capsys.readouterr().err.startswith("PM101: ")
    assert main(["check", "local", "--settings", "absent.toml"]) == Status.USAGE


def test_an_error_is_told_in_the_language_that_was_asked_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "host01", "--lang", "zh"]) == Status.USAGE
    assert capsys.readouterr().err.startswith("PM102: 主机清单 inventory.toml 无法使用：")
    (folder / "postmedic.toml").write_text('lang = "zh"\n')
    assert main(["check", "host01"]) == Status.USAGE
    assert capsys.readouterr().err.startswith("PM102: 主机清单 ")
    (folder / "postmedic.toml").write_text("colour = 1\n")
    assert main(["check", "host01"]) == Status.USAGE
    assert capsys.readouterr().err.startswith("PM101: The settings in ")


def test_broken_knowledge_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    broken = folder / "ours" / "startup" / "broken"
    broken.mkdir(parents=True)
    (broken / "problem.yaml").write_text("id: startup-broken\nid: twice\n")
    (folder / "postmedic.toml").write_text('knowledge_paths = ["ours"]\n')
    (folder / "postmedic.toml").chmod(0o600)
    typed(monkeypatch, PASTE)
    assert main(["match"]) == Status.USAGE
    said = capsys.readouterr().err
    assert said.startswith("PM103: ours/startup/broken/problem.yaml:2: ")
    assert "Hint: " in said


@pytest.mark.usefixtures("folder")
def test_knowledge_is_shown_and_checked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["knowledge", "show", KNOWN, "--lang", "zh"]) == Status.FINE
    assert KNOWN in capsys.readouterr().out
    assert main(["knowledge", "show", "no-such"]) == Status.USAGE
    assert "no-such" in capsys.readouterr().err
    assert main(["knowledge", "check", "no-such"]) == Status.USAGE
    capsys.readouterr()
    status = main(["knowledge", "check", KNOWN])
    closing = capsys.readouterr().out.splitlines()[-1]
    assert closing.startswith("1 problems, ")
    assert status == (Status.FINE if closing.endswith(" 0 to mend") else Status.FOUND)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["unheard"],
        ["check"],
        ["check", "local", "--lang", "fr"],
        ["knowledge"],
        ["demo", "x"],
        ["demo", "--port", "0000099999"],
        ["approve", "4f0c", "--text", "--key", "key"],
    ],
)
def test_a_wrong_call_is_answered_with_its_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == Status.USAGE
    assert "usage: postmedic" in capsys.readouterr().err


def test_bytes_of_any_charset_can_be_piped_in(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bot", "match"]
    raw = b"\xff\xfe\x00 gr\xfc\xdfe\n" + PASTE.encode()
    done = subprocess.run(command, input=raw, capture_output=True, cwd=Path(__file__).parents[3])
    assert (done.returncode, KNOWN in done.stdout.decode(), done.stderr) == (Status.FINE, True, b"")
    done = subprocess.run(command, input=bytes(range(256)) * 50, capture_output=True, cwd=Path(__file__).parents[3])
    assert done.returncode == Status.UNRECOGNISED


def test_whoever_has_no_name_here_can_freeze_and_is_named_by_number(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A container may run under a number that no file knows."""
    asyncio.run(_made(folder))
    for name in ("SUDO_USER", "LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.getuid", lambda: 4_000_000)
    assert main(["freeze", "a key was stolen"]) == Status.FINE
    assert "local:4000000" in capsys.readouterr().out


async def _made(folder: Path) -> None:
    await (await Store.open(str(folder / "postmedic.db"))).close()


def test_a_key_file_that_links_to_itself_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "loop").symlink_to("loop")
    assert main(["enroll", "host01", "--probe-key", "loop"]) == Status.USAGE
    assert "no private key without a passphrase can be read" in capsys.readouterr().err
