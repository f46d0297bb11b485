"""Does a command survive closed, full and broken streams and terminals of few characters, and say what became of its output?"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bot.cli.status import Status
from tests.unit.cli.known import KNOWN

ROOT = Path(__file__).parents[3]


def call(folder: Path, *words: str, behind: str = "", out: int = subprocess.PIPE, **environment: str) -> tuple[int, str, str]:
    """Call the program as a shell does, which reads `behind` its words; gives its status and what it wrote."""
    command = f"exec {sys.executable} -m bot {shlex.join(words)} {behind}"
    given = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": ""} | environment
    done = subprocess.run(
        ["sh", "-c", command], stdout=out, stderr=subprocess.PIPE, cwd=folder, env=given, timeout=120, stdin=subprocess.DEVNULL
    )
    return done.returncode, (done.stdout or b"").decode("latin-1"), done.stderr.decode()


@pytest.mark.parametrize(("words", "status"), [(["match"], Status.UNRECOGNISED), (["diagnose"], Status.USAGE)])
def test_a_closed_standard_input_is_an_empty_one(tmp_path: Path, words: list[str], status: Status) -> None:
    returned, out, err = call(tmp_path, *words, behind="<&-")
    assert (returned, out, err.count("\n")) == (status, "", 1)


def test_closed_outputs_are_no_error(tmp_path: Path) -> None:
    assert call(tmp_path, "version", behind=">&- 2>&-")[0] == Status.FINE


@pytest.mark.parametrize(("words", "unbuffered"), [(["version"], ""), (["version"], "1"), (["--help"], "")])
def test_an_output_that_cannot_be_written_is_said(tmp_path: Path, words: list[str], unbuffered: str) -> None:
    """As on a full disk: half an export must not pass for a whole one, nor the loss for something that was found."""
    returned, _, err = call(tmp_path, *words, behind=">/dev/full", PYTHONUNBUFFERED=unbuffered)
    assert (returned, err.count("\n")) == (Status.USAGE, 1)
    assert err.startswith("PM105: The output could not be written: No space left on device.")


@pytest.mark.parametrize("words", [["version"], ["--help"], ["knowledge", "show", KNOWN]])
def test_nobody_reads_any_more_and_nothing_is_said_to_be_well(tmp_path: Path, words: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        returned, _, err = call(tmp_path, *words, out=writing)
    finally:
        os.close(writing)
    assert (returned, err) == (128 + signal.SIGPIPE, "")


@pytest.mark.parametrize("columns", ["0", "1", "x", ""])
def test_a_terminal_without_a_size_is_written_to(tmp_path: Path, columns: str) -> None:
    returned, out, _ = call(tmp_path, "doctor", COLUMNS=columns)
    assert returned == Status.FOUND
    assert "inventory" in "".join(out.split())


@pytest.mark.parametrize("charset", ["ascii", "gbk"])
@pytest.mark.parametrize("words", [["knowledge", "show", KNOWN, "--lang", "zh"], ["doctor"]])
def test_a_terminal_of_few_characters_is_written_to(tmp_path: Path, words: list[str], charset: str) -> None:
    returned, out, err = call(tmp_path, *words, PYTHONIOENCODING=charset)
    assert returned in {Status.FINE, Status.FOUND}
    assert "Traceback" not in err
    assert KNOWN in out or "inventory.toml" in out
