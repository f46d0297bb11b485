"""A sound entry of one's own, with its cases, as a team writes it beside the built-in ones, and its signature."""

from __future__ import annotations

import subprocess
from pathlib import Path

from bot.knowledge.cases import Case, write
from bot.knowledge.library import load
from bot.knowledge.seal import NAME, SEAL
from bot.model.probe import Reading
from tests.support.keys import signature

IDENTITY = "local-frob-gone"
LINE = "postfix/smtpd[9]: fatal: frobnicator answered 7 times too often to mx.example.com[192.0.2.1]"
ENTRY = """\
id: local-frob-gone
version: 1
title: {en: The frobnicator answers too often, zh: frobnicator 应答过多}
references: [https://example.org/frobnicator]
signatures: ['frobnicator answered {times:int} times too often']
facts: [interfaces]
causes:
  - id: loopback-down
    when: {fact: interfaces.loopback-up, is: false}
    says: {en: Loopback is down., zh: 环回接口已关闭。}
    advice: {en: Raise it., zh: 启用它。}
lab:
  - id: down
    break: [ip link set lo down]
    expect: {cause: loopback-down}
"""
_DOWN = b'[{"ifname": "lo", "flags": ["LOOPBACK"], "addr_info": []}]'
_UP = b'[{"ifname": "lo", "flags": ["LOOPBACK", "UP"], "addr_info": [{"local": "127.0.0.1"}]}]'


def place(root: Path, text: str = ENTRY) -> Path:
    """Write the entry and its three cases below `root`; gives the entry's file."""
    folder = root / "local" / "frob-gone"
    for name, stdout in (("down", _DOWN), ("nothing-wrong", _UP), ("probe-failed", None)):
        reading = Reading(key="interfaces", exit=0, stdout=stdout) if stdout else Reading(key="interfaces", exit=None)
        says = {"down": "confirmed", "nothing-wrong": "ruled_out", "probe-failed": "unmeasured"}[name]
        verdicts = {"confirmed": (), "ruled_out": (), "unmeasured": ()} | {says: ("loopback-down",)}
        case = Case(name=name, paste=LINE, recorded={}, readings={"interfaces": reading}, match=IDENTITY, plan=(), **verdicts)
        write(folder / "cases" / f"{name}.yaml", case)
    path = folder / "problem.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def signer(folder: Path, name: str = "ci") -> Path:
    """A new key in `folder`, listed in its file `signers` as the only one that may sign; gives the key's file."""
    key = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    signers(folder, key)
    return key


def signers(folder: Path, key: Path, options: str = "", *, principal: str = NAME) -> Path:
    """Write the file of those who may sign, with one key; gives the file."""
    file = folder / "signers"
    file.write_text(f"{principal} {options} {key.with_suffix('.pub').read_text()}", encoding="utf-8")
    return file


def sign(root: Path, key: Path, *, namespace: str = NAME) -> None:
    """Sign the entries below `root` as they are now."""
    (root / SEAL).write_text(signature(key, f"{load([root]).digest}\n", namespace=namespace), encoding="ascii")
