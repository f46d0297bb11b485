"""Are entries of one's own taken when they are sound, and is what was good last kept, with the reason, when they are not?"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.authoring.shelf import Shelf, announce, stamp
from bot.engine import Known
from bot.knowledge.library import load
from tests.support.own_entry import ENTRY, IDENTITY, LINE, place

BUILT_IN = len(load())


@pytest.fixture(scope="module")
def kept() -> Shelf:
    """Reading the built-in entries once is enough for all tests."""
    return Shelf([Path("/nonexistent")])


@pytest.fixture
def shelf(kept: Shelf, tmp_path: Path) -> Shelf:
    made = Shelf(())
    made._own, made._cases = (tmp_path / "ours",), kept._cases
    (tmp_path / "ours").mkdir()
    return made


def first(known: Known) -> str | None:
    sure = known.matcher.recognise(LINE).sure
    return sure[0].problem if sure else None


async def test_a_sound_folder_is_used(shelf: Shelf, tmp_path: Path) -> None:
    place(tmp_path / "ours")
    known = await shelf.read()
    assert known.refused == ""
    assert len(known.library) == BUILT_IN + 1
    assert first(known) == IDENTITY


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("id: local-frob-gone", "id: [", "problem.yaml:"),
        ("version: 1", "version: 1\ncolour: red", "'colour' is not known"),
        ("facts: [interfaces]", "facts: [unheard]", "there is no fact unheard"),
        ("en: Raise it.", "en: 'TODO: say it'", "causes.advice.en is not written yet. Hint: say it"),
        ("loopback-up, is: false}", "loopback-up, is: true}", "cases/down.yaml: confirmed is [], not [loopback-down]"),
        ("{times:int}", "{times:unheard}", "there is no type `unheard`"),
        ("frobnicator answered {times:int} times too often", "warning: {_:text}", "too little fixed text"),
    ],
)
async def test_an_unsound_change_is_refused_and_what_was_good_last_stays(
    shelf: Shelf, tmp_path: Path, old: str, new: str, said: str
) -> None:
    place(tmp_path / "ours")
    good = await shelf.read()
    assert old in ENTRY
    place(tmp_path / "ours", ENTRY.replace(old, new, 1))
    known = await shelf.read()
    assert said in known.refused
    assert known.library is good.library
    assert known.matcher is good.matcher
    place(tmp_path / "ours")
    assert (await shelf.read()).refused == ""


async def test_an_id_of_the_built_in_entries_is_refused(shelf: Shelf, tmp_path: Path) -> None:
    built_in = load().folders["startup-no-local-interface"]
    shutil.copytree(built_in, tmp_path / "ours/startup/no-local-interface")
    known = await shelf.read()
    assert "the id startup-no-local-interface exists twice" in known.refused
    assert known.library.folders["startup-no-local-interface"] == built_in


async def test_an_entry_that_takes_pastes_from_a_built_in_one_is_refused(shelf: Shelf, tmp_path: Path) -> None:
    greedy = "fatal: parameter inet_interfaces: no local interface found for {_:ip}"
    place(tmp_path / "ours", ENTRY.replace("signatures: [", f"signatures: ['{greedy}', "))
    assert "match is local-frob-gone, not startup-no-local-interface" in (await shelf.read()).refused


async def test_a_folder_that_is_not_there_is_no_empty_one(shelf: Shelf, tmp_path: Path) -> None:
    place(tmp_path / "ours")
    await shelf.read()
    shutil.move(tmp_path / "ours", tmp_path / "away")
    known = await shelf.read()
    assert "there is no such folder" in known.refused
    assert first(known) == IDENTITY


async def test_at_the_start_the_built_in_entries_are_what_was_good_last(shelf: Shelf, tmp_path: Path) -> None:
    place(tmp_path / "ours", "id: [")
    known = await shelf.read()
    assert len(known.library) == BUILT_IN
    assert "problem.yaml:2" in known.refused


async def test_control_characters_of_an_entry_do_not_reach_a_log(
    shelf: Shelf, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    place(tmp_path / "ours", ENTRY + '"\\e[31m\\u202e": 1\n')
    announce(await shelf.read())
    (said,) = caplog.messages
    assert "is not known here" in said
    assert not {"\x1b", "\u202e"} & set(said)


async def until(held: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not held():
            await asyncio.sleep(0.01)


async def test_every_change_is_seen_while_it_watches(shelf: Shelf, tmp_path: Path) -> None:
    await shelf.read()
    handed: list[Known] = []
    watching = asyncio.create_task(shelf.watch(handed.append, every=0.02))
    path = place(tmp_path / "ours")
    await until(lambda: bool(handed) and first(handed[-1]) == IDENTITY)
    path.write_text(ENTRY.replace("version: 1", "version: one"))
    await until(lambda: "version is a whole number" in handed[-1].refused)
    assert first(handed[-1]) == IDENTITY
    path.write_text(ENTRY.replace("version: 1", "version: 2"))
    await until(lambda: handed[-1].refused == "" and handed[-1].library[IDENTITY].version == 2)
    shutil.rmtree(path.parent)
    await until(lambda: IDENTITY not in handed[-1].library)
    count = len(handed)
    await asyncio.sleep(0.2)
    assert len(handed) == count
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


def test_what_is_looked_at_tells_every_change(tmp_path: Path) -> None:
    seen = [stamp([tmp_path / "ours"])]
    path = place(tmp_path / "ours")
    seen.append(stamp([tmp_path / "ours"]))
    path.write_text(ENTRY + "# more\n")
    seen.append(stamp([tmp_path / "ours"]))
    (path.parent / "cases/down.yaml").unlink()
    seen.append(stamp([tmp_path / "ours"]))
    assert len(set(seen)) == 4
    assert stamp([tmp_path / "ours"]) == seen[-1]
