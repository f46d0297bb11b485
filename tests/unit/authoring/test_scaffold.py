"""Does a new entry load, say what to write next, and pass no check until it is written? Does it overwrite nothing?"""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.authoring.lint import lint
from bot.authoring.scaffold import begin
from bot.authoring.unwritten import TODO, unwritten
from bot.errors import KnowledgeError
from bot.knowledge.library import load
from bot.matching.signatures import Signature
from bot.model.problem import Problem

LINE = 'postfix/smtpd[9]: fatal: frobnicator "/run/frob.sock" answered 7 times to mx.example.com[192.0.2.1]'


def begun(root: Path, identity: str = "local-frob-gone", paste: str = "") -> Problem:
    begin(identity, root, (), paste)
    return load([root])[identity]


def test_a_new_entry_loads_and_every_finding_says_what_to_write(tmp_path: Path) -> None:
    problem = begun(tmp_path)
    raw = (tmp_path / "local/frob-gone/problem.yaml").read_bytes()
    found = lint(problem, raw)
    said = {one.detail for one in found}
    for place in ("title.en", "title.zh", "references", "signatures", "causes.says.en", "causes.advice.zh", "lab.break"):
        assert f"{place} is not written yet" in said
    assert "it measures nothing" in said
    assert "the cause todo reads todo, which is not declared" in said
    assert all(one.error and one.hint for one in found)
    lines = raw.decode().splitlines()
    for one in unwritten(raw, "x"):
        number = int(one.where.rpartition(":")[2])
        assert any(TODO in line for line in lines[number - 1 : number + 2]), one
    assert (tmp_path / "local/frob-gone/cases").is_dir()


def test_no_part_that_is_left_unwritten_passes(tmp_path: Path) -> None:
    begun(tmp_path)
    text = (tmp_path / "local/frob-gone/problem.yaml").read_text()
    places = text.count(TODO)
    assert places == len(list(unwritten(text.encode(), "x"))) >= 10
    written = text
    for left in range(places - 1, -1, -1):
        written = written.replace(TODO, "", 1)
        assert len(list(unwritten(written.encode(), "x"))) == left


def test_the_first_signature_is_made_of_the_paste(tmp_path: Path) -> None:
    (signature,) = begun(tmp_path, paste=f"hello\nNov 22 10:00:01 host01 {LINE}\n").signatures
    assert signature == 'fatal: frobnicator "{file:path}" answered {number:int} times to {peer:peer}'
    assert list(Signature(signature).find(LINE))


@pytest.mark.parametrize(
    "paste",
    [
        "fatal: it said: 'a' \"b\" # c: [d] {e} !!python/object &x *x | > %",
        "fatal: broken words ---\n... - and: more words",
        "\u202efatal: hidden\x1b[31m words of danger\x00 here",
        "fatal: 本地 配置 with several words: and colons: here",
    ],
)
def test_nothing_of_a_paste_becomes_yaml(tmp_path: Path, paste: str) -> None:
    problem = begun(tmp_path, paste=paste)
    assert problem.id == "local-frob-gone"
    assert len(problem.signatures) == 1
    assert problem.causes[0].id == "todo"


def test_a_secret_of_the_paste_is_not_written(tmp_path: Path) -> None:
    begun(tmp_path, paste="warning: cannot use smtp_sasl_password_maps = static:ana:hunter2 for this relay host")
    text = (tmp_path / "local/frob-gone/problem.yaml").read_text()
    assert "hunter2" not in text
    assert "cannot use" in text


@pytest.mark.parametrize(
    "identity", ["", "x", "Local-frob", "local_frob", "../up", "local-", "-a-b", "a--b", "local-a/b", "a-" * 40 + "a"]
)
def test_what_is_no_id_is_refused(tmp_path: Path, identity: str) -> None:
    with pytest.raises(KnowledgeError, match="not the id of a problem"):
        begin(identity, tmp_path, ())
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    begun(tmp_path / "one")
    before = (tmp_path / "one/local/frob-gone/problem.yaml").read_bytes()
    with pytest.raises(KnowledgeError, match="exists already"):
        begin("local-frob-gone", tmp_path / "one", (), "other words that are long enough")
    with pytest.raises(KnowledgeError, match="exists already"):
        begin("local-frob-gone", tmp_path / "two", (tmp_path / "one",))
    assert (tmp_path / "one/local/frob-gone/problem.yaml").read_bytes() == before
    assert not (tmp_path / "two").exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KnowledgeError, match="cannot be written"):
        begin("local-frob-gone", tmp_path / "file", ())
