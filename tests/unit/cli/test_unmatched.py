"""Does `postmedic knowledge unmatched` list what was asked, harmlessly, and make no database of its own?"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.cli.status import Status
from bot.store.store import Store

pytestmark = pytest.mark.usefixtures("folder")

Capture = pytest.CaptureFixture[str]


async def _kept(*texts: str) -> None:
    store = await Store.open("postmedic.db")
    for number, text in enumerate(texts):
        await store.unmatched.keep(text, text, f"q{number}")
        if number == 0:
            await store.unmatched.keep(text, text, "again")
    await store.close()


def test_without_a_database_nothing_is_made_and_nothing_looks_well(folder: Path, capsys: Capture) -> None:
    assert main(["knowledge", "unmatched"]) == Status.UNMEASURED
    assert "There is no database" in capsys.readouterr().err
    assert list(folder.iterdir()) == []


def test_the_texts_are_listed_most_asked_first_and_cannot_act(capsys: Capture) -> None:
    asyncio.run(_kept("postfix sings\x1b[31m\u202e today", "postfix dances"))
    assert main(["knowledge", "unmatched"]) == Status.FINE
    said = capsys.readouterr().out
    assert said.startswith("asked 2 times, last 20")
    assert said.index("postfix sings") < said.index("postfix dances")
    assert not {"\x1b", "\u202e"} & set(said)
    assert main(["knowledge", "unmatched", "--lang", "zh"]) == Status.FINE
    assert "被询问 2 次" in capsys.readouterr().out


def test_scripts_get_values(capsys: Capture) -> None:
    asyncio.run(_kept("postfix sings\x1b\u202e"))
    assert main(["knowledge", "unmatched", "--json"]) == Status.FINE
    said = capsys.readouterr().out
    (one,) = json.loads(said)
    assert (one["text"], one["count"]) == ("postfix sings\x1b\u202e", 2)
    assert one["first_at"] <= one["last_at"]
    assert not {"\x1b", "\u202e"} & set(said)


def test_nothing_kept_is_said(capsys: Capture) -> None:
    asyncio.run(_kept())
    assert main(["knowledge", "unmatched"]) == Status.FINE
    assert "was recognised" in capsys.readouterr().out


def test_an_older_database_is_left_as_it_is(folder: Path, capsys: Capture) -> None:
    asyncio.run(_kept())
    with sqlite3.connect(folder / "postmedic.db") as connection:
        connection.execute("DELETE FROM versions WHERE number = (SELECT max(number) FROM versions)")
    assert main(["knowledge", "unmatched"]) == Status.UNMEASURED
    assert "older postmedic" in capsys.readouterr().err
