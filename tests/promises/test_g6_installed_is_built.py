"""G6: what is installed is what was locked, by digest, and nothing is older than the version that mended its known attacks."""

from __future__ import annotations

import json
import re
import runpy
import shutil
import subprocess
import sys
from importlib.metadata import distributions, version
from pathlib import Path

import pytest
from packaging.version import Version

from bot import program
from bot.__main__ import main
from bot.app import note_start
from bot.store.store import Store
from tests.architecture.pages import ROOT, SECURITY

LOCKS = sorted(ROOT.glob("requirements*.lock"))
PINNED = re.compile(r"([A-Za-z0-9._-]+)(?:\[[a-z0-9,_-]+\])?==([A-Za-z0-9.+!]+)(?: ; [^\\]+)? ?\\?")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64} ?\\?")
MENDED = re.findall(
    r"^\| ([^|]+) \| ([a-z0-9-]+) \| ([0-9][0-9.]*) \|", SECURITY.read_text(encoding="utf-8"), re.MULTILINE
)  # attack, package, version
FLOORS = {
    "asyncssh": "2.24",
    "aiohttp": "3.14.3",
    "pyyaml": "6.0.3",
    "jinja2": "3.1.6",
    "google-re2": "1.1.20251105",
    "slack-bolt": "1.30",
}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(lock: Path) -> dict[str, tuple[str, int]]:
    """Each requirement of a lock with its version and how many digests it has; fails on any line of another form."""
    found: dict[str, tuple[str, int]] = {}
    name = ""
    for line in lock.read_text(encoding="utf-8").splitlines():
        said = line.strip()
        if not said or said.startswith("#"):
            continue
        if HASH.fullmatch(said):
            found[name] = (found[name][0], found[name][1] + 1)
            continue
        pinned = PINNED.fullmatch(said)
        assert pinned, f"{lock.name}: {line!r} is neither a pinned version nor a digest"
        name = normal(pinned[1])
        assert name not in found, name
        found[name] = (pinned[2], 0)
    return found


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_holds_versions_and_digests_and_names_no_machine(lock: Path) -> None:
    found = locked(lock)
    assert len(found) > 20
    assert [name for name, (_, digests) in found.items() if not digests] == []
    assert not re.search(r"https?:|file:|--(extra-)?index-url|--find-links|@ ", lock.read_text(encoding="utf-8"))


def test_installing_checks_digests_and_takes_nothing_else() -> None:
    for file in ("Makefile", "deploy/bot/Containerfile"):
        text = (ROOT / file).read_text(encoding="utf-8")
        installs = [line for line in text.splitlines() if re.search(r"pip install|-m pip install", line)]
        assert len(installs) >= 2
        for line in installs:
            assert "--require-hashes --only-binary :all:" in line or "--no-deps --no-build-isolation" in line, line


def test_what_is_installed_here_is_what_is_locked() -> None:
    wanted = {name: pinned for lock in LOCKS for name, (pinned, _) in locked(lock).items()}
    installed = {normal(one.metadata["Name"]): one.version for one in distributions()}
    runtime = locked(ROOT / "requirements.lock")
    assert {name for name in runtime if name not in installed} == set()
    assert {name: installed[name] for name in runtime} == {name: pinned for name, (pinned, _) in runtime.items()}
    assert {name for name, held in installed.items() if wanted.get(name, held) != held} == set()
    assert set(installed) - set(wanted) <= {"pip", "postmedic"}, "something is installed that no lock names"


def test_every_attack_of_the_page_was_mended_in_what_is_installed() -> None:
    assert len(MENDED) >= 10
    assert {"asyncssh", "jinja2", "pyyaml"} <= {package for _, package, _ in MENDED}
    old = [(attack, package) for attack, package, mended in MENDED if Version(version(package)) < Version(mended)]
    assert old == []


@pytest.mark.parametrize(("package", "floor"), FLOORS.items())
def test_the_floors_are_required_and_held(package: str, floor: str) -> None:
    assert Version(version(package)) >= Version(floor)
    required = re.findall(rf'"{package}>=([0-9.]+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert required, "the project must require it, so that no other installation goes below"
    assert Version(required[0]) >= Version(floor)


def copied(folder: Path) -> Path:
    for part in program.PARTS:
        shutil.copytree(ROOT / part, folder / part)
    return folder


def test_anybody_can_make_the_digest_of_the_program_again_without_the_program(tmp_path: Path) -> None:
    said = re.search(r"^(find .+)$", (ROOT / "deploy/RUNBOOK.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert said
    there = subprocess.run(["/bin/sh", "-c", said[1]], cwd=copied(tmp_path), capture_output=True, check=True, text=True)
    assert there.stdout.split()[0] == program.digest() == program.digest(tmp_path)


@pytest.mark.parametrize("part", program.PARTS)
def test_another_byte_or_file_in_any_part_is_another_digest(tmp_path: Path, part: str) -> None:
    one = next(path for path in sorted(copied(tmp_path).joinpath(part).rglob("*")) if path.is_file() and path.stat().st_size)
    was, content = program.digest(tmp_path), one.read_bytes()
    one.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert program.digest(tmp_path) != was
    one.write_bytes(content)
    assert program.digest(tmp_path) == was
    one.with_name("more").touch()
    assert program.digest(tmp_path) != was


async def test_the_record_says_which_program_and_knowledge_served(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = await Store.open(str(tmp_path / "postmedic.db"))
    await note_start(store, "bot-1", "0b9e")
    (event,) = [event async for event in store.events.read()]
    await store.close()
    assert main(["version"]) == 0
    name, release, digest = capsys.readouterr().out.split()
    assert (event.kind, event.actor, name) == ("program.started", "bot-1", "postmedic")
    assert event.details == {"version": release, "program": digest, "knowledge": "0b9e"}


def test_the_bill_of_materials_is_the_lock() -> None:
    script = ROOT / "deploy/sbom.py"
    first, second = (subprocess.run([sys.executable, script], capture_output=True, check=True).stdout for _ in range(2))
    assert first == second
    made = json.loads(first)
    assert (made["bomFormat"], made["specVersion"]) == ("CycloneDX", "1.6")
    assert made["serialNumber"].startswith("urn:uuid:")
    runtime = locked(ROOT / "requirements.lock")
    listed = {one["name"]: (one["version"], len(one["hashes"])) for one in made["components"]}
    assert listed == runtime
    assert all(one["purl"] == f"pkg:pypi/{one['name']}@{one['version']}" for one in made["components"])
    other = runpy.run_path(str(script))["bill"]("x==1 --hash=sha256:" + "0" * 64, {"name": "postmedic", "version": "9"})
    assert other["serialNumber"] != made["serialNumber"]
    assert [(one["name"], len(one["hashes"])) for one in other["components"]] == [("x", 1)]
