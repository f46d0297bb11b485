"""D4: what was reviewed is what is loaded: read once, digest over raw bytes; a pinned or signed one refuses a changed byte."""

from __future__ import annotations

import asyncio
import hashlib
import random
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.authoring.shelf import Shelf
from bot.cli.status import Status
from bot.engine import Known
from bot.errors import KnowledgeError
from bot.knowledge import seal
from bot.knowledge.library import BUILT_IN, entries, load
from tests.support.bound_by_modes import bound_by_modes
from tests.support.own_entry import ENTRY, IDENTITY, place, sign, signer, signers

CHANGES = 24


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The built-in entries without their cases, where they may be changed."""
    shutil.copytree(BUILT_IN, tmp_path / "knowledge", ignore=shutil.ignore_patterns("cases"))
    return tmp_path / "knowledge"


def changes(whole: bytes, at: int) -> tuple[bytes, ...]:
    """A file with one byte changed, in ways of which YAML does not notice all."""
    changed = (
        whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :],
        whole[:at] + whole[at + 1 :],
        whole + b"\n",
        whole + b"# reviewed\n",
        whole.replace(b"\n", b"\r\n", 1),
        b"\xef\xbb\xbf" + whole,
    )
    assert whole not in changed
    return changed


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
        file.write_bytes(changes(whole, at)[number % 6])
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


# --- signed -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("closed", ["", "local", "local/frob-gone", "local/frob-gone/problem.yaml"])
def test_what_may_not_be_looked_into_is_not_taken_for_empty(tmp_path: Path, closed: str) -> None:
    """As where an administrator has put the entries there, and the bot's account is another one."""
    place(tmp_path / "ours")
    (tmp_path / "ours" / ".git").mkdir(mode=0)
    (tmp_path / "ours" / "lost+found").mkdir(mode=0)
    with bound_by_modes():
        assert list(load([tmp_path / "ours"])) == [IDENTITY]
        (tmp_path / "ours" / closed).chmod(0)
        try:
            with pytest.raises(KnowledgeError, match=r"Permission denied\. Hint: look at its rights"):
                load([tmp_path / "ours"])
        finally:
            (tmp_path / "ours" / closed).chmod(0o700)


def test_a_link_to_nothing_is_an_entry_that_cannot_be_read(tmp_path: Path) -> None:
    file = place(tmp_path / "ours")
    file.unlink()
    file.symlink_to("gone.yaml")
    with pytest.raises(KnowledgeError, match=r"ours/local/frob-gone/problem\.yaml: it cannot be read: No such file"):
        load([tmp_path / "ours"])


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    """A folder with one entry, and beside it the key of CI, which signed it."""
    place(tmp_path / "ours")
    sign(tmp_path / "ours", signer(tmp_path))
    return tmp_path / "ours"


def signed(ours: Path) -> list[str]:
    return list(load([ours], signers=ours.parent / "signers"))


def test_what_was_signed_is_loaded_wherever_it_lies(ours: Path, tmp_path: Path) -> None:
    assert signed(ours) == [IDENTITY]
    shutil.copytree(ours, tmp_path / "elsewhere")
    assert list(load([tmp_path / "elsewhere"], signers=tmp_path / "signers")) == [IDENTITY]


def test_one_byte_changed_after_the_signature_is_refused(ours: Path) -> None:
    (file,) = (folder / "problem.yaml" for folder in entries(ours))
    whole = file.read_bytes()
    for changed in changes(whole, len(whole) // 2):
        file.write_bytes(changed)
        with pytest.raises(KnowledgeError, match=r"incorrect signature.*sign it again"):
            signed(ours)
    file.write_bytes(whole)
    assert signed(ours) == [IDENTITY]


def test_what_nobody_signed_is_never_parsed(ours: Path) -> None:
    """Its text reaches no parser: what is said is about the signature, not about what the parser would choke on."""
    place(ours, "id: [")
    with pytest.raises(KnowledgeError, match="incorrect signature") as said:
        signed(ours)
    assert "problem.yaml" not in str(said.value)


def test_what_is_written_once_the_signature_was_looked_at_is_not_loaded(ours: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    verify = seal.verify

    def then_written(root: Path, digest: str, signers: Path) -> None:
        verify(root, digest, signers)
        place(root, ENTRY.replace("Raise it.", "Lower it."))

    reviewed = load([ours]).digest
    monkeypatch.setattr(seal, "verify", then_written)
    assert load([ours], signers=ours.parent / "signers").digest == reviewed
    assert load([ours]).digest != reviewed


def test_every_folder_needs_a_signature_of_its_own(ours: Path, tmp_path: Path) -> None:
    place(tmp_path / "more")
    shutil.move(tmp_path / "more/local/frob-gone", tmp_path / "more/local/other")
    (tmp_path / "more/local/other/problem.yaml").write_text(ENTRY.replace(IDENTITY, "local-other"))
    both, known = [ours, tmp_path / "more"], tmp_path / "signers"
    with pytest.raises(KnowledgeError, match=r"knowledge\.sig cannot be read"):
        load(both, signers=known)
    shutil.copy(ours / seal.SEAL, tmp_path / "more")
    with pytest.raises(KnowledgeError, match="incorrect signature"):
        load(both, signers=known)
    sign(tmp_path / "more", tmp_path / "ci")
    assert set(load(both, signers=known)) == {IDENTITY, "local-other"}


async def test_while_it_serves_only_what_is_signed_is_taken(ours: Path, tmp_path: Path) -> None:
    """What was good last stays in use, and it is told; a signature alone, or a signer, is seen as a change."""
    shelf = Shelf([ours], signers=tmp_path / "signers")
    good = await shelf.read()
    assert good.refused == ""
    used = [good]
    watching = asyncio.create_task(shelf.watch(used.append, every=0.05))

    async def until(held: Callable[[Known], bool]) -> Known:
        async with asyncio.timeout(60):
            while not held(used[-1]):
                await asyncio.sleep(0.02)
        return used[-1]

    place(ours, ENTRY.replace("Raise it.", "Raise it now."))
    assert (await until(lambda known: "incorrect signature" in known.refused)).library is good.library
    sign(ours, tmp_path / "ci")
    newer = await until(lambda known: known.refused == "" and known.library is not good.library)
    assert newer.library[IDENTITY].digest != good.library[IDENTITY].digest
    signers(tmp_path, tmp_path / "ci", 'valid-before="20200101"')
    assert (await until(lambda known: "key has expired" in known.refused)).library is newer.library
    watching.cancel()


def test_no_command_uses_what_nobody_signed_but_what_to_sign_is_told(
    ours: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = tmp_path / "postmedic.toml"
    settings.write_text('knowledge_paths = ["ours"]\nknowledge_signers = "signers"\n')
    call = ["--settings", str(settings)]
    assert main(["knowledge", "show", IDENTITY, *call]) == Status.FINE
    place(ours, ENTRY + "\n")
    capsys.readouterr()
    assert main(["knowledge", "show", IDENTITY, *call]) == Status.USAGE
    assert main(["doctor", *call]) == Status.FOUND
    said = capsys.readouterr()
    assert "Raise it." not in said.out
    assert f"postmedic knowledge digest --in {ours} | ssh-keygen -Y sign" in said.err
    assert f"→ postmedic knowledge digest --in {ours} | ssh-keygen -Y sign" in said.out
    assert main(["knowledge", "digest", "--in", str(ours), *call]) == Status.FINE
    assert capsys.readouterr().out == f"{load([ours]).digest}\n"


def _recipe() -> Iterator[str]:
    """The commands that docs/settings.md gives to CI."""
    page = (Path(__file__).parents[2] / "docs/settings.md").read_text(encoding="utf-8")
    block = re.search(r"```sh\n(.*?knowledge\.sig)\n```", page, re.DOTALL)
    assert block
    yield from block[1].splitlines()


def test_ci_signs_with_what_the_page_says(ours: Path, tmp_path: Path) -> None:
    (ours / seal.SEAL).unlink()
    (tmp_path / "postmedic").symlink_to(Path(sys.executable).parent / "postmedic")
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "KEY": str(tmp_path / "ci"), "HOME": str(tmp_path)}
    done = subprocess.run(["sh", "-euc", "\n".join(_recipe())], cwd=ours, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert signed(ours) == [IDENTITY]
