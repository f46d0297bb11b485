"""Which kinds of events are there, and what does each say? The catalogue behind docs/audit.md.

A test fails when the program writes a kind that is not here, when a kind here is written nowhere, and when an event's details
are other ones than its example has. Add the kind here first, then write it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

CIRCUMSTANCES: Mapping[str, tuple[str, str]] = {
    "host": ("on which host, by its name in the inventory", "host01"),
    "host_key": ("the fingerprint of the host key that the diagnosis was made over", "SHA256:FkldWvzTNwbwFaCThAqJM10xTOqaEHC"),
    "digest": ("SHA-256 over every word of the plan; what people approve is this", "9f2c…"),
    "requester": ("on whose behalf: the person who asked", "U0ANA"),
    "where": ("the Slack channel and thread in which it was asked for, or `command line`", "C0MAILOPS 1764288000.000100"),
    "approved_by": ("who has approved so far, as `team:user`", "T0001:U0BEN"),
}
"""Every event about a plan has these details, whoever writes it: name, meaning, example."""

DETAILS: Mapping[str, str] = {
    "from": "the state before",
    "to": "the state after",
    "why": "what brought it there, where the state alone does not say it; for refusals, the reason",
    "detail": "one sentence beside it, without secrets",
    "problem": "the knowledge entry",
    "problem_digest": "SHA-256 of that entry's file",
    "cause": "the cause that was measured true",
    "fix": "the fix of the entry",
    "risk": "`low` or `high`",
    "steps": "the words of every step, in order",
    "undo": "the words of every step that would take it back; at `step.started`, whether this step does",
    "facts": "the measured values that decided",
    "expires_at": "until when the plan may begin, UTC seconds",
    "decision": "`approve`, `deny` or `break-glass`",
    "reason": "what the person wrote",
    "team": "the workspace of the person",
    "index": "the number of the step; the host's journal has it under the plan's id and this number",
    "step": "the words that travelled: the operation and its tokens, which are the arguments of the script",
    "script": "the fixed sh text that ran with them as `$1`, `$2` …",
    "changes": "what it changes, with the values before and after",
    "exit": "the exit status on the host",
    "replayed": "whether the host had run it before and only repeated its result",
    "stdout_sha256": "SHA-256 of what it said, as it is kept: without secrets, bounded",
    "stderr_sha256": "the same of its errors",
    "stage": "for which question was measured: `before`, `after`, `undone` or `doubt`",
    "holds": "whether every condition was measured true",
    "measured": "the values, or why they could not be measured",
    "person": "whose signature it is, by the name in the inventory",
    "address": "where the host was reached",
    "sequence": "the newest event in the database",
    "seen": "the newest event that was seen before",
    "identity": "which database it is",
    "version": "the release of the program",
    "program": "SHA-256 over the files of the program, as `postmedic version` prints it",
    "knowledge": "SHA-256 over the entries, as `postmedic knowledge digest` prints it",
    "before": "what ended before this time, UTC seconds, and has not changed since",
    "plans": "how many plans, each with its reviews, confirmations, steps, measurements and card",
    "conversations": "how many questions, each with its paste",
    "outbox": "how many messages that Slack has, answers and cards among them",
    "inbox": "how many keys of what Slack had delivered",
    "unmatched": "how many texts that nothing explained",
}
MEASURED = frozenset({"stage", "holds", "measured"})
"""A change of state has these three when something was measured for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of event: who writes it when, and an example of its own details."""

    name: str
    says: str
    actor: str
    details: Mapping[str, str] = field(default_factory=dict)
    about_a_plan: bool = True  # and so with the circumstances of that plan


def _moved(source: str, target: str, says: str, actor: str = "bot-4f1c2a", why: str = "", **more: str) -> Kind:
    details = {"from": source, "to": target, "why": why, "detail": "", **more}
    return Kind(name=f"plan.{target}", says=says, actor=actor, details=details)


def _measured(stage: str, holds: str, values: str) -> dict[str, str]:
    return {"stage": stage, "holds": holds, "measured": values}


KINDS: tuple[Kind, ...] = (
    Kind(
        name="plan.proposed",
        says="a diagnosis confirmed a cause whose fix could be planned; the actor is the person who asked",
        actor="U0ANA",
        details={
            "approved_by": "",
            "to": "proposed",
            "problem": "startup-no-local-interface",
            "problem_digest": "5be1…",
            "cause": "loopback-down",
            "fix": "raise-loopback",
            "risk": "low",
            "steps": "loopback-up",
            "undo": "",
            "facts": "interfaces.loopback-up=no",
            "expires_at": "1764289800.0",
        },
    ),
    Kind(
        name="plan.reviewed",
        says="a person who may decide did, about exactly this digest",
        actor="U0BEN",
        details={"decision": "approve", "reason": "", "team": "T0001"},
    ),
    Kind(
        name="plan.review-refused",
        says="a decision that does not count: the person may not decide, or it was about another digest",
        actor="U0ANA",
        details={"approved_by": "", "why": "own-request", "team": "T0001"},
    ),
    Kind(
        name="plan.confirmed",
        says="a person confirmed a decision with a signature made outside Slack; the actor is the login that brought it",
        actor="local:ben",
        details={"decision": "approve", "person": "ben"},
    ),
    Kind(
        name="plan.confirm-refused",
        says="a signature that confirms nothing: of another plan, person or key, or a plan that waits for none",
        actor="local:eve",
        details={"approved_by": "", "decision": "approve", "person": "ben", "why": "this is no signature of ben"},
    ),
    _moved("proposed", "approved", "enough people approved; the actor is the last of them", "U0BEN"),
    _moved("proposed", "denied", "one person denied, which is final", "U0BEN", approved_by=""),
    _moved("approved", "expired", "its time was over before it began", "postmedic"),
    _moved("approved", "checking", "a process took it, and looks again at everything that was true when it was approved"),
    _moved(
        "checking",
        "stale",
        "something is no longer as it was at the diagnosis; nothing was sent",
        why="before-changed",
        **_measured("before", "False", "interfaces.loopback-up=yes"),
    ),
    _moved(
        "checking",
        "applying",
        "everything still holds; from here on a step may be on the host",
        **_measured("before", "True", "interfaces.loopback-up=no"),
    ),
    Kind(
        name="step.started",
        says="the step may be on the host from now on; committed before the first word leaves",
        actor="bot-4f1c2a",
        details={
            "index": "0",
            "step": "loopback-up",
            "undo": "False",
            "script": "ip link set lo up\n",
            "changes": "loopback: down → up",
        },
    ),
    Kind(
        name="step.ended",
        says="the host said how the step ended",
        actor="bot-4f1c2a",
        details={
            "index": "0",
            "exit": "0",
            "replayed": "False",
            "stdout_sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "stderr_sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        },
    ),
    Kind(
        name="step.not-sent",
        says="no connection was made, so the step that had begun certainly never left",
        actor="bot-4f1c2a",
        details={"index": "0"},
    ),
    _moved("applying", "verifying", "all steps ended well; whether it helped is measured"),
    _moved(
        "verifying",
        "undoing",
        "it did not help, or a step failed: it is being taken back",
        why="after-not-reached",
        **_measured("after", "False", "interfaces.loopback-up=no"),
    ),
    _moved(
        "applying",
        "probing",
        "the connection or the process was lost in a step; nothing is sent from here on",
        why="connection-lost",
    ),
    _moved(
        "probing",
        "in_doubt",
        "nobody can know whether the step ran; a person decides",
        why="never-started",
        **_measured("doubt", "False", "interfaces.loopback-up=no"),
    ),
    Kind(
        name="plan.measured",
        says="fresh facts for the person who has to say how a plan in doubt ended",
        actor="postmedic",
        details=_measured("doubt", "False", "interfaces.loopback-up=no"),
    ),
    Kind(
        name="plan.resolve-refused",
        says="somebody who may not say how a plan in doubt ended tried to",
        actor="U0EVE",
        details={"why": "not-an-approver", "team": "T0001"},
    ),
    _moved(
        "verifying",
        "succeeded",
        "it helped, as measured, or a person said so after a doubt: then the actor is that person",
        **_measured("after", "True", "interfaces.loopback-up=yes"),
    ),
    _moved(
        "undoing",
        "undone",
        "it was taken back, and the state before was measured again",
        why="after-not-reached",
        **_measured("undone", "True", "interfaces.loopback-up=no"),
    ),
    _moved("applying", "failed", "it did not bring the expected state, or a person said so after a doubt", why="step-failed"),
    Kind(
        name="gate.frozen",
        says="a person froze all changes: nothing that was not yet sent goes to any host",
        actor="U0ANA",
        details={"reason": "host01 answers strangely"},
        about_a_plan=False,
    ),
    Kind(
        name="gate.unfrozen",
        says="somebody on the bot's machine lifted the freeze",
        actor="local:ben",
        about_a_plan=False,
    ),
    Kind(
        name="gate.freeze-refused",
        says="a guest, or somebody of another workspace, tried to freeze all changes",
        actor="U0EVE",
        details={"why": "guest"},
        about_a_plan=False,
    ),
    Kind(
        name="host.key-rejected",
        says="a host showed a key that the inventory does not hold; the actor is the person who asked about it",
        actor="U0ANA",
        details={"why": "it showed another key than the inventory holds", "address": "192.0.2.10:22"},
        about_a_plan=False,
    ),
    Kind(
        name="program.started",
        says="a process began to serve: with which program and which knowledge",
        actor="bot-4f1c2a",
        details={"version": "0.1.0", "program": "77c1…", "knowledge": "0b9e…"},
        about_a_plan=False,
    ),
    Kind(
        name="database.restored",
        says="the database was put back to an earlier state; the plans that waited in it are over",
        actor="postmedic",
        details={"sequence": "41", "seen": "97", "identity": "postmedic.db"},
        about_a_plan=False,
    ),
    Kind(
        name="rows.forgotten",
        says="rows of what had ended long ago were deleted (`keep_days`), in the same transaction; events never are",
        actor="postmedic",
        details={
            "before": "1756512000.000",
            "plans": "3",
            "conversations": "17",
            "outbox": "24",
            "inbox": "210",
            "unmatched": "1",
        },
        about_a_plan=False,
    ),
)
