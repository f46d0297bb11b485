"""Does the host's own journal let each step run at most once, keep files byte-exact, and leave nothing behind?"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.connectors.dispatcher import render_fix

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the dispatcher for fixes runs as root")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    name: str
    script: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    seconds: int = 10


@pytest.fixture
def fix(tmp_path: Path) -> Path:
    effects = tmp_path / "effects"
    conf, absent = tmp_path / "main.cf", tmp_path / "absent"
    conf.write_bytes(b"myhostname = mail01\n\xff\0no newline")
    conf.chmod(0o640)
    link = tmp_path / "link"
    link.symlink_to("main.cf")
    operations = [
        Operation(name="append", script=f"echo ran >>{effects}; sleep 0.3; echo out; echo err >&2"),
        Operation(name="hang", script="sleep 4244 & sleep 4244", seconds=1),
        Operation(name="chatter", script="head -c 200000 /dev/zero | tr '\\0' x; echo more; exit 3"),
        Operation(name="header", script="printf 'ended 0 fresh 0 0\\n'; exit 9"),
        Operation(name="edit", script=f"keep {conf}\nkeep {absent}\necho changed >{conf}; echo new >{absent}"),
        Operation(name="edit-link", script=f"keep {link}\necho changed >{link}"),
        Operation(name="keep-odd", script=f"keep {tmp_path}\necho edited >>{effects}"),
        Operation(name="keep-up", script=f'keep "{tmp_path}/../x"\necho edited >>{effects}'),
        Operation(name="kill-all", script="kill -9 $(ps -o ppid= -p $PPID) $PPID"),
        Operation(name="kill-runner", script=f"kill -9 $(ps -o ppid= -p $PPID); sleep 2; echo ran >>{effects}"),
        Operation(name="fill", script=f"cat /dev/zero >{tmp_path}/journal/filled 2>/dev/null; exit 7"),
        Operation(
            name="edit-full", script=f"keep {conf}\necho changed >{conf}; cat /dev/zero >{tmp_path}/room 2>/dev/null; true"
        ),
        Operation(name="plain", script='[ -z "${SSH_ORIGINAL_COMMAND-}" ] && umask && echo a*b "$1"', parameters={"x": "word"}),
    ]
    file = tmp_path / "fix"
    file.write_text(render_fix(operations, journal=str(tmp_path / "journal")))
    file.chmod(0o755)
    return file


def say(fix: Path, words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([fix], input=words.encode(), capture_output=True, timeout=60)


def effects(fix: Path) -> int:
    file = fix.parent / "effects"
    return len(file.read_text().splitlines()) if file.exists() else 0


def test_sixty_duplicates_in_parallel_have_one_effect(fix: Path) -> None:
    with ThreadPoolExecutor(60) as threads:
        answers = list(threads.map(lambda _: say(fix, "run e1 0 append"), range(60)))
    assert {answer.returncode for answer in answers} == {0}
    assert (
        sorted(answer.stdout for answer in answers)
        == [b"ended 0 fresh 4 4\nout\nerr\n"] + [b"ended 0 replayed 4 4\nout\nerr\n"] * 59
    )
    assert effects(fix) == 1


def test_other_words_other_steps_and_other_executions(fix: Path) -> None:
    assert say(fix, "run e1 0 append").stdout.startswith(b"ended 0 fresh")
    other = say(fix, "run e1 0 chatter")
    assert (other.returncode, other.stdout) == (65, b"")
    assert say(fix, "run e1 1 append").stdout.startswith(b"ended 0 fresh")
    assert say(fix, "run e2 0 append").stdout.startswith(b"ended 0 fresh")
    assert effects(fix) == 3


def test_ask_never_runs_anything(fix: Path) -> None:
    assert say(fix, "ask e1 0").stdout == b"unseen\n"
    running = subprocess.Popen([fix], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert running.stdin is not None
    running.stdin.write(b"run e1 0 append")
    running.stdin.close()
    while effects(fix) == 0:
        time.sleep(0.01)
    running.kill()  # as when the connection is lost; the step must not notice
    running.wait()
    assert say(fix, "ask e1 0").stdout == b"running\n"
    time.sleep(0.8)
    assert say(fix, "ask e1 0").stdout == b"ended 0 replayed 4 4\nout\nerr\n"
    assert effects(fix) == 1


def test_a_step_that_does_not_end_in_time_is_dead(fix: Path) -> None:
    assert say(fix, "run e1 0 hang").stdout.startswith(b"ended 124 fresh")
    assert subprocess.run(["pgrep", "-f", "^sleep 4244"], capture_output=True).returncode == 1


def test_a_step_whose_processes_were_killed_is_told_as_interrupted(fix: Path) -> None:
    assert say(fix, "run e1 0 kill-all").stdout == b"interrupted\n"
    assert say(fix, "ask e1 0").stdout == b"interrupted\n"
    assert say(fix, "run e1 0 kill-all").stdout == b"interrupted\n"


def test_a_step_that_outlives_its_runner_is_running_until_it_is_over(fix: Path) -> None:
    with ThreadPoolExecutor() as threads:
        answer = threads.submit(say, fix, "run e1 0 kill-runner")
        time.sleep(0.7)
        assert say(fix, "ask e1 0").stdout == b"running\n"
    assert (answer.result().stdout, effects(fix)) == (b"interrupted\n", 1)


def test_a_step_that_was_told_as_interrupted_does_not_begin_any_more(fix: Path) -> None:
    """Who started it was killed, and a busy host begins it later than anybody waited."""
    journal = fix.parent / "journal/e1"
    journal.mkdir(parents=True)
    (journal / "0.words").write_text("append\n")
    assert say(fix, "ask e1 0").stdout == b"interrupted\n"
    subprocess.run([fix, "step", "e1", "0"], check=False, timeout=60)
    assert effects(fix) == 0
    assert say(fix, "run e1 0 append").stdout == b"interrupted\n"


def test_output_is_bounded_and_cannot_look_like_an_answer(fix: Path) -> None:
    chatter = say(fix, "run e1 0 chatter").stdout
    assert chatter == b"ended 3 fresh 16384 0\n" + b"x" * 16384
    assert say(fix, "run e1 1 header").stdout == b"ended 9 fresh 18 0\nended 0 fresh 0 0\n"


def test_the_script_runs_in_an_ordinary_shell_with_its_tokens(fix: Path) -> None:
    assert say(fix, "run e1 0 plain value").stdout.endswith(b"\n0022\na*b value\n")


def test_kept_files_come_back_byte_for_byte(fix: Path) -> None:
    conf, absent = fix.parent / "main.cf", fix.parent / "absent"
    before = (conf.read_bytes(), conf.stat().st_mode, conf.stat().st_mtime_ns)
    assert say(fix, "run e1 0 edit").stdout.startswith(b"ended 0")
    assert say(fix, "run e1 1 edit").stdout.startswith(b"ended 0")  # the first copy stays
    assert (conf.read_text(), absent.read_text()) == ("changed\n", "new\n")
    assert say(fix, "run e2 0 files-restore").stdout.startswith(b"ended 0")  # another execution has kept nothing
    assert conf.read_text() == "changed\n"
    assert say(fix, "run e1 2 files-restore").stdout.startswith(b"ended 0")
    assert (conf.read_bytes(), conf.stat().st_mode, conf.stat().st_mtime_ns) == before
    assert not absent.exists()
    assert sorted(file.name for file in fix.parent.iterdir()) == ["fix", "journal", "link", "main.cf"]


def test_a_file_for_which_there_is_no_room_any_more_is_not_put_back_by_half(fix: Path) -> None:
    place = fix.parent
    (place / "main.cf").write_text("x" * 9000)
    small = 'mount -t tmpfs tmpfs /run && mount -t tmpfs -o size=64k tmpfs "$1/small" && cp "$1/main.cf" "$1/small" && '
    small += (
        'ln -s "$1/small/room" "$1" && ln -sf small/main.cf "$1/main.cf" && for step in "0 edit-full" "1 files-restore"; do '
    )
    small += 'echo "run e1 $step" | "$1/fix" | head -n 1; done; cat "$1/small/main.cf"'
    (place / "small").mkdir()
    said = subprocess.run(["unshare", "--mount", "sh", "-c", small, "sh", place], capture_output=True, text=True, timeout=60)
    restored = said.stdout.splitlines()
    assert (restored[0][:13], restored[1][:14], restored[2:]) == ("ended 0 fresh", "ended 74 fresh", ["changed"])


def test_a_link_is_kept_with_what_it_leads_to(fix: Path) -> None:
    conf, link = fix.parent / "main.cf", fix.parent / "link"
    before = conf.read_bytes()
    say(fix, "run e1 0 edit-link")
    assert conf.read_text() == "changed\n"
    say(fix, "run e1 1 files-restore")
    assert conf.read_bytes() == before
    assert os.readlink(link) == "main.cf"


@pytest.mark.parametrize("operation", ["keep-odd", "keep-up"])
def test_what_cannot_be_kept_is_not_edited(fix: Path, operation: str) -> None:
    assert say(fix, f"run e1 0 {operation}").stdout.startswith(b"ended 73")
    assert effects(fix) == 0


def test_without_a_journal_nothing_runs(fix: Path) -> None:
    (fix.parent / "journal").write_text("in the way")
    said = say(fix, "run e1 0 append")
    assert (said.returncode, said.stdout) == (73, b"")
    assert effects(fix) == 0


def test_an_end_that_found_no_room_in_the_journal_is_no_success(fix: Path) -> None:
    (fix.parent / "journal").mkdir()
    small = 'mount -t tmpfs tmpfs /run && mount -t tmpfs -o size=64k tmpfs "$1" && exec "$2"'
    command = ["unshare", "--mount", "sh", "-c", small, "sh", fix.parent / "journal", fix]
    said = subprocess.run(command, input=b"run e1 0 fill", capture_output=True, timeout=60)
    assert said.stdout == b"interrupted\n"


def test_the_journal_is_closed_to_others(fix: Path) -> None:
    say(fix, "run e1 0 edit")
    assert (fix.parent / "journal").stat().st_mode & 0o777 == 0o700
    assert (fix.parent / "journal" / "e1").stat().st_mode & 0o777 == 0o700


def test_another_user_is_refused(fix: Path) -> None:
    said = subprocess.run(["sh", "-c", fix.read_text()], input=b"run e1 0 append", capture_output=True, user=65534)
    assert said.returncode == 77
