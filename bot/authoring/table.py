"""What is known, at a glance? The table of all problems that knowledge/README.md carries; made from the entries alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.knowledge.cases import Case
from bot.model.problem import Problem

BEGIN, END = "<!-- the table below is generated: make docs -->", "<!-- end of the table -->"


def table(problems: Mapping[str, Problem], cases: Mapping[str, Sequence[Case]]) -> str:
    """Give a Markdown table, one row a problem: what it is, how it looks, its causes, cases, fixes and lab proof."""
    head = "| problem | en · zh | signatures | causes | fixed · advised | cases | lab |\n" + "| --- " * 7 + "|\n"
    return head + "".join(_row(problems[name], len(cases[name])) for name in sorted(problems))


def placed(page: str, made: str) -> str:
    """Put the table between its two marks in the page."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n\n{made}\n{END}{rest.partition(END)[2]}"


def _row(one: Problem, recorded: int) -> str:
    area, _, name = one.id.partition("-")
    fixed = sum(cause.fix is not None for cause in one.causes)
    proven = len({case.cause for case in one.lab})
    title = f"{one.title.en} · {one.title.zh}".replace("|", "\\|")
    cells = (
        f"[{one.id}]({area}/{name}/problem.yaml)",
        title,
        str(len(one.signatures)),
        str(len(one.causes)),
        f"{fixed} · {len(one.causes) - fixed}",
        str(recorded),
        f"{proven} of {len(one.causes)} causes",
    )
    return f"| {' | '.join(cells)} |\n"
