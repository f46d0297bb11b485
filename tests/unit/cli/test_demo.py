"""Does the demo say what is wrong with how it was called, and does it really start and end? Started as a person starts it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from bot.cli.status import Status

CALL = (sys.executable, "-m", "bot", "demo")


def called(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*CALL, *arguments], capture_output=True, text=True, timeout=60)


def test_a_port_in_use_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = called("--port", str(port))
    assert ended.returncode == Status.USAGE
    assert f"port {port}" in ended.stderr
    assert "choose another with --port" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("port", ["70000", "-1", "http", "9" * 5000])
def test_a_number_that_is_no_port_is_told(port: str) -> None:
    ended = called(f"--port={port}")
    assert ended.returncode == Status.USAGE
    assert "is no port number" in ended.stderr


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "No such file"),
        (b"\xff\xfe", "not JSON"),
        (b"[", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"{}", "not a list of"),
        (b'[{"title": "a"}]', "not a list of"),
        (b'[{"title": "a", "text": 1}]', "not a list of"),
        (b'[{"title": "a", "text": "b", "more": "c"}]', "not a list of"),
    ],
)
def test_samples_that_cannot_be_offered_are_told(tmp_path: Path, content: bytes | None, why: str) -> None:
    file = tmp_path / "samples.json"
    if content is not None:
        file.write_bytes(content)
    ended = called("--samples", str(file))
    assert ended.returncode == Status.USAGE
    assert (str(file) in ended.stderr, why in ended.stderr) == (True, True)
    assert "Traceback" not in ended.stderr


def test_an_inventory_that_is_not_there_is_told(tmp_path: Path) -> None:
    ended = called("--port", "0", "--inventory", str(tmp_path / "none.toml"))
    assert ended.returncode == Status.USAGE
    assert "none.toml" in ended.stderr


def test_it_says_where_the_page_is_is_sound_to_the_doctor_and_ends_when_told() -> None:
    plain = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    with subprocess.Popen([*CALL, "--port", "0"], stdout=subprocess.PIPE, text=True, env=plain) as running:
        assert running.stdout is not None
        lines = iter(running.stdout.readline, "")
        url = next(found[0] for line in lines if (found := re.search(r"http://127\.0\.0\.1:\d+", line)))
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=10) as page:
            assert b"postmedic demo" in page.read()
        file = next(found[1] for line in lines if (found := re.search(r"--settings (\S+)", line)))
        doctor = subprocess.run(
            [sys.executable, "-m", "bot", "doctor", "--settings", file, "--json"], capture_output=True, text=True, timeout=120
        )
        assert [one["says"] for one in json.loads(doctor.stdout) if one["verdict"] == "found"] == []
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=20) == Status.FINE
