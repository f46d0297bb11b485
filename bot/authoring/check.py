"""May these entries be used? Everything that is asked of an entry, in one list: lint, cases, samples. It changes nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from bot.authoring import cases as proving
from bot.authoring.findings import Finding
from bot.authoring.lint import lint
from bot.authoring.samples import shared_samples
from bot.knowledge.cases import cases
from bot.knowledge.library import Library
from bot.matching import Matcher
from bot.model.problem import Problem


async def checked(library: Library, chosen: Iterable[Problem], matcher: Matcher) -> list[Finding]:
    """Lint the chosen entries and run their cases among all of `library`. Raises `KnowledgeError` for what is no case."""
    findings: list[Finding] = []
    for problem in chosen:
        folder = library.folders[problem.id]
        recorded = cases(folder)
        raw = (folder / "problem.yaml").read_bytes()
        if hashlib.sha256(raw).hexdigest() != problem.digest:  # else one text would be checked and another one used
            findings.append(Finding(where=problem.id, detail="it was written while it was checked", hint="check it again"))
        linted = lint(problem, raw)
        findings += linted
        findings += proving.missing(problem, recorded)
        findings += shared_samples(problem, recorded, matcher)
        for case in recorded if not linted else ():  # what names no operation or fact leads nowhere
            findings += await proving.run(problem, case, matcher)
    return findings
