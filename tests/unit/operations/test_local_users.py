"""May somebody who owns a table, a cache or the queue, as mail users do, lead root's steps to another file? Never."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from bot.connectors.dispatcher import render_fix
from bot.operations.base import OPERATIONS
from bot.operations.tables import COMPILED
from tests.contract.hosts.catalogue import Operation

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the dispatcher for fixes runs as root")

USER = 65534
# A compiler of tables that makes a copy, with the rights of the source's owner as postmap does.
COMPILER = """
compiler() {
    as=$(stat -c %u "${1#*:}")
    setpriv --reuid="$as" --regid="$as" --clear-groups cp "${1#*:}" "${1#*:}.db"
}
"""


@pytest.fixture
def theirs() -> Iterator[Path]:
    """A folder of the user, with a table in it; beside it stands a file of root's. Pytest's own folders are closed to users."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        place.chmod(0o755)
        (place / "roots").write_text("root's")
        folder = place / "theirs"
        folder.mkdir()
        (folder / "table").write_text("a b\n")
        (folder / "table.db").write_text("old")
        for one in (folder, *folder.iterdir()):
            os.chown(one, USER, USER)
        yield folder


def carried_out(folder: Path, script: str, *steps: str) -> list[str]:
    """Carry out `change`, whose script is given, and then what else is named, as steps of one execution; gives the answers."""
    fix = folder.parent / "fix"
    fix.write_text(render_fix([Operation(name="change", script=script)], journal=str(folder.parent / "journal")))
    fix.chmod(0o755)
    said = []
    for index, name in enumerate(("change", *steps)):
        done = subprocess.run([fix], input=f"run e1 {index} {name}", capture_output=True, text=True, timeout=60, check=False)
        said.append(done.stdout + done.stderr)
    return said


def untouched(folder: Path) -> bool:
    roots = folder.parent / "roots"
    state = roots.stat()
    return (roots.read_text(), state.st_uid, state.st_gid, state.st_mode & 0o777) == ("root's", 0, 0, 0o644)


def meddling(folder: Path, programs: Sequence[str]) -> str:
    """After each of these programs has run, the user makes links to root's file of all names that root may write next."""
    plant = f"""
meddle() {{
    setpriv --reuid={USER} --regid={USER} --clear-groups sh -c '
        for one in table.postmedic/source table.postmedic/source.db table.db.postmedic; do
            ln -sfn {folder.parent}/roots {folder}/$one
        done' 2>/dev/null
    return 0
}}
"""
    return plant + "".join(f'{one}() {{ command {one} "$@"; code=$?; meddle; return "$code"; }}\n' for one in programs)


def test_a_file_is_not_put_back_through_a_link(theirs: Path) -> None:
    (theirs / "table.db.postmedic-restore").symlink_to(theirs.parent / "roots")
    said = carried_out(theirs, f"keep {theirs}/table.db\necho new >{theirs}/table.db", "files-restore")
    assert said[1].startswith("ended 0 fresh")
    assert untouched(theirs)
    assert ((theirs / "table.db").read_text(), (theirs / "table.db").stat().st_uid) == ("old", USER)


def test_a_folder_in_the_way_does_not_lead_through_a_link_either(theirs: Path) -> None:
    (theirs / "table.db.postmedic-restore").mkdir()
    change = f"keep {theirs}/table.db\nln -sf {theirs.parent}/roots {theirs}/table.db"
    said = carried_out(theirs, change, "files-restore")
    assert untouched(theirs)
    assert said[1].startswith("ended 74 fresh"), "what was not put back is not said to be"


def test_nothing_is_put_back_in_a_folder_that_has_become_a_link(theirs: Path) -> None:
    inner, elsewhere = theirs / "inner", theirs.parent / "elsewhere"
    for one in (inner, elsewhere):
        one.mkdir()
    (inner / "roots").write_text("theirs")
    (theirs.parent / "roots").rename(elsewhere / "roots")
    change = f"keep {inner}/roots; keep {inner}/absent\necho new >{inner}/roots"
    moved = f"{change}; mv {inner} {theirs}/away; ln -s {elsewhere} {inner}"
    said = carried_out(theirs, moved, "files-restore")
    assert said[1].startswith("ended 74 fresh"), "what was not put back is not said to be"
    (elsewhere / "roots").rename(theirs.parent / "roots")
    assert untouched(theirs)


def test_a_file_that_was_not_there_is_not_taken_away_from_another_folder(theirs: Path) -> None:
    inner = theirs / "inner"
    inner.mkdir()
    said = carried_out(theirs, f"keep {inner}/roots\nrmdir {inner}; ln -s {theirs.parent} {inner}", "files-restore")
    assert (said[1][:14], untouched(theirs)) == ("ended 74 fresh", True)


def test_what_was_made_in_a_folder_that_is_gone_needs_no_taking_away(theirs: Path) -> None:
    said = carried_out(theirs, f"keep {theirs}/inner/more/new\ntrue", "files-restore")
    assert [one[:13] for one in said] == ["ended 0 fresh", "ended 0 fresh"]


def test_what_a_link_of_theirs_leads_to_is_not_put_back_as_it_was_then(theirs: Path) -> None:
    roots, table = theirs.parent / "roots", theirs / "table.db"
    table.unlink()
    table.symlink_to(roots)
    os.chown(table, USER, USER, follow_symlinks=False)
    said = carried_out(theirs, f"keep {table}\nrm {table}; echo new >{table}; echo later >{roots}", "files-restore")
    assert said[0].startswith("ended 73 fresh")
    assert table.is_symlink()
    assert untouched(theirs)


def test_a_table_is_compiled_through_no_link(theirs: Path) -> None:
    meddled = meddling(theirs, ("mkdir", "chown", "chmod", "cp", "cat", "stat", "sync"))
    carried_out(theirs, f"{COMPILED}{COMPILER}{meddled}compiled compiler hash:{theirs}/table")
    assert untouched(theirs)


def test_a_compiled_table_is_of_the_owner_and_mode_of_its_source(theirs: Path) -> None:
    (theirs / "table").chmod(0o640)
    said = carried_out(theirs, f"{COMPILED}{COMPILER}compiled compiler hash:{theirs}/table")
    assert said[0].startswith("ended 0 fresh"), said
    made = (theirs / "table.db").stat()
    assert ((theirs / "table.db").read_text(), made.st_uid, made.st_gid, made.st_mode & 0o777) == ("a b\n", USER, USER, 0o640)
    assert sorted(one.name for one in theirs.iterdir()) == ["table", "table.db"]


@pytest.mark.parametrize("how", ["another folder", "another name"])
def test_messages_are_given_back_through_no_link(theirs: Path, how: str) -> None:
    """The user owns the queue's folders: one becomes a link between root's look and root's step, or a file has two names."""
    queue, roots, programs = theirs / "queue", theirs.parent, theirs.parent / "programs"
    (queue / "deferred/A").mkdir(parents=True)
    (queue / "deferred/A/roots").write_text("a message")
    meddles = f"mv {queue}/deferred/A {queue}/deferred/B; ln -s {roots} {queue}/deferred/A"
    if how == "another name":  # where a kernel lets everybody link everything
        meddles = f"mv {queue}/deferred/A {queue}/deferred/B"
        os.link(roots / "roots", queue / "deferred/linked")
    programs.mkdir()
    (programs / "postconf").write_text(f"#!/bin/sh\ncase $* in *mail_owner) echo {USER} ;; *) echo {queue} ;; esac\n")
    here = f"[ ! -d {queue}/deferred/A ] || [ -L {queue}/deferred/A ]"
    (programs / "chown").write_text(
        f'#!/bin/sh\ncase "$*" in *roots*) {here} || {{ {meddles}; }} ;; esac\nexec /usr/bin/chown "$@"\n'
    )
    for one in programs.iterdir():
        one.chmod(0o755)
    script = OPERATIONS["queue-rights-restore"].script.replace("$owner:$group", "$owner")
    subprocess.run(["sh", "-c", script], env={"PATH": f"{programs}:/usr/bin:/bin"}, check=False, capture_output=True)
    assert untouched(theirs)
    assert (queue / "deferred/B/roots").stat().st_uid == USER
