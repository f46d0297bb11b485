"""Operations as they really run: the rendered dispatcher for fixes over a copy of a lab host's file system, without booting it.

The copy is an overlay in namespaces of its own, which end with everything in them; the tree below is never written.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from bot.connectors.dispatcher import render_fix
from bot.operations.base import OPERATIONS
from tests.lab import images

AREAS = ("/etc", "/usr/sbin/sendmail", "/usr/lib/sendmail", "/usr/sbin/postdrop", "/usr/sbin/postqueue", "/var/lib/postfix")
_ENTER = """
set -e
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=$2,upperdir=$1/upper,workdir=$1/work" "$1/root"
mount -t proc proc "$1/root/proc"
mount --rbind /dev "$1/root/dev"
cp "$3/given/"* "$1/root/root/"
ip link set lo up
exec chroot "$1/root" /usr/bin/python3 -I /root/inside.py
"""
# Runs in the copy, with the Python of its release and nothing else.
_INSIDE = """
import hashlib, json, os, subprocess

def one(path):
    state = os.lstat(path)
    what = os.readlink(path) if os.path.islink(path) else ""
    if os.path.isfile(path) and not what:
        what = hashlib.sha256(open(path, "rb").read()).hexdigest()
    kept = {name: os.getxattr(path, name, follow_symlinks=False).hex() for name in os.listxattr(path, follow_symlinks=False)}
    kept.pop("trusted.overlay.origin", None)
    return [oct(state.st_mode), state.st_uid, state.st_gid, what, kept]

def seen(areas):
    found = {}
    for area in areas:
        if os.path.lexists(area):
            found[area] = one(area)
        for folder, names, files in os.walk(area):
            for name in names + files:
                path = os.path.join(folder, name)
                found[path] = one(path)
    return found

os.chmod("/root/fix", 0o755)
script = json.load(open("/root/script.json"))
answers = []
for action, words in script["actions"]:
    if action == "look":
        answers.append(seen(script["areas"]))
    elif action == "fix":
        said = subprocess.run(["/root/fix"], input=words.encode(), capture_output=True, timeout=120)
        answers.append([said.returncode, said.stdout.decode(errors="replace"), said.stderr.decode(errors="replace")])
    else:
        said = subprocess.run(["/bin/sh", "-c", words], capture_output=True, timeout=120)
        answers.append([said.returncode, said.stdout.decode(errors="replace"), said.stderr.decode(errors="replace")])
print(json.dumps(answers))
"""


def tree(release: str) -> Path:
    """The tree of a release of the lab, which is built where the lab is required; skips the test where there is none."""
    if os.geteuid() != 0:
        pytest.skip("a copy of a host's file system needs root")
    if not images.tree(release).is_dir():
        if os.environ.get("POSTMEDIC_REQUIRE_LAB") != "1":
            pytest.skip("the trees of the lab are not built here: tests/lab builds them")
        images.build([release])
    return images.tree(release)


def inside(
    tree: Path, folder: Path, actions: Sequence[tuple[str, str]], others: Mapping[str, str] | None = None
) -> list[object]:
    """Do each action in a fresh copy of `tree` and give its answer: `look` at files, say words to `fix`, or `run` a text.

    `others` are texts that lie in /root, by their names.
    """
    given = {
        "fix": render_fix(OPERATIONS.values()),
        "inside.py": _INSIDE,
        "script.json": json.dumps({"areas": AREAS, "actions": actions}),
    }
    (folder / "given").mkdir()
    for name, text in (given | dict(others or {})).items():
        (folder / "given" / name).write_text(text)
    (folder / "copy").mkdir()
    namespaces = ["unshare", "--mount", "--net", "--pid", "--ipc", "--uts", "--fork", "--kill-child"]
    done = subprocess.run(
        [*namespaces, "sh", "-c", _ENTER, "sh", folder / "copy", tree, folder], capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr[-2000:]
    answers: list[object] = json.loads(done.stdout.splitlines()[-1])
    return answers
