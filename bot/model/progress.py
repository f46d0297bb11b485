"""How far has a plan come? The typed read model behind the one message that follows a plan; texts are made elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.model.condition import Truth
from bot.model.execution import State, StepResult
from bot.model.gate import Waits
from bot.model.plan import Plan, Step
from bot.model.review import Confirmation, Review


class Why(StrEnum):
    """What brought a plan into its state, where the state alone does not say it."""

    NONE = ""
    APPROVAL_LOST = "approval-lost"  # a reviewer may no longer approve, or Slack could not say so
    HOST_KEY_CHANGED = "host-key-changed"  # the inventory no longer holds the key the diagnosis was made over
    HOST_KEY_REJECTED = "host-key-rejected"  # the host now shows a key that the inventory does not hold
    HOST_UNKNOWN = "host-unknown"  # the inventory no longer holds the host
    ENTRY_CHANGED = "entry-changed"  # the knowledge entry is another one than the plan was made from
    ALREADY_RAN = "already-ran"  # the host's journal knows this execution: the database is older than the host
    RESTORED = "restored"  # the database was put back to an earlier state; what was decided since is not in it
    NO_WRITER = "no-writer"
    ENROLMENT_OTHER = "enrolment-other"  # the host has other programs of postmedic than this one would install
    ENROLMENT_UNKNOWN = "enrolment-unknown"  # the host did not say which programs it has
    BEFORE_CHANGED = "before-changed"  # a condition for the change is now false
    RESTARTED = "restarted"  # the host was restarted since the diagnosis
    BEFORE_UNKNOWN = "before-unknown"  # a condition for the change could not be measured
    NOT_SENT = "not-sent"  # the host could not be reached; this step was never sent
    STEP_FAILED = "step-failed"
    AFTER_NOT_REACHED = "after-not-reached"
    UNDO_FAILED = "undo-failed"
    UNDO_NOT_VERIFIED = "undo-not-verified"
    CONNECTION_LOST = "connection-lost"
    PROCESS_LOST = "process-lost"  # the bot's process that carried the plan died
    NEVER_STARTED = "never-started"  # the host says that it never started the last step
    STILL_RUNNING = "still-running"  # the host says that the last step has not ended
    JOURNAL_SILENT = "journal-silent"  # the host could not be asked about the last step
    STOPPED_MIDWAY = "stopped-midway"  # every sent step is known to have ended, but not all were sent or ended well
    FROZEN = "frozen"  # a freeze came between two steps: the rest was never sent
    RESOLVED = "resolved"  # a person decided after fresh facts


class Stage(StrEnum):
    """For which question conditions were measured; one measurement per stage is kept, the latest."""

    BEFORE = "before"
    AFTER = "after"
    UNDONE = "undone"
    DOUBT = "doubt"


class Side(StrEnum):
    """To which list of the plan a condition belongs."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One condition of the plan, judged; `evidence` holds (fact path, shown value) pairs."""

    side: Side
    condition: str  # canonical JSON, as in the plan
    truth: Truth
    evidence: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """The plan's conditions judged on fresh facts; `error` says why the host could not be asked at all."""

    stage: Stage
    at: float  # UTC seconds since the epoch
    checks: tuple[Check, ...]
    error: str = ""

    @property
    def holds(self) -> bool:
        """Whether every condition was measured true."""
        return bool(self.checks) and all(check.truth is Truth.TRUE for check in self.checks)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepProgress:
    """One step that was begun; without `result` it is running, or its end is not known."""

    index: int  # undo steps count on after the plan's steps
    step: Step
    undo: bool
    started_at: float
    ended_at: float | None = None
    result: StepResult | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Everything a message about a plan shows."""

    plan: Plan
    state: State
    why: Why
    detail: str  # one sentence beside `why`, for people; may be empty
    conversation: str  # id, empty when the plan was made outside Slack
    changed_at: float
    reviews: tuple[Review, ...]
    steps: tuple[StepProgress, ...]
    measurements: tuple[Measurement, ...]
    waits_for: str  # id of the plan that keeps the host busy while this one is approved, else empty
    waits: Waits = Waits.NOTHING  # what keeps an approved plan from beginning
    frozen: bool = False  # a freeze lies on everything
    confirmations: tuple[Confirmation, ...] = ()

    @property
    def running(self) -> StepProgress | None:
        """The step whose end is not known, if any."""
        return next((step for step in self.steps if step.result is None), None)

    def measured(self, stage: Stage) -> Measurement | None:
        """The latest measurement made for `stage`."""
        return next((one for one in self.measurements if one.stage is stage), None)
