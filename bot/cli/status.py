"""With which exit status does a command end? Scripts may rely on these."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from bot.model.checkup import Checkup
from bot.model.diagnosis import Diagnosis
from bot.model.fact import Unknown


class Status(IntEnum):
    """The worst finding decides; what could not be measured is never 0."""

    FINE = 0
    FOUND = 1  # a cause is confirmed, the health check found something, or the audit record does not hold
    USAGE = 2  # the call, the settings, the inventory or the knowledge cannot be used
    UNMEASURED = 3  # nothing is confirmed, and something could not be measured
    UNRECOGNISED = 4  # the paste is no problem that is known


def of_diagnoses(diagnoses: Iterable[Diagnosis]) -> Status:
    """The status of one or more diagnoses."""
    judged = tuple(diagnoses)
    if any(one.confirmed for one in judged):
        return Status.FOUND
    return Status.UNMEASURED if any(one.error or one.unmeasured for one in judged) else Status.FINE


def of_checkup(checkup: Checkup, bad: int, unknown: int) -> Status:
    """The status of a health check with so many bad and so many unmeasured findings."""
    if bad or any(one.confirmed for one in checkup.diagnoses):
        return Status.FOUND
    unmeasured = unknown or checkup.error or any(isinstance(value, Unknown) for value in checkup.facts.values())
    return Status.UNMEASURED if unmeasured else Status.FINE
