"""A small entry that uses every part of the format, and the same as a `Problem`."""

from __future__ import annotations

from bot.knowledge.entry import problem
from bot.model.problem import Problem

ENTRY = """\
id: startup-example
version: 1
title: {en: It does not start, zh: 无法启动}
references: [https://example.org]
signatures: ['fatal: no local interface found for {address:ip}']
phrases: {en: [postfix start no interface], zh: [postfix 启动 接口]}
facts:
  - interfaces
  - setting(inet_interfaces)
derive:
  is-loopback: same(match.address, setting.inet_interfaces)
causes:
  - id: loopback-down
    when: {fact: interfaces.loopback-up, is: false}
    says: {en: 'It is {{ interfaces.loopback }}.', zh: '它是 {{ interfaces.loopback }}。'}
    fix: raise-loopback
  - id: elsewhere
    when: {all: [{fact: interfaces.loopback-up, is: true}, {not: {fact: setting.inet_interfaces, in: [all, localhost]}}]}
    says: {en: Another address., zh: 另一个地址。}
    advice: {en: 'Look at {{ match.address }}.', zh: '请看 {{ match.address }}。'}
fixes:
  raise-loopback:
    risk: low
    safety: {en: Nothing else., zh: 仅此而已。}
    steps: [{operation: x, a: 25, b: {fact: interfaces.loopback}}]
    before: [{fact: interfaces.loopback-up, is: false}]
    after: [{fact: interfaces.loopback-up, is: true}]
    undo: none
lab:
  - id: down
    break: [ip link set lo down]
    expect: {cause: loopback-down}
"""


def example(old: str = "", new: str = "") -> Problem:
    """The entry, with one part of its text replaced."""
    assert old in ENTRY
    return problem((ENTRY.replace(old, new, 1) if old else ENTRY).encode(), "startup/example/problem.yaml")
