"""Which words does a person sign who confirms a decision outside Slack? They name the plan, the decision and the person."""

from __future__ import annotations

from bot.model.plan import Plan
from bot.model.review import Decision

NAMESPACE = "postmedic"  # a signature made for anything else (git, a file) is worth nothing here


def signed_text(plan: Plan, person: str, decision: Decision) -> str:
    """The words for `ssh-keygen -Y sign -n postmedic`; the digest covers every word of the plan, the rest is to be read."""
    steps = "".join(f"step: {step.wire}\n" for step in plan.steps)
    return (
        f"postmedic confirmation\ndecision: {decision}\nperson: {person}\nplan: {plan.id}\ndigest: {plan.digest}\n"
        f"host: {plan.host}\n{steps}"
    )
