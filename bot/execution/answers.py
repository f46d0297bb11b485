"""What does a person hear who decided something? The answer comes from the stored row, never from the click."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.approval.policy import Refusal
from bot.model.execution import State
from bot.model.progress import Progress
from bot.model.review import Actor, Decision


class Said(StrEnum):
    """What became of a decision."""

    APPROVED = "approved"
    RECORDED = "recorded"  # counted, and another person must agree too
    DENIED = "denied"
    EXPIRED = "expired"
    DECIDED = "already-decided"  # by the people in `by`
    REFUSED = "refused"  # see `refusal`
    OTHER_PLAN = "other-plan"  # the decision was about another digest than the plan's
    RESOLVED = "resolved"
    FACTS_RENEWED = "facts-renewed"  # the facts beside the question were old; look at the new ones and decide again
    CLOCK = "clock"  # this machine's clock was set, so nobody can say whether the plan has expired
    NOT_IN_DOUBT = "not-in-doubt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to one decision; `state` is the plan's now, `by` holds whose reviews led there."""

    said: Said
    state: State
    by: tuple[Actor, ...] = ()
    refusal: Refusal | None = None


def answer(said: Said, progress: Progress, refusal: Refusal | None = None) -> Answer:
    """Make the answer that tells the plan's stored state."""
    denied = progress.state is State.DENIED
    by = tuple(review.actor for review in progress.reviews if (review.decision is Decision.DENY) is denied)
    return Answer(said=said, state=progress.state, by=by, refusal=refusal)
