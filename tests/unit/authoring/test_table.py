"""Does the table claim what was recorded, and nothing else?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.authoring.table import BEGIN, END, confirmed, placed, table
from bot.knowledge.cases import Case
from tests.support.entries import example

PROBLEM = example()
SHOWN = Case(
    name="shown", paste="x", recorded={"host": "mx12", "postfix": "3.7.11"}, readings={}, match=PROBLEM.id,
    confirmed=("loopback-down",), ruled_out=(), unmeasured=(), plan=(),
)  # fmt: skip
NEWER = replace(SHOWN, recorded={"host": "mx13", "postfix": "3.10.13"}, confirmed=("elsewhere",))


def test_a_cause_counts_on_the_release_that_showed_it() -> None:
    assert confirmed(PROBLEM, [SHOWN, NEWER], "3.7") == {"loopback-down"}
    assert confirmed(PROBLEM, [SHOWN, NEWER], "3.10") == {"elsewhere"}


@pytest.mark.parametrize(
    "case",
    [
        replace(SHOWN, recorded={}),
        replace(SHOWN, recorded={"host": "mx12"}),
        replace(SHOWN, recorded={"host": "mx12", "postfix": ""}),
        replace(SHOWN, recorded={"postfix": "3.70.1"}),
        replace(SHOWN, recorded={"postfix": "3.10.7"}),
        replace(SHOWN, match="none"),
        replace(SHOWN, confirmed=("renamed-since",)),
        replace(SHOWN, confirmed=()),
    ],
)
def test_what_was_not_recorded_is_no_proof(case: Case) -> None:
    assert confirmed(PROBLEM, [case], "3.7") == frozenset()


def test_the_row_and_the_totals_say_the_same() -> None:
    made = table({PROBLEM.id: PROBLEM}, {PROBLEM.id: [SHOWN, replace(SHOWN, recorded={})]})
    assert made.startswith("In total 1 problems with 2 causes and 2 recorded cases.")
    assert (
        "1 causes: 1 on Postfix 3.7, 0 on Postfix 3.10. **0 problems on both releases**, 1 on one of them, 0 on none." in made
    )
    row = made.splitlines()[-1]
    assert row.startswith("| [startup-example](startup/example/problem.yaml) |")
    assert row.endswith("| 1 | 2 | 1 · 1 | 2 | 1 of 2 | 1 · – |")
    both = table({PROBLEM.id: PROBLEM}, {PROBLEM.id: [SHOWN, NEWER]})
    assert "**1 problems on both releases**, 0 on one of them, 0 on none." in both
    assert both.splitlines()[-1].endswith("| 1 · 1 |")
    none = table({PROBLEM.id: PROBLEM}, {PROBLEM.id: []})
    assert "**0 problems on both releases**, 0 on one of them, 1 on none." in none


def test_the_table_goes_between_its_marks_and_nowhere_else() -> None:
    page = f"before\n{BEGIN}\nold\n{END}\nafter"
    assert placed(page, "new") == f"before\n{BEGIN}\n\nnew\n{END}\nafter"
