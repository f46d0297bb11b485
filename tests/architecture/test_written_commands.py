"""Can every `postmedic …` command that a page tells people to type be typed? The pages are read by the real parser."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.__main__ import parser
from handlers.commands import words
from tests.architecture.pages import ROOT

PAGES = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "deploy/**/*.md", "knowledge/README.md")
    for path in ROOT.glob(pattern)
    if path.name not in ("CHANGELOG.md", "commands.md")  # of other times; made from the parser itself
)
FENCED = re.compile(r"^```(?:sh|shell|bash|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`((?:[^`\n]*\| )?postmedic [^`\n]+|/postfix [^`\n]+)`")
STANDS_FOR = {"<id>": "area-name", "<name>": "case", "HOST": "host01", "HOST|local": "local"}


def typed(page: Path) -> Iterator[tuple[str, bool]]:
    """The commands of a page, and whether each is whole: lines of shell blocks are, what prose names may lack arguments."""
    text = page.read_text(encoding="utf-8")
    for block in FENCED.findall(text):
        for line in block.splitlines():
            for command in re.findall(r"(?:^|[;&|] *)(postmedic [^;&|]+)", line.strip()):
                yield command, True
    for found in INLINE.findall(re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)):
        yield from ((part, False) for part in found.split("| ") if part.startswith(("postmedic ", "/postfix ")))


def given(command: str) -> list[str]:
    """The arguments of a command, without comments and redirections."""
    said = [STANDS_FOR.get(word, word) for word in shlex.split(command, comments=True)]
    ends = next((place for place, word in enumerate(said) if word in (">", "<", ">>", "2>") or "|" in word), len(said))
    return [word for word in said[1:ends] if word != "…"]


COMMANDS = sorted({(page.relative_to(ROOT).as_posix(), *command) for page in PAGES for command in typed(page)})


def test_the_pages_hold_commands() -> None:
    assert {"deploy/RUNBOOK.md", "docs/audit.md"} <= {page for page, _, _ in COMMANDS}
    assert len(COMMANDS) > 40


@pytest.mark.parametrize(("page", "command", "whole"), COMMANDS)
def test_a_command_of_a_page_can_be_typed(page: str, command: str, whole: bool, capsys: pytest.CaptureFixture[str]) -> None:
    if command.startswith("/postfix "):
        assert words(" ".join(given(command))) is not None
        return
    try:
        parser().parse_args(given(command))
    except SystemExit:
        said = capsys.readouterr().err
        if whole or not re.search(r"are required|expected one argument", said):
            pytest.fail(f"{page}: {command}\n{said}")
