"""C8: no byte of a paste reaches a shell: one place opens an exec, its words are checked tokens, and no paste changes them.

`make soak WHAT=fuzz` tries a hundred times as many pastes.
"""

from __future__ import annotations

import ast
import functools
import os
import random
import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bot.facts
import bot.operations
from bot.authoring.cases import reach
from bot.connectors.dispatcher import _text, render, render_fix, render_fix_entry, render_root
from bot.connectors.frames import new_mark, words
from bot.connectors.replay import ReplayReader
from bot.connectors.ssh import SshConnector
from bot.errors import Refused
from bot.facts.base import FACTS
from bot.knowledge.cases import cases
from bot.knowledge.library import load
from bot.matching import Matcher
from bot.model.match import Match
from bot.model.plan import Step
from bot.model.probe import Probe, Reading, Request
from bot.model.token import TOKEN, token
from bot.operations.base import OPERATIONS
from bot.planning.planner import steps
from tests.support.plans import host

ROOT = Path(__file__).parents[2]
PROGRAM = sorted(path for room in ("bot", "handlers") for path in (ROOT / room).rglob("*.py"))
PASTES = int(os.environ.get("POSTMEDIC_FUZZ", "10000"))
SHELL = " \t\n\r\v\f;|&<>()$`\\\"'*?[]{}~!#%^\0\u00a0\u2028"  # and whatever else a shell or its locale may split or expand
MARK = "pwned42"
INJECTED = (
    f";touch /tmp/{MARK};", f"$(touch /tmp/{MARK})", f"`touch /tmp/{MARK}`", f"|{MARK}", f"&&{MARK}", f"\n{MARK}\n",
    f"\r{MARK}", f"\0{MARK}", f"' {MARK} '", f'" {MARK} "', f"\\{MARK}", f">/tmp/{MARK}", f"<{MARK}", f"${{IFS}}{MARK}",
    f"$IFS{MARK}", f"~{MARK}", f"*{MARK}", f"?{MARK}", f"[{MARK}]", f"{{{MARK},x}}", f"!{MARK}", f"#{MARK}",
    f" -oProxyCommand={MARK} ", f" --{MARK} ", f"%{MARK}", f"\u2028{MARK}", f"\u00a0{MARK}", f" + {MARK}", f"../{MARK}",
    f"\x1b[{MARK}", f"={MARK}", f",{MARK}", f"@{MARK}",
)  # fmt: skip
LIBRARY = load()
MATCHER = Matcher(LIBRARY.values())
CASES = {name: cases(LIBRARY.folders[name]) for name in LIBRARY}
LINES = sorted({line for known in CASES.values() for case in known for line in case.paste.splitlines() if line.strip()})

# --- one place opens an exec ----------------------------------------------------------------------------------------------


@functools.cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def calls(path: Path, name: str) -> list[ast.Call]:
    """The calls in `path` of something called `name`, as a function or a method."""
    found = []
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            found += [node] if called == name else []
    return found


def places(name: str, *, under: str = "") -> set[str]:
    found = {path.relative_to(ROOT).as_posix() for path in PROGRAM if calls(path, name)}
    return {path for path in found if path.startswith(under)}


def test_sessions_on_hosts_are_started_in_one_place() -> None:
    sessions = ("create_session", "create_process", "open_session", "create_subprocess", "run_client", "start_sftp_client")
    begun = {place: name for name in sessions for place in places(name, under="bot/connectors/")}
    assert begun == {"bot/connectors/ssh_connection.py": "create_session"}
    assert len(calls(ROOT / "bot/connectors/ssh_connection.py", "create_session")) == 1


def test_its_words_are_made_of_checked_tokens_only() -> None:
    """The three things that are ever executed, as they are written, and that each is made by `token`."""
    # The doctor's attempts are fixed texts of their own, and nothing that handles a paste can reach them.
    assert places("execute", under="bot/connectors/") == {"bot/connectors/ssh.py", "bot/connectors/forbidden.py"}
    users = {
        path.relative_to(ROOT).as_posix() for path in PROGRAM if "connectors.forbidden" in path.read_text(encoding="utf-8")
    }
    assert users == {"bot/cli/enrolment_findings.py"}
    said = {ast.unparse(call.args[0]) for call in calls(ROOT / "bot/connectors/ssh.py", "execute")}
    assert said == {"round.words", "'/bin/sh -s'", "command"}
    given = {ast.unparse(call.args[0]) for call in calls(ROOT / "bot/connectors/ssh.py", "render_asked")}
    assert given == {"round.words"}
    spoken = {ast.unparse(node) for node in ast.walk(parsed(ROOT / "bot/connectors/ssh.py")) if isinstance(node, ast.Assign)}
    assert [one for one in spoken if one.startswith("command =")] == ["command = ' '.join(map(token, spoken))"]
    made = {ast.unparse(node) for node in ast.walk(parsed(ROOT / "bot/connectors/rounds.py")) if isinstance(node, ast.Assign)}
    assert [one for one in made if one.startswith("self.words =")] == ["self.words = words(mark, requests)"]


def test_no_shell_is_given_a_composed_text() -> None:
    for path in PROGRAM:
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.keyword) and node.arg == "shell":
                assert isinstance(node.value, ast.Constant), path
                assert node.value.value is False, path
    assert places("create_subprocess_shell") == set()
    assert places("system") == set()
    assert places("popen") == set()


@pytest.mark.parametrize("name", ["eval", "exec", "__import__"])
def test_nothing_evaluates_text(name: str) -> None:
    assert places(name) == set()


# --- the charset ----------------------------------------------------------------------------------------------------------


@given(st.text(max_size=200) | st.text(alphabet=SHELL + "a1./-", max_size=20))
def test_a_token_holds_nothing_a_shell_or_an_option_parser_reads(text: str) -> None:
    try:
        word = token(text)
    except Refused:
        return
    assert word == text
    assert not set(word) & set(SHELL)
    assert word.isascii()
    assert word[0].isalnum()
    assert 1 <= len(word) <= 128


@pytest.mark.parametrize("letter", SHELL, ids=ascii)
def test_each_letter_that_means_something_to_a_shell_is_refused(letter: str) -> None:
    for text in (letter, f"a{letter}", f"a{letter}b", f"{letter}b"):
        with pytest.raises(Refused):
            token(text)


@pytest.mark.parametrize("word", ["", "-x", "a b", "a;b", "$(id)", "`id`", "a\nb", "a'b", "\u2028", "a" * 129, "+", *INJECTED])
async def test_what_is_no_token_does_not_leave(word: str) -> None:
    echo = Probe(name="echo", script="", parameters=("host",))
    with pytest.raises(Refused):
        words(new_mark(), [Request(probe=echo, tokens=(word,))])
    connector = SshConnector(connect_timeout=1)
    with pytest.raises(Refused):
        [_ async for _ in connector.reader(host()).read([Request(probe=echo, tokens=(word,))])]
    writer = connector.writer(host())
    assert writer is not None
    for execution, step in (
        (word, Step(operation="x", tokens=(), script="")),
        ("e1", Step(operation="x", tokens=(word,), script="")),
    ):
        with pytest.raises(Refused):
            await writer.run(execution, 0, step)
    connector.close()


# --- pastes do not change what is sent ------------------------------------------------------------------------------------


class Listening(ReplayReader):
    """A recorded host that notes every command it was sent."""

    def __init__(self, recorded: Mapping[str, Reading]) -> None:
        super().__init__(recorded)
        self.sent: set[str] = set()

    async def read(self, requests: Sequence[Request]) -> AsyncIterator[Reading]:
        self.sent |= {words("0" * 24, [request]) for request in requests}
        async for reading in super().read(requests):
            yield reading


async def sent(match: Match) -> tuple[set[str], set[str]]:
    """Every probe and every step that a match leads to on one recorded host: the entry's first case."""
    problem = LIBRARY[match.problem]
    listening = Listening(CASES[problem.id][0].readings)
    facts = (await reach(problem, match, listening)).facts
    changes = set()
    for fix in problem.fixes.values():
        try:
            changes |= {step.wire for step in (*steps(fix.steps, facts), *steps(fix.undo, facts))}
        except Refused:
            continue
    return listening.sent, changes


def bent(chance: random.Random) -> str:
    line = chance.choice(LINES)
    for _ in range(chance.randint(1, 3)):
        at = chance.choice([0, len(line), *(place for place, letter in enumerate(line) if letter in " =[]:<>,/@.")])
        line = line[:at] + chance.choice(INJECTED) + line[at:]
    return line


async def test_ten_thousand_hostile_pastes_send_what_the_clean_ones_send() -> None:
    """Nothing of a paste is in a probe: the same problem on the same host is measured with the very same words."""
    clean: dict[str, tuple[set[str], set[str]]] = {}
    for name, known in CASES.items():
        matches = [one for case in known for one in MATCHER.recognise(case.paste).sure if one.problem == name]
        for match in matches:
            probes, changes = clean.setdefault(name, (set(), set()))
            probes_now, changes_now = await sent(match)
            probes |= probes_now
            changes |= changes_now
    chance, tried = random.Random(8), {}
    for _ in range(PASTES):
        for match in MATCHER.recognise(bent(chance)).sure:
            key = (match.problem, tuple(sorted(match.captures.items())))
            if key not in tried and match.problem in clean:
                probes, changes = tried[key] = await sent(match)
                assert probes <= clean[match.problem][0]
                assert changes <= clean[match.problem][1] | tables(match.problem)
                assert MARK not in str(probes | changes)
    assert len({name for name, _ in tried}) > 80, "most problems were recognised in bent pastes"
    assert sum(MARK in str(captures) for _, captures in tried) > 100, "and what was put in was in what they captured"


def tables(problem: str) -> set[str]:
    """A paste may say which of the host's own measured tables is meant: then that one is named as it was measured."""
    measured = {
        word.strip("\"',")
        for case in CASES[problem]
        for reading in case.readings.values()
        for word in reading.out.split()
        if TOKEN.fullmatch(word.strip("\"',"))
    }
    return {f"{fix} {word}" for fix in ("table-postmap", "password-map-private") for word in measured}


def test_no_fact_asks_a_host_about_words_of_a_paste() -> None:
    for problem in LIBRARY.values():
        assert [str(use) for use in problem.facts if any(one.startswith("match.") for one in use.arguments)] == []


# --- the host's own side --------------------------------------------------------------------------------------------------

PROBES = [fact.probe for fact in FACTS.values()]
DISPATCHERS = {
    "read": render(PROBES),
    "root-read": render_root(PROBES),
    "fix": render_fix(OPERATIONS.values()),
    "fix-entry": render_fix_entry(),
}


@pytest.mark.parametrize("name", DISPATCHERS)
def test_nothing_received_is_evaluated(name: str) -> None:
    template = _text(f"{name}.sh") + _text("probing.sh") + _text("checks.sh")
    code = [line.split(" #")[0].strip() for line in template.splitlines() if not line.strip().startswith("#")]
    assert not [line for line in code if line.startswith((". ", "source ")) or "eval" in line.split()]


@pytest.mark.skipif(os.geteuid() != 0, reason="the dispatcher for fixes runs as root")
@pytest.mark.parametrize("name", ["read", "root-read", "fix", "fix-entry"])
def test_received_words_are_compared_and_never_run(name: str, folder: Path) -> None:
    """Each word of the protocol with each injection behind, before and inside it; a file would show that one was run."""
    target = folder / MARK
    known = {
        "read": f"read {'0' * 24} interfaces",
        "root-read": "queue-rights",
        "fix": "run e1 0 loopback-up",
        "fix-entry": "ask e1 0",
    }
    text = {
        "read": render(PROBES, root_read=str(folder / "root-read")),
        "root-read": render_root(PROBES),
        "fix": render_fix([], journal=str(folder / "journal")),
        "fix-entry": render_fix_entry(fix=str(folder / "fix")),
    }
    for other, content in text.items():
        (folder / other).write_text(content)
        (folder / other).chmod(0o755)
    for injected in INJECTED:
        hostile = injected.replace(f"/tmp/{MARK}", str(target)).replace("\0", "")
        for said in (known[name] + hostile, hostile + known[name], known[name].replace(" ", hostile, 1)):
            environment = {"PATH": os.environ["PATH"], "SSH_ORIGINAL_COMMAND": said}
            subprocess.run(
                [folder / name], input=said.encode(), env=environment, capture_output=True, timeout=60, cwd=folder, check=False
            )
            assert not target.exists(), said
    assert sorted(file.name for file in folder.iterdir() if MARK in file.name) == []


assert bot.facts.__all__
assert bot.operations.__all__
