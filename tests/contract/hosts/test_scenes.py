"""Is a scene read strictly, and does a sample host walk through its stages?"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bot.connectors.ssh import SshConnector
from bot.model.plan import Step
from bot.sandbox.hosts import SampleHost, load_scene, load_scenes
from tests.contract.hosts.catalogue import BARE, GREETING, ask, scene
from tests.contract.hosts.conftest import Site

SCENE = {
    "host": "mail01",
    "recorded": {"postfix": "3.7.11"},
    "stages": [
        {"readings": {"a": {"exit": 1, "stdout": "x\udcff"}, "b": {"exit": 0}}},
        {"step": "mend it", "result": {"exit": 0}, "readings": {"a": {"exit": 0}}},
    ],
}


def written(folder: Path, name: str, content: object) -> Path:
    file = folder / name
    file.write_text(json.dumps(content))
    return file


def test_a_scene_is_read_and_later_stages_inherit(folder: Path) -> None:
    read = load_scene(written(folder, "one.json", SCENE))
    assert (read.host, read.recorded) == ("mail01", {"postfix": "3.7.11"})
    first, last = read.stages
    assert first.readings["a"].stdout == b"x\xff"
    assert (last.step, last.readings["a"].exit, last.readings["b"].exit) == ("mend it", 0, 0)


@pytest.mark.parametrize(
    "change",
    [
        {"host": 1},
        {"stages": []},
        {"stagse": []},
        {"stages": [{"step": "x", "result": {"exit": 0}, "readings": {}}]},
        {"stages": [{"readings": {}}, {"readings": {}}]},
        {"stages": [{"readings": {"a": {"exit": "0"}}}]},
        {"stages": [{"readings": {"a": {"exit": 256}}}]},
        {"stages": [{"readings": {"a": {"exit": 0, "stdoot": ""}}}]},
        {"stages": [{"readings": {"a": {"exit": 0, "stdout": 1}}}]},
        {"stages": ["x"]},
    ],
)
def test_a_scene_out_of_form_is_refused_by_name(folder: Path, change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"one\.json"):
        load_scene(written(folder, "one.json", SCENE | change))


def test_two_scenes_about_one_host_are_refused(folder: Path) -> None:
    written(folder, "one.json", SCENE)
    written(folder, "two.json", SCENE)
    with pytest.raises(ValueError, match="mail01"):
        load_scenes(folder)


def test_every_scene_that_ships_can_be_read() -> None:
    assert all(shipped.stages[0].readings for shipped in load_scenes())


async def test_a_step_changes_what_the_host_answers(sample: Site, connector: SshConnector) -> None:
    reader, writer = connector.reader(sample.host), connector.writer(sample.host)
    assert writer is not None
    assert [reading.exit async for reading in reader.read(ask(GREETING, BARE))] == [3, 0]
    unexpected = await writer.run("e1", 0, Step(operation="fail", tokens=(), script=""))
    assert (unexpected.exit, "no recording of `fail`" in unexpected.stderr) == (64, True)
    await writer.run("e1", 0, sample.step)
    healed, bare = [reading async for reading in reader.read(ask(GREETING, BARE))]
    assert (healed.stdout, bare.stdout) == (b"healed\n", b"no newline")


async def test_a_rewound_host_is_broken_again_but_remembers_its_steps() -> None:
    host = SampleHost(scene("x"), latency=0, step_seconds=0)
    said: list[bytes] = []
    for words in ("run e1 0 append x", "run e1 0 append x"):
        assert await host.fix(words, said.append, said.append) == 0
        host.rewind()
    assert [answer.split()[2] for answer in said] == [b"fresh", b"replayed"]
    assert await host.fix("run e2 0 append x", said.append, said.append) == 0
    assert host.effects == ["append x", "append x"]


def test_the_sample_hosts_run_on_their_own(folder: Path) -> None:
    hosts = subprocess.Popen(
        [sys.executable, "-m", "bot.sandbox.hosts", folder / "demo"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert hosts.stdout is not None
    try:
        assert "sample hosts" in hosts.stdout.readline()
        listed = json.loads((folder / "demo" / "hosts.json").read_text())
        assert [host["name"] for host in listed] == [shipped.host for shipped in load_scenes()]
        assert (folder / "demo" / "probe_key").stat().st_mode & 0o077 == 0
    finally:
        hosts.terminate()
        hosts.wait()
