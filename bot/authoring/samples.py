"""Has every signature a sample, and does no sample belong to two problems? As fail2ban asks of its filters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.authoring.findings import Finding
from bot.errors import KnowledgeError
from bot.knowledge.cases import Case
from bot.matching import Matcher, clean
from bot.matching.signatures import Signature
from bot.model.match import Kind
from bot.model.problem import Problem


def shared_samples(problem: Problem, recorded: Sequence[Case], matcher: Matcher) -> Iterator[Finding]:
    """Name the signatures that no recorded paste shows, and the pastes that another problem claims word for word."""
    lines = [line.text for case in recorded for line in clean(case.paste).lines]
    for text in problem.signatures:
        try:
            signature = Signature(text)
        except KnowledgeError:
            continue  # the linter names it
        if not any(True for line in lines for _ in signature.find(line)):
            hint = "record a case whose paste shows it, or remove it"
            yield Finding(where=problem.id, detail=f"no case shows the signature {text!r}", hint=hint)
    for case in recorded:
        claimed = {m.problem for m in matcher.recognise(case.paste).sure if m.kind is Kind.EXACT} if case.paste else set()
        others = claimed - {problem.id, *problem.yields_to}
        if others and case.match == problem.id and problem.id not in claimed:
            where = f"{problem.id}/cases/{case.name}.yaml"
            yield Finding(
                where=where, detail=f"{', '.join(sorted(others))} claims this paste", hint="make the signatures narrower"
            )
