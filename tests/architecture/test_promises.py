"""Has every promise of deploy/SECURITY.md its test, and every promise test its row? And do its versions hold?"""

from __future__ import annotations

import re

from tests.architecture.pages import ROOT, SECURITY, promise_files

NOT_TESTED = "**Not tested here**"  # how a row begins its third column when its promise cannot be tested here
COUNTS = {"A": 14, "B": 11, "C": 14, "D": 10, "E": 10, "F": 6, "G": 6}


def rows() -> dict[str, str]:
    """The third column of each promise by its id, in the page's order."""
    found = re.findall(r"^\| ([A-G][0-9]{1,2}) \|([^|]+)\|([^|]*)\|", SECURITY.read_text(encoding="utf-8"), re.MULTILINE)
    assert all(promise.strip() for _, promise, _ in found)
    return {id: limits.strip() for id, _, limits in found}


def test_the_page_makes_all_71_promises() -> None:
    assert list(rows()) == [f"{area}{number}" for area, count in COUNTS.items() for number in range(1, count + 1)]


def test_every_promise_has_a_test_or_says_why_it_has_none() -> None:
    without = [id for id, limits in rows().items() if not promise_files(id) and not limits.startswith(NOT_TESTED)]
    assert without == []


def test_every_promise_test_has_a_row_and_says_its_promise() -> None:
    files = sorted((ROOT / "tests/promises").glob("test_*.py"))
    assert files
    known = {path for id in rows() for path in promise_files(id)}
    assert [path.name for path in files if path not in known] == []
    silent = [path.name for path in files if not path.read_text(encoding="utf-8").startswith('"""')]
    assert silent == []
