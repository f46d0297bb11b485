"""D4: what was reviewed is what is loaded: one read, a digest over its raw bytes; a pinned one refuses a changed byte."""

from __future__ import annotations

import hashlib
import random
import shutil
from collections import Counter
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.cli.status import Status
from bot.errors import KnowledgeError
from bot.knowledge.library import BUILT_IN, entries, load

CHANGES = 24


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The built-in entries without their cases, where they may be changed."""
    shutil.copytree(BUILT_IN, tmp_path / "knowledge", ignore=shutil.ignore_patterns("cases"))
    return tmp_path / "knowledge"


def test_every_entry_is_read_once_and_its_digest_is_over_those_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second read could give other bytes than those that were judged."""
    read: Counter[Path] = Counter()
    given: dict[Path, bytes] = {}
    plain = Path.read_bytes

    def counted(path: Path) -> bytes:
        read[path] += 1
        given[path] = plain(path)
        return given[path]

    monkeypatch.setattr(Path, "read_bytes", counted)
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: pytest.fail("read in another way"))
    library = load()
    assert len(library) == len(read)
    assert set(read.values()) == {1}
    for name, folder in library.folders.items():
        assert library[name].digest == hashlib.sha256(given[folder / "problem.yaml"]).hexdigest()


def test_the_same_entries_have_the_same_digest_wherever_they_lie(copy: Path) -> None:
    assert load([copy]).digest == load().digest
    assert load([copy], pinned=load().digest).digest == load().digest


def test_one_changed_byte_anywhere_stops_the_start(copy: Path) -> None:
    """Any byte: one that YAML passes over too, such as a space at the end, a comment, or a carriage return."""
    pinned = load([copy]).digest
    chance = random.Random(4)
    files = [folder / "problem.yaml" for folder in entries(copy)]
    for number in range(CHANGES):
        file = chance.choice(files)
        whole = file.read_bytes()
        at = chance.randrange(len(whole))
        changed = (
            whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :],
            whole[:at] + whole[at + 1 :],
            whole + b"\n",
            whole + b"# reviewed\n",
            whole.replace(b"\n", b"\r\n", 1),
            b"\xef\xbb\xbf" + whole,
        )[number % 6]
        assert changed != whole
        file.write_bytes(changed)
        with pytest.raises(KnowledgeError):
            load([copy], pinned=pinned)
        file.write_bytes(whole)
    assert load([copy], pinned=pinned).digest == pinned


@pytest.mark.parametrize("change", ["added", "removed", "moved"])
def test_an_entry_more_less_or_elsewhere_stops_the_start(copy: Path, change: str) -> None:
    pinned = load([copy]).digest
    folder = next(entries(copy))
    if change == "added":
        text = (folder / "problem.yaml").read_text()
        (copy / "zz/new").mkdir(parents=True)
        (copy / "zz/new/problem.yaml").write_text(text.replace(f"id: {folder.parent.name}-{folder.name}", "id: zz-new"))
    else:
        target = copy.parent / "gone" if change == "removed" else copy / "zz" / folder.name
        target.parent.mkdir(exist_ok=True)
        shutil.move(folder, target)
    with pytest.raises(KnowledgeError):
        load([copy], pinned=pinned)


def test_the_command_line_prints_what_to_pin_and_keeps_to_it(
    copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = tmp_path / "postmedic.toml"
    settings.write_text("")
    (tmp_path / "ours/zz/own").mkdir(parents=True)
    entry = tmp_path / "ours/zz/own/problem.yaml"
    entry.write_text(
        (copy / "startup/no-local-interface/problem.yaml").read_text().replace("startup-no-local-interface", "zz-own")
    )
    settings.write_text('knowledge_paths = ["ours"]\n')
    assert main(["knowledge", "digest", "--settings", str(settings)]) == Status.FINE
    pinned = capsys.readouterr().out.strip()
    settings.write_text(f'knowledge_paths = ["ours"]\nknowledge_digest = "{pinned}"\n')
    assert main(["knowledge", "show", "zz-own", "--settings", str(settings)]) == Status.FINE
    entry.write_text(entry.read_text() + "\n")
    capsys.readouterr()
    assert main(["knowledge", "show", "zz-own", "--settings", str(settings)]) == Status.USAGE
    said = capsys.readouterr()
    assert said.out == ""
    assert pinned in said.err
    assert main(["knowledge", "digest", "--settings", str(settings)]) == Status.FINE, "what to review next can still be told"
    assert capsys.readouterr().out.strip() in said.err
