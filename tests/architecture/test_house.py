"""Is the house as its plan says? What no import contract can see: sizes, names, docstrings and the single places."""

from __future__ import annotations

import ast
import functools
import re
import statistics
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = sorted(path for room in ("bot", "handlers") for path in (ROOT / room).rglob("*.py"))
EVERYTHING = sorted([*PROGRAM, *(path for room in ("tests", "benchmarks") for path in (ROOT / room).rglob("*.py"))])
MOST_LINES = 300
WRONG_NAMES = re.compile(r"(^|_)(utils?|managers?|helpers?|data|misc|common)(_|$)")


@functools.cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def test_knowledge_holds_no_code() -> None:
    allowed = {".yaml", ".md"}
    assert [path for path in (ROOT / "knowledge").rglob("*") if path.is_file() and path.suffix not in allowed] == []


def test_no_module_is_longer_than_it_may_be(record_property: Callable[[str, object], None]) -> None:
    lengths = {path: path.read_bytes().count(b"\n") for path in PROGRAM}
    record_property("median_module_lines", statistics.median(lengths.values()))
    assert {str(path.relative_to(ROOT)): count for path, count in lengths.items() if count > MOST_LINES} == {}
    assert statistics.median(lengths.values()) <= 120


def test_every_module_says_what_it_is_for() -> None:
    silent = [path for path in PROGRAM if path.stat().st_size and not ast.get_docstring(parsed(path))]
    assert silent == []


def test_every_module_postpones_annotations() -> None:
    code = [path for path in PROGRAM if any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in parsed(path).body)]
    assert [path for path in code if "from __future__ import annotations" not in path.read_text()] == []


def test_names_are_the_words_of_the_field() -> None:
    assert [path for path in EVERYTHING if WRONG_NAMES.search(path.stem)] == []
    assert [path for path in PROGRAM if WRONG_NAMES.search(path.parent.name)] == []


def test_every_folder_of_the_program_is_a_package_that_says_what_it_is() -> None:
    for folder in {path.parent for path in PROGRAM}:
        assert ast.get_docstring(parsed(folder / "__init__.py")), folder
