"""A sound entry of one's own, with its cases, as a team writes it beside the built-in ones."""

from __future__ import annotations

from pathlib import Path

from bot.knowledge.cases import Case, write
from bot.model.probe import Reading

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
