"""Is an entry sound? Checks what the parser cannot see: that names exist, types fit, and both languages say the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.authoring.findings import Finding
from bot.authoring.unwritten import TODO, unwritten
from bot.diagnosis.gather import reference
from bot.errors import KnowledgeError, Refused
from bot.facts.base import DERIVATIONS, FACTS
from bot.facts.tokens import TYPES, typed
from bot.matching.signatures import Signature
from bot.model.condition import paths
from bot.model.problem import Cause, FactPath, Fix, Problem, StepUse
from bot.model.text import Text
from bot.operations.base import OPERATIONS
from bot.render.places import PLACE

MAX_LINES = 250


def lint(problem: Problem, raw: bytes) -> list[Finding]:
    """Give every finding about one entry; an empty list means it is sound (its cases are checked elsewhere)."""
    return list(_Entry(problem=problem, where=f"{problem.id}").findings(raw))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    problem: Problem
    where: str

    @property
    def declared(self) -> set[str]:
        return {use.path for use in self.problem.facts} | {one.name for one in self.problem.derived}

    def findings(self, raw: bytes) -> Iterator[Finding]:
        if (count := raw.count(b"\n")) > MAX_LINES:
            yield self._wrong(
                f"it has {count} lines", f"keep an entry below {MAX_LINES}: split the problem or move logic to a fact"
            )
        yield from unwritten(raw, f"{self.where}/problem.yaml")
        yield from self._signatures()
        yield from self._facts()
        yield from self._causes()
        for fix in self.problem.fixes.values():
            yield from self._fix(fix)

    def _wrong(self, detail: str, hint: str) -> Finding:
        return Finding(where=self.where, detail=detail, hint=hint)

    def _signatures(self) -> Iterator[Finding]:
        for text in self.problem.signatures:
            if text.startswith(TODO):
                continue
            try:
                Signature(text)
            except KnowledgeError as error:
                yield self._wrong(
                    f"the signature {text!r} does not compile: {error}", "see bot/matching/types.py for the types"
                )
        if not self.problem.signatures and not (self.problem.phrases.en and self.problem.phrases.zh):
            yield self._wrong("it has neither signatures nor phrases in both languages", "nothing could ever recognise it")

    def _facts(self) -> Iterator[Finding]:
        if not self.problem.facts:
            yield self._wrong(
                "it measures nothing", f"list under `facts:` what tells its causes apart: {', '.join(sorted(FACTS))}"
            )
        for use in self.problem.facts:
            fact = FACTS.get(use.name)
            if fact is None:
                yield self._wrong(f"there is no fact {use.name}", f"known are {', '.join(sorted(FACTS))}")
            elif len(use.arguments) != len(fact.parameters):
                yield self._wrong(f"{use} takes {len(fact.parameters)} arguments", f"its types: {', '.join(fact.parameters)}")
            for argument, kind in zip(use.arguments, fact.parameters if fact else (), strict=False):
                if argument.startswith("match."):
                    yield self._wrong(
                        f"{use} would send text of a paste to the host", "use a measured fact, and compare in `derive`"
                    )
                elif reference(argument, self.declared) is None and not TYPES[kind](argument):
                    yield self._wrong(
                        f"{argument!r} in {use} is no {kind}", "name a declared fact or write a literal of that type"
                    )
        for one in self.problem.derived:
            derivation = DERIVATIONS.get(one.function)
            if derivation is None:
                yield self._wrong(f"there is no derived fact {one.function}", f"known are {', '.join(sorted(DERIVATIONS))}")
            elif len(one.arguments) != derivation.arity:
                yield self._wrong(f"{one.function} takes {derivation.arity} arguments", derivation.says)
            for argument in one.arguments:
                if argument.startswith("match.") and argument[6:] not in self._captures():
                    yield self._wrong(f"no signature captures {argument[6:]!r}", "name a placeholder of a signature")

    def _captures(self) -> set[str]:
        return {name for text in self.problem.signatures for name in re.findall(r"\{([a-z_]+):", text)}

    def _causes(self) -> Iterator[Finding]:
        seen: set[str] = set()
        for cause in self.problem.causes:
            if cause.id in seen:
                yield self._wrong(f"two causes are called {cause.id}", "give each its own name")
            seen.add(cause.id)
            yield from self._paths(paths(cause.when), f"the cause {cause.id}")
            if cause.fix is not None and cause.fix not in self.problem.fixes:
                yield self._wrong(
                    f"the cause {cause.id} names the fix {cause.fix}, which does not exist", "add it under `fixes:`"
                )
            yield from self._texts(cause)
        for case in self.problem.lab:
            if case.cause not in seen:
                yield self._wrong(
                    f"the lab case {case.id} expects the cause {case.cause}, which does not exist", "name a cause"
                )
        for name in sorted(set(self.problem.fixes) - {cause.fix for cause in self.problem.causes}):
            yield self._wrong(f"no cause uses the fix {name}", "remove it, or name it in a cause")

    def _texts(self, cause: Cause) -> Iterator[Finding]:
        for text in (cause.says, cause.advice):
            if text is not None:
                yield from self._text(text, f"the cause {cause.id}")

    def _text(self, text: Text, what: str) -> Iterator[Finding]:
        en, zh = (set(PLACE.findall(one)) for one in (text.en, text.zh))
        if en != zh:
            yield self._wrong(f"{what}: en and zh name different facts ({', '.join(sorted(en ^ zh))})", "both say the same")
        for one in (text.en, text.zh):
            if re.search(r"\{[{%#]|[}%#]\}", PLACE.sub("", one)):
                yield self._wrong(f"{what}: a text holds more than plain places", "only `{{ fact.path }}` is allowed")
        yield from self._paths(tuple(sorted(en | zh)), what)

    def _paths(self, named: tuple[str, ...], what: str) -> Iterator[Finding]:
        for path in named:
            if path.startswith("match."):
                if path[6:] not in self._captures():
                    yield self._wrong(f"{what} reads {path}, which no signature captures", "name a placeholder of a signature")
            elif reference(path, self.declared) is None:
                yield self._wrong(f"{what} reads {path}, which is not declared", "add it to `facts:` or `derive:`")

    def _fix(self, fix: Fix) -> Iterator[Finding]:
        what = f"the fix {fix.id}"
        yield from self._text(fix.safety, what)
        yield from self._paths(tuple(path for one in (*fix.before, *fix.after) for path in paths(one)), what)
        for use in (*fix.steps, *fix.undo):
            yield from self._step(use, what)

    def _step(self, use: StepUse, what: str) -> Iterator[Finding]:
        operation = OPERATIONS.get(use.operation)
        if operation is None:
            yield self._wrong(f"{what}: there is no operation {use.operation}", f"known are {', '.join(sorted(OPERATIONS))}")
            return
        if set(use.parameters) != set(operation.parameters):
            yield self._wrong(
                f"{what}: {use.operation} takes {', '.join(operation.parameters) or 'nothing'}", operation.says.en
            )
        for path in operation.reads:
            yield from self._paths((path,), f"{what}: the preview of {use.operation}")
        for name, value in use.parameters.items():
            if isinstance(value, FactPath):
                yield from self._paths((value.path,), what)
                continue
            try:
                typed(operation.parameters.get(name, "word"), value)
            except Refused as error:
                yield self._wrong(f"{what}: {name} of {use.operation}: {error}", "write a literal of its type")
