"""How do results look to scripts? Plain values for `--json`; keys are stable and values are cleaned but not translated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass

from bot.model.checkup import Checkup
from bot.model.condition import Truth
from bot.model.diagnosis import Diagnosis
from bot.model.fact import Unknown
from bot.render.signs import BAD, GOOD, NOTE, OPEN
from bot.render.visible import visible

_VERDICTS = {Truth.TRUE: "confirmed", Truth.FALSE: "ruled-out", Truth.UNKNOWN: "unmeasured"}
_SIGNS = {GOOD: "fine", BAD: "found", OPEN: "unmeasured", NOTE: "noted"}


def diagnosis_data(one: Diagnosis) -> dict[str, object]:
    """One diagnosis: problem, host, error, and each cause with its verdict and evidence."""
    causes = [
        {
            "cause": verdict.cause.id,
            "verdict": _VERDICTS[verdict.truth],
            "fix": verdict.cause.fix,
            "evidence": {part.path: value(part.value) for part in verdict.evidence},
        }
        for verdict in one.verdicts
    ]
    return {
        "problem": one.problem.id,
        "host": one.host,
        "error": visible(one.error),
        "measured_at": one.measured_at,
        "causes": causes,
    }


def checkup_data(checkup: Checkup, told: Sequence[tuple[str, str]]) -> dict[str, object]:
    """One health check: every finding, every fact, and the diagnoses of what was seen."""
    return {
        "host": checkup.host,
        "error": visible(checkup.error),
        "measured_at": checkup.measured_at,
        "findings": [{"verdict": _SIGNS[sign], "text": text} for sign, text in told],
        "facts": {path: value(fact) for path, fact in checkup.facts.items()},
        "diagnoses": [diagnosis_data(one) for one in checkup.diagnoses],
    }


def value(fact: object) -> object:
    """A fact as plain values; an unknown one is `{"unknown": reason}` and never null or false."""
    match fact:
        case Unknown():
            return {"unknown": fact.reason.value, "detail": visible(fact.detail)}
        case str():
            return visible(fact)
        case bool() | int() | float() | None:
            return fact
        case tuple() | list():
            return [value(one) for one in fact]
        case dict():
            return {visible(str(key)): value(one) for key, one in fact.items()}
        case _ if is_dataclass(fact) and not isinstance(fact, type):
            return {one.name: value(getattr(fact, one.name)) for one in fields(fact)}
        case _:
            return visible(str(fact))
