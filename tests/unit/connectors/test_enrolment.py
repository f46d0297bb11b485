"""Is the enrolment a readable script of its parts, and are keys and names that could do harm refused?"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from bot.connectors.enrolment import Kit, removal, script
from bot.errors import Refused
from bot.execution.enrolment import expected, programs
from bot.model.enrolment import PROGRAMS, made_of, told

ONE, OTHER = (f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5{letter * 48}" for letter in "ab")


def kit(**other: str) -> Kit:
    return Kit(**{"host": "host01", "version": "1.2", "programs": programs(), "probe_key": ONE, "fix_key": OTHER} | other)  # type: ignore[arg-type]


TEXTS = {
    "both": script(kit(), probe_key="/k/probe", fix_key="/k/fix"),
    "reading": script(kit(fix_key=""), probe_key="/k/probe"),
    "away": removal("host01", "1.2"),
}


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="shellcheck is not installed")
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_shellcheck_has_nothing_to_say(text: str, tmp_path: Path) -> None:
    file = tmp_path / "script"
    file.write_text(text)
    said = subprocess.run(["shellcheck", "-s", "sh", "-S", "warning", file], capture_output=True, text=True)
    assert said.stdout == ""


def test_every_file_stands_in_the_script_as_it_will_be() -> None:
    for placed in kit().files:
        assert f"\n{placed.text}" in TEXTS["both"], placed.name
    assert OTHER not in TEXTS["reading"]
    assert "postmedic-fix ALL" not in TEXTS["reading"]


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_last_line_alone_starts_it(text: str) -> None:
    *_, last = text.rstrip("\n").splitlines()
    assert last.split(" #")[0] in ("main", 'main "$@"')


@pytest.mark.parametrize(
    "wrong",
    [
        {"host": "a;b"},
        {"host": "$(id)"},
        {"host": "A"},
        {"host": "-x"},
        {"probe_key": "ssh-ed25519 AAAA"},
        {"probe_key": f'{ONE}\ncommand="sh" {OTHER}'},
        {"probe_key": f'command="sh" {ONE}'},
        {"probe_key": f"{ONE} a comment"},
        {"fix_key": ONE},
        {"fix_key": "x"},
    ],
)
def test_what_could_do_harm_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(Refused):
        kit(**wrong)


@pytest.mark.parametrize("host", ["host01\nrm -rf /", "host01; id", "$(id)", ""])
def test_a_name_that_is_none_takes_nothing_away(host: str) -> None:
    with pytest.raises(Refused, match="not a lower-case host name"):
        removal(host, "1.2")


def test_a_key_file_with_an_odd_name_is_only_text(tmp_path: Path) -> None:
    odd = "/k/$(touch x)`id`'\"\\\nEND-OF-A-FILE-OF-POSTMEDIC\n"
    text = script(kit(), probe_key=odd, fix_key="/k/fix")
    function = text[text.index("file_inventory() {") : text.index("# --- how they are put in place")]
    said = subprocess.run(["sh", "-c", f"{function}\nfile_inventory"], cwd=tmp_path, capture_output=True, text=True)
    assert "$(touch x)`id`'" in said.stdout
    assert list(tmp_path.iterdir()) == []


def test_what_a_host_says_is_read_only_in_its_one_form() -> None:
    said = "0.1\n" + "".join(f"{'0' * 64}  {name}\n" for name in PROGRAMS)
    assert told(said) is not None
    for wrong in (
        "",
        "0.1\n",
        said + "x\n",
        said.replace("read", "reed", 1),
        said.replace("0.1", "0 1"),
        said.replace("0  fix-", "  fix-"),
    ):
        assert told(wrong) is None, wrong
    changed = {**programs(), "fix": programs()["fix"] + "\n"}
    assert made_of("1", changed).digest != expected().digest == made_of("1", programs()).digest
