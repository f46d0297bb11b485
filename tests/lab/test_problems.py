"""Every problem a lab host can show, from break to healed: the real log, the right cause, the approved fix, flowing mail."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.model.execution import State
from bot.model.problem import LabCase, Problem
from tests.lab import Lab
from tests.lab.proving import HOSTS, bench, broken, checked, diagnosed, healed, known, made_new

LIBRARY = known()


def _hosts(number: int, case: LabCase) -> tuple[str, ...]:
    """On which hosts a case runs: the first of a problem on both releases, the others on one each, taking turns.

    POSTMEDIC_LAB=full runs every case on every host it is for.
    """
    able = case.hosts or HOSTS
    return able if number == 0 or os.environ.get("POSTMEDIC_LAB") == "full" else (able[number % len(able)],)


CASES = [(p, case, host) for p in LIBRARY.values() for number, case in enumerate(p.lab) for host in _hosts(number, case)]


@pytest.mark.parametrize(
    ("problem", "case", "name"), CASES, ids=[f"{problem.id}-{case.id}-{host}" for problem, case, host in CASES]
)
async def test_problem(enrolled: Lab, problem: Problem, case: LabCase, name: str, tmp_path: Path) -> None:
    host = enrolled[name]
    try:
        async with bench(enrolled, tmp_path) as on:
            paste = await broken(host, case)
            match, diagnosis = await diagnosed(on, host, problem, paste)
            assert match is not None, f"not recognised:\n{paste}"
            assert not diagnosis.error
            judged = {verdict.cause.id: verdict for verdict in diagnosis.verdicts}
            assert case.cause in {one.cause.id for one in diagnosis.confirmed}, f"{judged}\n{paste}"
            cause = judged[case.cause].cause
            if cause.fix is not None:
                progress = await healed(on, host, diagnosis, case.cause)
                assert progress.state is State.SUCCEEDED, progress
            else:
                for command in case.mend:
                    host.run(command, timeout=90, check=True)
            assert await checked(host, case) == ""
            if cause.fix is not None or case.mend:
                _, again = await diagnosed(on, host, problem, paste)
                assert case.cause not in {one.cause.id for one in again.confirmed}
    finally:
        made_new(enrolled, name)
