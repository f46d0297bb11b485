"""Do the rooms import each other as the plan of the house allows? The contracts stand in pyproject.toml."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONTRACTS = {
    one["name"]: one for one in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
}


def test_every_contract_is_kept() -> None:
    command = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([command, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr


def rooms() -> set[str]:
    found = {path.stem for path in (ROOT / "bot").glob("*.py")} | {path.parent.name for path in (ROOT / "bot").glob("*/*.py")}
    return {f"bot.{name}" for name in found - {"__init__", "sandbox"}}


def test_every_room_has_a_layer() -> None:
    layers = " ".join(CONTRACTS["Rooms import downwards only"]["layers"]).replace("(", " ").replace(")", " ").split()
    assert rooms() - set(layers) == set(), "add the new room to the layers in pyproject.toml"


def test_the_local_workspace_is_kept_apart_from_every_room() -> None:
    forbidden = set(CONTRACTS["The local workspace does not know the program"]["forbidden_modules"])
    assert rooms() | {"handlers"} == forbidden, "name the new room in the contract of the local workspace in pyproject.toml"
