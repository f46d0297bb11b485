"""Which programs of postmedic does the host have? It hashes them itself; on a host that is not enrolled there are none."""

from __future__ import annotations

from bot.facts.base import fact, refusal, unreadable
from bot.model.enrolment import HOME, TELLING, Enrolment, told
from bot.model.fact import Reason, Unknown
from bot.model.probe import Probe, Reading

_ABSENT = 66  # EX_NOINPUT

# The dispatcher names the folder it was installed for; over an ordinary account nobody does.
ENROLMENT = Probe(
    name="enrolment",
    script=f'cd "${{POSTMEDIC:-{HOME}}}" 2>/dev/null && [ -f version ] || exit {_ABSENT}\n{TELLING}',
)


@fact("enrolment", ENROLMENT)
def enrolment(reading: Reading) -> Enrolment | Unknown:
    """The version and the digest of postmedic's programs on the host."""
    if reading.exit == _ABSENT:
        return Unknown(reason=Reason.NOT_INSTALLED, detail="the host is not enrolled")
    if unknown := refusal(reading):
        return unknown
    return told(reading.out) or unreadable("the programs of postmedic on the host are not complete")
