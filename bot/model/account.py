"""What became of one plan, as the audit chain alone tells it? Holds when the plan's rows were forgotten long ago."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.model.event import Anchor


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One step that was begun; without `exit` its end is not known, and `sent` is false when it certainly never left."""

    index: int
    step: str  # the words that travelled
    script: str
    changes: str
    undo: bool
    at: float
    exit: int | None = None
    sent: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What one person said about the plan; `counted` is false where it was refused, and `why` then says so.

    `person` is whose signature made outside Slack it is, and empty for what was said in Slack.
    """

    actor: str
    decision: str
    digest: str
    at: float
    team: str = ""
    person: str = ""
    why: str = ""
    counted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who asked for what on which host, who decided, what ran, and how it ended; times are UTC seconds since the epoch."""

    plan: str
    host: str
    host_key: str
    digest: str
    requester: str
    where: str
    problem: str
    fix: str
    state: str
    why: str
    detail: str
    proposed_at: float
    changed_at: float
    head: Anchor  # of the newest event about the plan
    opinions: tuple[Opinion, ...] = ()
    ran: tuple[Ran, ...] = ()
    measured: dict[str, str] = field(default_factory=dict)  # by stage: the latest values

    @property
    def approvers(self) -> tuple[str, ...]:
        """Who approved and was counted."""
        return tuple(one.actor for one in self.opinions if one.counted and not one.person and one.decision != "deny")
