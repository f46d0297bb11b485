"""What exactly would mend a confirmed cause? Fills a fix's operations with measured values and freezes them into a plan."""

from __future__ import annotations

from collections.abc import Sequence

from bot.errors import Refused
from bot.facts.boot import BOOT
from bot.facts.tokens import typed
from bot.knowledge.conditions import canonical
from bot.model.condition import Condition, Is, Truth, paths
from bot.model.diagnosis import Diagnosis, Verdict
from bot.model.fact import Facts, Unknown
from bot.model.plan import Plan, Step
from bot.model.problem import FactPath, Fix, StepUse
from bot.operations.base import OPERATIONS
from bot.render.places import PLACE


def plan(
    diagnosis: Diagnosis,
    verdict: Verdict,
    *,
    plan_id: str,
    host_key: str,
    requester: str,
    now: float,
    lifetime: float,
) -> Plan:
    """Make the plan of a confirmed cause's fix; `now` and `lifetime` are seconds.

    Raises `Refused` when the cause is not confirmed, names no fix, or a step's value was not measured or is no token. The last
    condition is always that the host was not restarted since; without its boot there is no plan.
    """
    if verdict.truth is not Truth.TRUE or verdict.cause.fix is None:
        raise Refused(detail=f"{verdict.cause.id} is not a confirmed cause with a fix")
    problem, facts = diagnosis.problem, diagnosis.facts
    fix = problem.fixes[verdict.cause.fix]
    match = diagnosis.match
    before = (*fix.before, _same_boot(facts))
    return Plan(
        id=plan_id,
        host=diagnosis.host,
        host_key=host_key,
        problem=problem.id,
        problem_digest=problem.digest,
        cause=verdict.cause.id,
        fix=fix.id,
        risk=fix.risk,
        captures=tuple(sorted(match.captures.items())) if match else (),
        steps=steps(fix.steps, facts),
        undo=steps(fix.undo, facts),
        before=tuple(canonical(one) for one in before),
        after=tuple(canonical(one) for one in fix.after),
        within=fix.within,
        facts=_deciding(verdict, fix, facts),
        requester=requester,
        created_at=now,
        expires_at=now + lifetime,
    )


def steps(uses: Sequence[StepUse], facts: Facts) -> tuple[Step, ...]:
    """Fill operations with their values; raises `Refused` for a value that is unknown or not of its type."""
    return tuple(_step(use, facts) for use in uses)


def _same_boot(facts: Facts) -> Condition:
    boot = facts.look(BOOT.path)
    if not isinstance(boot, str):
        raise Refused(detail="it was not measured since when the host runs")
    return Is(path=BOOT.path, literal=boot)


def _step(use: StepUse, facts: Facts) -> Step:
    operation = OPERATIONS[use.operation]
    values: dict[str, str] = {}
    for name, kind in operation.parameters.items():
        given = use.parameters[name]
        value = facts.look(given.path) if isinstance(given, FactPath) else given
        if value is None or isinstance(value, Unknown | bool) or not isinstance(value, str | int):
            raise Refused(detail=f"the value of {name} for {operation.name} was not measured")
        values[name] = typed(kind, value)
    changes = operation.preview(facts, **values)
    tokens = tuple(values.values())
    return Step(operation=operation.name, tokens=tokens, script=operation.script, says=operation.says, changes=changes)


def _deciding(verdict: Verdict, fix: Fix, facts: Facts) -> tuple[tuple[str, str], ...]:
    """The measured values the plan rests on, as they are shown: of the cause, the fix's `before` and its safety text."""
    named = [*paths(verdict.cause.when), *(path for one in fix.before for path in paths(one)), *PLACE.findall(fix.safety.en)]
    return tuple((path, _shown(facts.look(path))) for path in dict.fromkeys(named))


def _shown(value: object) -> str:
    if isinstance(value, Unknown):
        return f"unknown: {value.reason.value}"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
