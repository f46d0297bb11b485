"""What may an account of postmedic do on a host? Renders the root-owned sh files that answer it, from closed lists.

The files and where the enrolment puts them: `read` (forced command of the probe account), `root-read` (probes only root can
answer; `NOPASSWD` through sudo with no arguments), `fix-entry` (forced command of the account for fixes) and `fix` (the
operations; through sudo with no arguments). Nothing a client sends is ever evaluated: names are compared by `case`, tokens
are checked by type and passed as `"$1"`. This file must never put anything into a text that is not in the lists.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Protocol

from bot.model.enrolment import HOME, TELLING
from bot.model.probe import Access, Probe

JOURNAL = "/var/lib/postmedic"

# Exit codes of the dispatchers themselves: nothing was run.
REFUSED = 64  # EX_USAGE: not in the closed list, or not of its form
OTHER_WORDS = 65  # EX_DATAERR: this (execution, index) was claimed with other words
NO_JOURNAL = 73  # EX_CANTCREAT: the journal cannot be written

# The token types of the catalogue, each with the function in checks.sh that checks it again on the host.
CHECKS: Mapping[str, str] = {
    kind: "is_" + kind.replace("-", "_")
    for kind in (
        "parameter",
        "service",
        "word",
        "domain",
        "address",
        "host",
        "port",
        "mail-port",
        "table",
        "path",
        "record",
    )
}

_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")


class Change(Protocol):
    """What a rendered operation needs to know of an operation of the catalogue."""

    @property
    def name(self) -> str: ...
    @property
    def parameters(self) -> Mapping[str, str]: ...
    @property
    def script(self) -> str: ...
    @property
    def seconds(self) -> int: ...


def render(probes: Iterable[Probe], *, root_read: str = f"{HOME}/root-read") -> str:
    """Give the sh text of the read dispatcher: a forced command, or with the words as arguments.

    Raises `ValueError` for a name or a type the dispatcher cannot check.
    """
    return _fill("read.sh", checks=_text("checks.sh"), probing=_probing(probes), ROOT_READ=shlex.quote(root_read))


def render_asked(words: str, probes: Iterable[Probe]) -> str:
    """Give the same text for `sh -s`, with its words in it: as arguments, every user of the host would see the mark."""
    return f"set -- {words}\n{render(probes)}"


def render_root(probes: Iterable[Probe]) -> str:
    """Give the sh text of `root-read`, which knows only the probes that need more than an ordinary account."""
    return _fill(
        "root-read.sh", checks=_text("checks.sh"), probing=_probing(p for p in probes if p.access is not Access.ANYONE)
    )


def render_fix(operations: Iterable[Change], *, journal: str = JOURNAL) -> str:
    """Give the sh text of the fix dispatcher; scripts may call `keep FILE` and `restore`.

    `restore` puts back every file kept in the same execution; the operation `files-restore` is there even when the list
    does not name it.
    """
    changes = {change.name: change for change in operations}
    bodies, arms = [], []
    for name, change in sorted(changes.items()):
        bodies.append(f"{_function(name)}() {{\n{change.script.strip()}\n}}\n")
        arms.append(_arm(name, tuple(change.parameters.values()), f"seconds={change.seconds} operation={_function(name)}"))
    if "files-restore" not in changes:
        arms.append(_arm("files-restore", (), "seconds=30 operation=restore"))
    return _fill(
        "fix.sh",
        checks=_text("checks.sh"),
        operations="\n".join(bodies),
        names="\n".join(arms),
        JOURNAL=shlex.quote(journal),
        TELLING=TELLING,
    )


def render_fix_entry(*, fix: str = f"{HOME}/fix") -> str:
    """Give the sh text of the forced command that hands the words of the account for fixes to `fix`, as data."""
    return _fill("fix-entry.sh", FIX=shlex.quote(fix))


def render_sudoers(*, probe: str, fix: str = "") -> str:
    """Give the sudo rules of the accounts: full paths, no arguments at all, and no mail to root when one is refused.

    Without the explicit empty arguments sudo would let `fix` be started with any. Without `fix` nobody may start it.
    """
    rules = {user: program for user, program in ((probe, "root-read"), (fix, "fix")) if user}
    return f"Defaults:{','.join(rules)} env_reset, !setenv, !lecture, !mail_badpass\n" + "".join(
        f'{user} ALL=(root:root) NOPASSWD: {HOME}/{program} ""\n' for user, program in rules.items()
    )


def _probing(probes: Iterable[Probe]) -> str:
    unique = {probe.name: probe for probe in probes}
    arms = [
        _arm(
            name,
            probe.parameters,
            f"access={probe.access.value} seconds={probe.seconds} bytes={probe.bytes}\n"
            f"      text={shlex.quote(probe.script.strip())}",
        )
        for name, probe in sorted(unique.items())
    ]
    return _fill("probing.sh", probes="\n".join(arms))


def _arm(name: str, types: tuple[str, ...], consequence: str) -> str:
    """One branch of a `case` over `NAME:COUNT` that checks every token before it sets anything."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot be the name of a probe or an operation")
    unknown = [kind for kind in types if kind not in CHECKS]
    if unknown:
        raise ValueError(f"{name}: the dispatcher has no check for the type {unknown[0]}")
    checks = " && ".join(f'{CHECKS[kind]} "${{{place}}}"' for place, kind in enumerate(types, 1))
    guard = f"      {{ {checks}; }} || return 64\n" if checks else ""
    return f"    {name}:{len(types)})\n{guard}      {consequence} ;;"


def _function(name: str) -> str:
    return "operation_" + name.replace("-", "_")


def fill(template: str, **values: str) -> str:
    """Put `values` into the text of a template: whole lines `#@name` in lower case, words `@NAME@` in upper case."""
    lines = []
    for line in template.split("\n"):
        mark = line.strip()
        if mark.startswith("#@"):
            lines.append(values[mark[2:]].rstrip("\n"))
        else:
            lines.append(re.sub(r"@([A-Z_]+)@", lambda found: values[found[1]], line))
    return "\n".join(lines)


def _fill(name: str, **values: str) -> str:
    return fill(_text(name), **values)


def _text(name: str) -> str:
    return (files("bot.connectors") / name).read_text(encoding="utf-8")
