"""How do nouns look as JSON, and back? One writer and one reader per noun; a plan that does not fit its digest is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from bot.errors import StoreUnavailable
from bot.model.condition import Truth
from bot.model.execution import StepResult
from bot.model.plan import Change, Plan, Step
from bot.model.problem import Risk
from bot.model.progress import Check, Measurement, Side, Stage
from bot.model.review import Actor, Decision, Review
from bot.model.text import Text


def plan(document: Mapping[str, Any], digest: str) -> Plan:
    """Read a plan back; raises `StoreUnavailable` when it is not the plan whose digest was stored beside it."""
    try:
        read = Plan(
            **{
                **document,
                "risk": Risk(document["risk"]),
                "captures": _pairs(document["captures"]),
                "facts": _pairs(document["facts"]),
                "steps": tuple(step(one) for one in document["steps"]),
                "undo": tuple(step(one) for one in document["undo"]),
                "before": tuple(document["before"]),
                "after": tuple(document["after"]),
            }
        )
    except (KeyError, TypeError, ValueError) as error:
        raise StoreUnavailable(detail="a stored plan has another form than this version writes") from error
    if read.digest != digest:
        raise StoreUnavailable(detail=f"the stored plan {read.id} does not fit its digest {digest[:12]}")
    return read


def step(document: Mapping[str, Any]) -> Step:
    """Read a step back."""
    changes = tuple(Change(**one) for one in document["changes"])
    return Step(
        operation=document["operation"],
        tokens=tuple(document["tokens"]),
        script=document["script"],
        says=Text(**document["says"]),
        changes=changes,
    )


def result(document: Mapping[str, Any] | None) -> StepResult | None:
    """Read a step's result back."""
    return None if document is None else StepResult(**document)


def actor_document(actor: Actor) -> dict[str, Any]:
    """Write an actor; groups are sorted so that the same actor is the same text."""
    return {**asdict(actor), "groups": sorted(actor.groups)}


def review_document(review: Review) -> dict[str, Any]:
    """Write what a review's columns do not hold."""
    return {"actor": actor_document(review.actor), "reason": review.reason}


def review(digest: str, decision: str, at: float, document: Mapping[str, Any]) -> Review:
    """Read a review back."""
    person = document["actor"]
    return Review(
        plan_digest=digest,
        actor=Actor(**{**person, "groups": frozenset(person["groups"])}),
        decision=Decision(decision),
        at=at,
        reason=document["reason"],
    )


def measurement_document(measurement: Measurement) -> dict[str, Any]:
    """Write what a measurement's columns do not hold."""
    return {"error": measurement.error, "checks": [asdict(check) for check in measurement.checks]}


def measurement(stage: str, at: float, document: Mapping[str, Any]) -> Measurement:
    """Read a measurement back."""
    checks = tuple(
        Check(
            side=Side(one["side"]),
            condition=one["condition"],
            truth=Truth(one["truth"]),
            evidence=_pairs(one["evidence"]),
        )
        for one in document["checks"]
    )
    return Measurement(stage=Stage(stage), at=at, checks=checks, error=document["error"])


def _pairs(pairs: Any) -> tuple[tuple[str, str], ...]:
    return tuple((first, second) for first, second in pairs)
