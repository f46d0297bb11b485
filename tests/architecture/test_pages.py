"""Do the pages say what the code does? An undocumented setting, command or error is a red test."""

from __future__ import annotations

import importlib
import re
from dataclasses import fields
from pathlib import Path

import pytest

from bot import errors
from bot.__main__ import parser
from bot.config import PREFIX, Settings
from bot.errors import PostmedicError
from tests.architecture.pages import ROOT, pages, parsers

ERRORS = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, PostmedicError)]
WRITTEN = sorted(
    path for path in ROOT.rglob("*.md") if not {".venv", "node_modules", ".git"} & set(path.relative_to(ROOT).parts)
)


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.name)
def test_a_generated_page_is_current(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == pages()[path], "run: make docs"


def test_every_command_leads_to_a_function() -> None:
    commands = {one.get_default("run") for _, one in parsers(parser(), "postmedic")}
    for module, _, function in (one.partition(":") for one in commands):
        assert callable(getattr(importlib.import_module(f"bot.cli.{module}"), function))


def test_every_setting_is_documented_with_its_default() -> None:
    page = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([a-z_]+)` \| ([^|]*) \|", page, re.MULTILINE))
    defaults = {one.name: getattr(Settings(), one.name) for one in fields(Settings)}
    assert set(rows) == set(defaults)
    for name, default in defaults.items():
        shown = f"`{default}`" if default not in ((), "", None) else "empty"
        assert rows[name].strip() == shown, name
        assert f"`{PREFIX}{name.upper()}`" in page


def test_every_error_has_its_own_code_and_says_something() -> None:
    codes = [one.code for one in ERRORS]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"PM[0-9]{3}", code) for code in codes)
    assert all((one.__doc__ or "").strip().endswith(".") for one in ERRORS)


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.code)
def test_an_error_fills_its_places_and_survives_missing_ones(kind: type[PostmedicError]) -> None:
    places = re.findall(r"\{([a-z_]+)\}", kind.__doc__ or "")
    said = str(kind(**{name: f"<{name}>" for name in places}))
    assert all(f"<{name}>" in said for name in places)
    assert "{" not in said
    assert str(kind())


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (path.parent / target).exists(), target
