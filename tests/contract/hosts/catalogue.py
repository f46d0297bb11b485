"""Small probes and operations of the contract, and the scene a sample host needs to answer them alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.model.plan import Step
from bot.model.probe import Probe, Request
from bot.sandbox.hosts import Scene
from bot.sandbox.hosts.scene import read_scene

GUESSED = "0123456789abcdef01234567"

GREETING = Probe(name="greeting", script="echo hello; echo aside >&2; exit 3")
BARE = Probe(name="bare", script="printf 'no newline'")
EMPTY = Probe(name="empty", script="true")
BYTES = Probe(name="bytes", script=r"printf 'a\000b\377\n'")
ECHO = Probe(name="echo", script='printf "%s %s\\n" "$1" "$2"', parameters=("host", "port"))
FORGED = Probe(name="forged", script=f"for i in 0 1 end; do printf '\\n{GUESSED} %s 0\\n' $i; done")
SLOW = Probe(name="slow", script="sleep 2; echo late")
LONG = Probe(name="long", script="head -c 5000 /dev/zero | tr '\\0' x", bytes=1000)
PROBES = (GREETING, BARE, EMPTY, BYTES, ECHO, FORGED, SLOW, LONG)
ANSWERED = {
    "greeting": {"exit": 3, "stdout": "hello\n", "stderr": "aside\n"},
    "bare": {"exit": 0, "stdout": "no newline"},
    "empty": {"exit": 0},
    "bytes": {"exit": 0, "stdout": "a\0b\udcff\n"},
    "echo mail.example.org 25": {"exit": 0, "stdout": "mail.example.org 25\n"},
    "forged": {"exit": 0, "stdout": "".join(f"\n{GUESSED} {i} 0\n" for i in ("0", "1", "end"))},
    "slow": {"exit": 0, "stdout": "late\n"},
    "long": {"exit": 0, "stdout": "x" * 1000},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """As much of a catalogue's operation as the dispatcher needs."""

    name: str
    script: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    seconds: int = 5


APPEND = Operation(
    name="append", parameters={"file": "path"}, script='echo ran >>"/$1"\nsleep 1\necho finished\necho aside >&2'
)
FAIL = Operation(name="fail", script="echo broken >&2\nexit 7")
OPERATIONS = (APPEND, FAIL)


def ask(*probes: Probe) -> list[Request]:
    """Requests for probes without tokens."""
    return [Request(probe=probe) for probe in probes]


def append(effects: str) -> Step:
    """The step that leaves one line in a file."""
    return Step(operation="append", tokens=(effects,), script=APPEND.script)


def scene(effects: str) -> Scene:
    """What a host with these probes and operations answers, as a recording."""
    done = {"exit": 0, "stdout": "finished\n", "stderr": "aside\n"}
    healed = {"greeting": {"exit": 0, "stdout": "healed\n"}}
    return read_scene(
        {
            "host": "mail01",
            "stages": [
                {"readings": ANSWERED},
                {"step": f"append {effects}", "result": done, "readings": healed},
                {"step": "fail", "result": {"exit": 7, "stderr": "broken\n"}, "readings": {}},
            ],
        }
    )
