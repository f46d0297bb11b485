"""Is what a command may not look at named, and never taken for something that is not there?"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.cli.status import Status
from bot.store.store import Store
from tests.support.bound_by_modes import bound_by_modes

HOST = '[[host]]\nname = "host01"\nhost_keys = ["ssh-ed25519 AAAA"]\nreader = { user = "u", key = "key" }\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Settings whose database lies in a folder of the bot's account alone, looked at by somebody else."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "var").mkdir()
    (tmp_path / "postmedic.toml").write_text('database = "var/postmedic.db"\n')
    (tmp_path / "inventory.toml").write_text(HOST)
    (tmp_path / "key").touch(0o600)
    asyncio.run(_made(tmp_path / "var/postmedic.db"))
    (tmp_path / "var").chmod(0)
    with bound_by_modes():
        yield tmp_path
    (tmp_path / "var").chmod(0o700)


async def _made(database: Path) -> None:
    await (await Store.open(str(database))).close()


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "words",
    [
        ["freeze", "a key was stolen"],
        ["unfreeze"],
        ["audit", "show"],
        ["audit", "verify"],
        ["audit", "export"],
        ["knowledge", "unmatched"],
    ],
)
def test_a_database_of_somebody_else_is_named(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    status = main(words)
    said = capsys.readouterr().err
    assert said.startswith("PM302: The database could not be used: ")
    assert ("denied" in said or "unable to open" in said, said.count("\n"), status) == (True, 1, Status.USAGE)


@pytest.mark.usefixtures("folder")
def test_the_doctor_finds_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == Status.FOUND
    found = [one for one in json.loads(capsys.readouterr().out) if one["about"] == "database"]
    assert [one["verdict"] for one in found] == ["found"]


def test_the_bot_does_not_start_with_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve"]) == Status.USAGE
    assert capsys.readouterr().err.endswith(
        "PM101: The settings in var/postmedic.db cannot be used: Permission denied. "
        "Correct them and start again; nothing has been started.\n"
    )


def test_a_host_of_an_inventory_that_cannot_be_used_is_not_said_to_be_missing_there(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "inventory.toml").write_text(HOST.replace("reader", "reeder"))
    assert main(["doctor", "host01"]) == Status.FOUND
    said = " ".join(capsys.readouterr().out.split())
    assert "the key 'reeder' is not known" in said
    assert "not in the inventory" not in said


def test_a_host_that_is_missing_there_is_said_to_be(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "host99"]) == Status.USAGE
    assert capsys.readouterr().err.startswith("PM201: 'host99' is not in the inventory")


def test_a_folder_in_the_place_of_the_database_is_not_to_be_closed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "data").mkdir(mode=0o755)
    monkeypatch.setenv("POSTMEDIC_DATABASE", "data")
    assert main(["doctor", "--json"]) == Status.FOUND
    found = [one["says"] for one in json.loads(capsys.readouterr().out) if one["about"] == "database"]
    assert len(found) == 1
    assert "could not be used" in found[0]
