"""In which state is a plan, from proposed to its end? Every arrow is one compare-and-swap in the store."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """The states of a plan's row; the final ones never change again."""

    PROPOSED = "proposed"  # waits for reviews
    APPROVED = "approved"  # enough reviews; waits for a free host
    CHECKING = "checking"  # `before` is measured again; nothing was sent
    APPLYING = "applying"  # a step may be on the host: from here nothing is ever sent twice
    VERIFYING = "verifying"  # all steps ended; `after` is measured
    UNDOING = "undoing"  # `after` did not hold; the change is being taken back
    PROBING = "probing"  # the connection or the process was lost in a step; only measuring from here
    IN_DOUBT = "in_doubt"  # nobody can know whether the step ran; a person decides after fresh facts
    SUCCEEDED = "succeeded"
    UNDONE = "undone"
    FAILED = "failed"
    DENIED = "denied"
    EXPIRED = "expired"
    STALE = "stale"  # what was true at the diagnosis is no longer true; nothing was done


FINAL = frozenset({State.SUCCEEDED, State.UNDONE, State.FAILED, State.DENIED, State.EXPIRED, State.STALE})
ON_HOST = frozenset(
    {State.CHECKING, State.APPLYING, State.VERIFYING, State.UNDOING, State.PROBING, State.IN_DOUBT}
)  # at most one plan per host is in one of these

ARROWS: dict[State, frozenset[State]] = {
    State.PROPOSED: frozenset({State.APPROVED, State.DENIED, State.EXPIRED}),
    State.APPROVED: frozenset({State.CHECKING, State.EXPIRED, State.STALE}),
    # To expired: measuring `before` takes time, and the plan's time may be over when it ends.
    State.CHECKING: frozenset({State.APPLYING, State.STALE, State.APPROVED, State.EXPIRED}),
    State.APPLYING: frozenset({State.VERIFYING, State.UNDOING, State.PROBING, State.FAILED}),
    State.VERIFYING: frozenset({State.SUCCEEDED, State.UNDOING, State.PROBING, State.FAILED}),
    State.UNDOING: frozenset({State.UNDONE, State.FAILED, State.PROBING}),
    # To verifying: the host's journal says that every step ended well; only measuring was left when the connection was lost.
    State.PROBING: frozenset({State.IN_DOUBT, State.VERIFYING}),
    State.IN_DOUBT: frozenset({State.SUCCEEDED, State.FAILED}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """How one step ended on the host: its exit status and what it said, bounded; `replayed`: it had run before."""

    exit: int
    stdout: str = ""
    stderr: str = ""
    replayed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The end of an execution for people: its state and one sentence's worth of detail."""

    state: State
    detail: str = ""
