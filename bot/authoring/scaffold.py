"""Where does a new entry begin? Writes a problem.yaml that says what to write next and passes no check until it is written.

It never overwrites anything, and what it takes from a paste is masked and quoted.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bot.authoring.unwritten import TODO
from bot.errors import KnowledgeError
from bot.knowledge.library import BUILT_IN
from bot.knowledge.loader import dump
from bot.matching import clean
from bot.matching.drafting import drafted, telling_line
from bot.render.redact import redact

SCHEMA = BUILT_IN.parent / "docs" / "problem.schema.json"
_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+")
_LONGEST = 64
_FORM = """\
# yaml-language-server: $schema=SCHEMA
id: ID
version: 1
title:
  en: "TODO: say in one line what is wrong, as a mail admin would"
  zh: "TODO: the same in Chinese"
references:
  - "TODO: the manual page that explains it, and the source file that prints it"

# The line as Postfix prints it, without stamp, host and process id. What varies is a typed place, {name:type}.
SIGNATURES
# What people write when they paste no log: words in any order, a|b for either.
phrases: { en: [], zh: [] }

# What is measured on the host, by name; see bot/facts. Nothing of a paste may be an argument.
facts: []

causes:
  - id: todo
    when: { fact: todo, is: true }
    says:
      en: "TODO: say who is affected and what this means; measured values stand in double braces"
      zh: "TODO: the same in Chinese, with the same places"
    advice:
      en: "TODO: say what to do, or name a fix under `fixes:` instead"
      zh: "TODO: the same in Chinese"

lab:
  - id: todo
    break: ["TODO: the shell commands that make the cause real on a lab host, as root"]
    trigger: ["TODO: what makes Postfix print the line"]
    expect: { cause: todo }
    mend: ["TODO: what an administrator who follows the advice types; leave it out where a fix mends"]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A new entry: its file, and the signature drafted from the paste, if one could be."""

    path: Path
    signature: str | None


def begin(identity: str, root: Path, others: Iterable[Path], paste: str = "") -> Begun:
    """Write a new entry below `root`; `others` are all folders of entries. Raises `KnowledgeError` and then writes nothing."""
    if not _ID.fullmatch(identity) or len(identity) > _LONGEST:
        hint = f"write area-name in small letters, digits and hyphens, e.g. startup-no-interface, up to {_LONGEST} characters"
        raise KnowledgeError(where=f"the id {identity[:_LONGEST]!r}", detail="this is not the id of a problem", hint=hint)
    area, _, name = identity.partition("-")
    for one in (root, *others):
        if (one / area / name).exists():
            hint = "choose another id, or go on writing that entry"
            raise KnowledgeError(where=one / area / name, detail=f"the problem {identity} exists already", hint=hint)
    signature = _signature(paste)
    path = root / area / name / "problem.yaml"
    try:
        (path.parent / "cases").mkdir(parents=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(_written(identity, path, signature))
    except OSError as error:
        hint = "name a folder you may write to with --in"
        raise KnowledgeError(where=path, detail=f"it cannot be written: {error.strerror}", hint=hint) from error
    return Begun(path=path, signature=signature)


def _signature(paste: str) -> str | None:
    line = telling_line(clean(redact(paste)[0]).lines)
    return drafted(line.text) if line else None


def _written(identity: str, path: Path, signature: str | None) -> str:
    signatures = dump({"signatures": [signature or f"{TODO}a line that Postfix prints, with typed places for what varies"]})
    parts = {"SCHEMA": _schema(path), "ID": identity, "SIGNATURES": signatures.rstrip() + "\n"}
    return re.sub(r"SCHEMA|\bID\b|SIGNATURES", lambda found: parts[found[0]], _FORM)


def _schema(path: Path) -> str:
    """How an editor finds the schema from the entry: relative inside this folder tree, else where it is installed."""
    inside = path.resolve().is_relative_to(BUILT_IN.parent)
    return os.path.relpath(SCHEMA, path.resolve().parent) if inside else SCHEMA.as_uri()
