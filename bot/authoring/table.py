"""What is known, and how far is it proven? The table of all problems that knowledge/README.md carries.

It is made from the entries and their recorded cases alone. A cause counts as confirmed on a release of Postfix only where a
case that was recorded on a host of that release says so: hope, or a lab section that was never recorded, is no proof.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.knowledge.cases import Case
from bot.model.problem import Problem

BEGIN, END = "<!-- the table below is generated: make docs -->", "<!-- end of the table -->"
RELEASES = ("3.7", "3.10")
_HEAD = (
    "problem",
    "en · zh",
    "signatures",
    "causes",
    "fixed · advised",
    "cases",
    "lab",
    f"confirmed on {' · '.join(RELEASES)}",
)


def table(problems: Mapping[str, Problem], cases: Mapping[str, Sequence[Case]]) -> str:
    """Give the totals and a Markdown table, one row a problem: what it is, how it looks, its causes and their proof."""
    proofs = {name: {release: confirmed(problems[name], cases[name], release) for release in RELEASES} for name in problems}
    head = f"| {' | '.join(_HEAD)} |\n" + "| --- " * len(_HEAD) + "|\n"
    rows = "".join(_row(problems[name], len(cases[name]), proofs[name]) for name in sorted(problems))
    return f"{_totals(problems, cases, proofs)}\n\n{head}{rows}"


def confirmed(problem: Problem, cases: Sequence[Case], release: str) -> frozenset[str]:
    """The causes that a host of this release of Postfix showed: its paste was recognised, and its answers confirmed them."""
    shown = {cause for one in cases if _release(one) == release and one.match == problem.id for cause in one.confirmed}
    return frozenset(shown & {cause.id for cause in problem.causes})


def placed(page: str, made: str) -> str:
    """Put the table between its two marks in the page."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n\n{made}\n{END}{rest.partition(END)[2]}"


def _release(one: Case) -> str:
    """The first two numbers of the version that was recorded; empty where none was."""
    return ".".join(one.recorded.get("postfix", "").split(".")[:2])


def _totals(
    problems: Mapping[str, Problem], cases: Mapping[str, Sequence[Case]], proofs: Mapping[str, Mapping[str, frozenset[str]]]
) -> str:
    causes = sum(len(one.causes) for one in problems.values())
    shown = {release: sum(len(proof[release]) for proof in proofs.values()) for release in RELEASES}
    either = sum(len(frozenset().union(*proof.values())) for proof in proofs.values())
    both = sum(all(proof.values()) for proof in proofs.values())
    one_only = sum(any(proof.values()) and not all(proof.values()) for proof in proofs.values())
    on_each = ", ".join(f"{shown[release]} on Postfix {release}" for release in RELEASES)
    said = sum(map(len, cases.values()))
    return (
        f"In total {len(problems)} problems with {causes} causes and {said} recorded cases. On a real host recognised and "
        f"confirmed were {either} causes: {on_each}. **{both} problems on both releases**, {one_only} on one of them, "
        f"{len(problems) - both - one_only} on none."
    )


def _row(one: Problem, recorded: int, proof: Mapping[str, frozenset[str]]) -> str:
    area, _, name = one.id.partition("-")
    fixed = sum(cause.fix is not None for cause in one.causes)
    in_lab = len({case.cause for case in one.lab})
    title = f"{one.title.en} · {one.title.zh}".replace("|", "\\|")
    cells = (
        f"[{one.id}]({area}/{name}/problem.yaml)",
        title,
        str(len(one.signatures)),
        str(len(one.causes)),
        f"{fixed} · {len(one.causes) - fixed}",
        str(recorded),
        f"{in_lab} of {len(one.causes)}",
        " · ".join(str(len(proof[release])) if proof[release] else "–" for release in RELEASES),
    )
    return f"| {' | '.join(cells)} |\n"
