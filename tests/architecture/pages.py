"""The pages of docs/ that are made from the code: python -m tests.architecture.pages writes them, a test compares them."""

from __future__ import annotations

import argparse
import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path

from bot import errors
from bot.__main__ import ENDED_BY, parser
from bot.audit import chain, kinds
from bot.authoring import schema
from bot.authoring.scaffold import SCHEMA
from bot.authoring.table import placed, table
from bot.cli.status import Status
from bot.errors import PostmedicError
from bot.knowledge.cases import cases
from bot.knowledge.library import BUILT_IN, load

ROOT = Path(__file__).parents[2]
SECURITY = ROOT / "deploy/SECURITY.md"
PROMISE = re.compile(r"^ ([A-G][0-9]{1,2}) $")
PROMISES = re.compile(r"\b([A-G][0-9]{1,2})\b")
STATUS = {
    Status.FINE: "everything measured is well",
    Status.FOUND: "a cause is confirmed, the health check found something, or the audit record does not hold",
    Status.USAGE: "the call, the settings, the inventory or the knowledge cannot be used, or the output not be written; "
    "standard error says what to correct",
    Status.UNMEASURED: "nothing is confirmed, and something could not be measured",
    Status.UNRECOGNISED: "the paste is no problem that is known",
}


def pages() -> dict[Path, str]:
    """Every generated page by its path."""
    library = load()
    recorded = {name: cases(folder) for name, folder in library.folders.items()}
    readme, audit = BUILT_IN / "README.md", ROOT / "docs/audit.md"
    return {
        audit: placed(audit.read_text(encoding="utf-8"), _kinds()),
        SECURITY: "\n".join(map(_with_tests, SECURITY.read_text(encoding="utf-8").split("\n"))),
        ROOT / "docs/commands.md": _commands(),
        ROOT / "docs/errors.md": _errors(),
        SCHEMA: _json(schema.problem()),
        SCHEMA.with_name("case.schema.json"): _json(schema.case()),
        readme: placed(readme.read_text(encoding="utf-8"), table(library, recorded)),
    }


def _json(made: dict[str, object]) -> str:
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def _commands() -> str:
    parts = ["# Commands\n\nGenerated from the command line itself (`make docs`). Every command takes `--help`.\n"]
    for name, one in parsers(parser(), "postmedic"):
        says = one.description or ""
        parts.append(f"\n## `{name}`\n\n{says[:1].upper()}{says[1:]}.\n")
        rows = [_row(action) for action in one._actions if not isinstance(action, argparse._HelpAction)]
        parts.append("\n" + "\n".join(rows) + "\n" if rows else "")
    parts.append("\n## Exit status\n\n| status | what it says |\n| --- | --- |\n")
    parts += [f"| {status.value} | {STATUS[status]} |\n" for status in Status]
    ended = f"{ENDED_BY + signal.SIGINT}, {ENDED_BY + signal.SIGPIPE}"
    parts.append(f"| {ended} | Ctrl-C ended it, or what read its output went away: nothing is said about what was measured |\n")
    return "".join(parts)


def parsers(top: argparse.ArgumentParser, name: str) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    for action in top._actions:
        if isinstance(action, argparse._SubParsersAction):
            for word, one in action.choices.items():
                if any(isinstance(part, argparse._SubParsersAction) for part in one._actions):
                    yield from parsers(one, f"{name} {word}")
                else:
                    yield f"{name} {word}", one


def _row(action: argparse.Action) -> str:
    written = ", ".join(action.option_strings) or action.dest
    choices = f" ({', '.join(action.choices)})" if action.choices else ""
    needed = " **needed**" if action.required and action.nargs != "*" else ""
    default = f" (default: {action.default})" if action.default not in (None, False, 0.0) else ""
    return f"- `{written}`{choices}{needed}{': ' + action.help if action.help else ''}{default}"


def _errors() -> str:
    head = (
        "# Errors\n\nGenerated from `bot/errors.py` (`make docs`). Each error has a stable code; its text says what happened, "
        "why, and what to do next.\n\n| code | text | in Chinese |\n| --- | --- | --- |\n"
    )
    found = {one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, PostmedicError)}
    rows = ((one.code, " ".join((one.__doc__ or "").split()), one.zh) for one in sorted(found, key=_code))
    return head + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _kinds() -> str:
    """Each kind of event with an example; the examples are a chain that holds."""
    parts = ["Every event about a plan has these details:\n\n| detail | what it says |\n| --- | --- |\n"]
    parts += [f"| `{name}` | {says} |\n" for name, (says, _) in kinds.CIRCUMSTANCES.items()]
    parts.append("\nBeside them, where they apply:\n\n| detail | what it says |\n| --- | --- |\n")
    parts += [f"| `{name}` | {says} |\n" for name, says in kinds.DETAILS.items()]
    circumstances = {name: example for name, (_, example) in kinds.CIRCUMSTANCES.items()}
    previous = chain.GENESIS
    for number, kind in enumerate(kinds.KINDS, 1):
        event = chain.seal(
            sequence=number,
            at=1764288000.0 + number,
            kind=kind.name,
            actor=kind.actor,
            subject="4f0c1d2e3a4b5c6d",
            details=(circumstances if kind.about_a_plan else {}) | kind.details,
            previous=previous,
        )
        previous = event.digest
        parts.append(f"\n### `{kind.name}`\n\n{kind.says[:1].upper()}{kind.says[1:]}.\n\n```json\n{chain.line(event)}\n```\n")
    return "".join(parts)


def promise_files(id: str) -> list[Path]:
    """The test files of one promise, such as A1."""
    return sorted((ROOT / "tests/promises").glob(f"test_{id.lower()}_*.py"))


def _with_tests(line: str) -> str:
    """A row of deploy/SECURITY.md with its last column filled: the promise's own tests, or those of the promises it names."""
    cells = line.split("|")
    if len(cells) < 5 or not line.startswith("|") or not (ids := PROMISE.findall(cells[1]) or PROMISES.findall(cells[-3])):
        return line
    named = [f"`{path.name}`" for id in ids for path in promise_files(id)]
    return "|".join([*cells[:-2], f" {' '.join(named) or '**none yet**'} ", ""])


def _code(one: type[PostmedicError]) -> str:
    return one.code


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))
