"""What do lab hosts really answer? Records cases for the knowledge and scenes for the sample hosts of the demo.

python -m tests.lab.recording cases [PROBLEM ...]     every lab case, and a healthy and a silent host for each problem
python -m tests.lab.recording scenes                  host01 … host04, broken and after each step of the fix
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from bot.authoring.cases import FAILED, HEALTHY
from bot.authoring.record import record
from bot.connectors.replay import ReplayReader
from bot.engine import Engine
from bot.knowledge import library
from bot.knowledge.cases import write
from bot.model.diagnosis import Diagnosis
from bot.model.host import Host as Known
from bot.model.problem import LabCase, Problem
from bot.sandbox.hosts.scene import SCENES
from tests.lab import Host, Lab
from tests.lab.enrolled import enrolled_lab
from tests.lab.proving import HOSTS, Bench, bench, broken, telling

LIBRARY = library.load()
CRON = "Mail from cron and logwatch to root never arrives on host02, postfix itself is running fine"
SAMPLES = (  # (sample host, lab host, problem, lab case, title on the page, words instead of the log)
    ("host01", "mx12", "startup-no-local-interface", "down", "Postfix does not start", ""),
    ("host02", "mx13", "local-mail-not-received", "hostname-not-listed", "Mail from cron does not arrive", CRON),
    ("host03", "mx12", "sasl-saslauthd-unreachable", "group", "Nobody can log in to send mail", ""),
    ("host04", "mx13", "send-port25-blocked", "relay-ready", "The queue grows", ""),
)


async def cases(lab: Lab, wanted: list[str]) -> None:
    """Record the cases of the wanted problems (default: all); the two releases take turns, so both are covered."""
    for problem in (one for one in LIBRARY.values() if not wanted or one.id in wanted):
        folder = LIBRARY.folders[problem.id] / "cases"
        paste = ""
        for number, case in enumerate(problem.lab):
            hosts = [name for name in HOSTS if name in (case.hosts or HOSTS)]
            host = lab[hosts[number % len(hosts)]]
            said = await _case(lab, host, problem, case, folder)
            paste = paste or said
        await _well_and_silent(lab, lab["mx12"], problem, paste, folder)


async def _case(lab: Lab, host: Host, problem: Problem, case: LabCase, folder: Path) -> str:
    with tempfile.TemporaryDirectory() as name:
        async with bench(lab, Path(name)) as on:
            try:
                said = telling(on.engine.recognise, problem, await broken(host, case))
                await _keep(on, host, problem, said, folder / f"{case.id}.yaml", case.cause)
            except Exception as error:  # one case that fails must not end an hour of recording
                print(f"{problem.id} {case.id} {host.name}: {type(error).__name__} {error}", flush=True)
                return ""
            finally:
                lab.reset(host.name, "relay")
    return said


async def _well_and_silent(lab: Lab, host: Host, problem: Problem, paste: str, folder: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        async with bench(lab, Path(name)) as on:
            await _keep(on, host, problem, paste, folder / f"{HEALTHY}.yaml", "")
            silent, _ = await record(problem, paste, on.engine.matcher, ReplayReader({}), name=FAILED, recorded=_noted(host))
            write(folder / f"{FAILED}.yaml", silent)


async def _keep(on: Bench, host: Host, problem: Problem, paste: str, path: Path, cause: str) -> None:
    reader = on.engine.reader(on.engine.inventory.find(host.name))
    made, _ = await record(problem, paste, on.engine.matcher, reader, name=path.stem, recorded=_noted(host))
    agrees = not cause or cause in made.confirmed
    print(
        f"{problem.id} {path.stem} {host.name}: {made.match} {list(made.confirmed)} {'' if agrees else f'NOT {cause}'}",
        flush=True,
    )
    if agrees:
        write(path, made)


def _noted(host: Host) -> Mapping[str, str]:
    return {"host": host.name, "postfix": host.run("postconf -d -h mail_version", check=True).out.strip()}


async def scenes(lab: Lab) -> None:
    """Record the sample hosts; the lab's names are replaced by those of the samples, nothing else."""
    for sample, name, identity, case_id, title, words in SAMPLES:
        problem = LIBRARY[identity]
        case = next(one for one in problem.lab if one.id == case_id)
        host = lab[name]
        with tempfile.TemporaryDirectory() as folder:
            async with bench(lab, Path(folder)) as on:
                scene = await _scene(on, host, problem, case)
        lab.reset(name, "relay")
        paste = scene.pop("paste")
        said = words or f"```\n{paste}\n```"
        scene = {"host": sample, "sample": {"title": title, "text": said}} | scene
        text = json.dumps(scene, ensure_ascii=False, indent=1).replace(f"{name}.lab.example", f"{sample}.example.com")
        SCENES.joinpath(f"{sample}.json").write_text(text.replace(name, sample) + "\n", encoding="utf-8")
        print(f"{sample}: {problem.id} {case.id} on {name}", flush=True)


async def _scene(on: Bench, host: Host, problem: Problem, case: LabCase) -> dict[str, object]:
    paste = telling(on.engine.recognise, problem, await broken(host, case))
    known = on.engine.inventory.find(host.name)
    readings, diagnosis = await _everything(on.engine, known, problem, paste)
    only = replace(diagnosis, verdicts=tuple(one for one in diagnosis.verdicts if one.cause.id == case.cause))
    reader = on.engine.reader(known)
    await on.engine.check(known, reader)
    plan = on.engine.plans(only, known, reader, "U0ANA")[0]
    stages: list[dict[str, object]] = [{"readings": readings}]
    writer = on.connector.writer(known)
    assert writer is not None
    for index, step in enumerate(plan.steps):
        result = await writer.run(plan.id, index, step)
        await asyncio.sleep(8)  # until mail that was let go has left
        readings, _ = await _everything(on.engine, known, problem, paste)
        ended = {"exit": result.exit, "stdout": result.stdout, "stderr": result.stderr}
        stages.append({"step": step.wire, "result": ended, "readings": readings})
    return {"recorded": dict(_noted(host)), "paste": paste, "stages": stages}


async def _everything(engine: Engine, known: Known, problem: Problem, paste: str) -> tuple[dict[str, object], Diagnosis]:
    """All readings that a check and the problem's diagnosis ask for now."""
    reader = engine.reader(known)
    found = engine.recognise(paste)
    match = next(one for one in found.near if one.problem == problem.id)
    diagnosis = await engine.diagnose(known, match, reader)
    for other in found.sure:
        await engine.diagnose(known, other, reader)
    await engine.check(known, reader)
    kept = {
        key: {
            "exit": one.exit,
            "stdout": one.stdout.decode("utf-8", "surrogateescape"),
            "stderr": one.stderr.decode("utf-8", "surrogateescape"),
        }
        for key, one in reader.readings.items()
        if one.exit is not None
    }
    return kept, diagnosis


async def _main(what: str, wanted: list[str]) -> None:
    with enrolled_lab() as lab:
        await (scenes(lab) if what == "scenes" else cases(lab, wanted))


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in ("cases", "scenes"):
        sys.exit(__doc__)
    asyncio.run(_main(sys.argv[1], sys.argv[2:]))
