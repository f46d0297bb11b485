"""What does a real host answer? Runs an entry's probes over any reader and keeps every reading, without secrets, as a case."""

from __future__ import annotations

from collections.abc import Mapping

from bot.authoring.cases import planned, reach
from bot.connectors.base import Reader
from bot.diagnosis.once import OnceReader
from bot.facts.base import FACTS
from bot.knowledge.cases import Case
from bot.matching import Matcher
from bot.model.diagnosis import Diagnosis
from bot.model.problem import Problem
from bot.render.discretion import Discretion


async def record(
    problem: Problem,
    paste: str,
    matcher: Matcher,
    reader: Reader,
    *,
    name: str,
    recorded: Mapping[str, str],
    discretion: Discretion = Discretion(),  # noqa: B008  # frozen
) -> tuple[Case, Diagnosis]:
    """Measure now and make a case whose expectation is what was found; an author reviews it before it is kept."""
    recorder = OnceReader(reader)
    paste = discretion(paste)
    found = matcher.recognise(paste) if paste else None
    match = next((m for m in found.near if m.problem == problem.id), None) if found else None
    diagnosis = await reach(problem, match, recorder)
    probes = {one.probe.name: one.probe.digest for one in FACTS.values()}
    answered = sorted({key.split()[0] for key, reading in recorder.readings.items() if reading.exit is not None})
    case = Case(
        name=name,
        paste=paste,
        recorded=recorded,
        readings={key: discretion.reading(reading) for key, reading in recorder.readings.items()},
        match=(found.sure[0].problem if found and found.sure else "none") if paste else problem.id,
        confirmed=tuple(v.cause.id for v in diagnosis.confirmed),
        ruled_out=tuple(v.cause.id for v in diagnosis.ruled_out),
        unmeasured=tuple(v.cause.id for v in diagnosis.unmeasured),
        plan=planned(diagnosis),
        probes={name: probes[name] for name in answered if name in probes},
    )
    return case, diagnosis
