"""The pages of docs/ that are made from the code: python -m tests.architecture.pages writes them, a test compares them."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from bot import errors
from bot.__main__ import parser
from bot.authoring import schema
from bot.authoring.scaffold import SCHEMA
from bot.authoring.table import placed, table
from bot.cli.status import Status
from bot.errors import PostmedicError
from bot.knowledge.cases import cases
from bot.knowledge.library import BUILT_IN, load

ROOT = Path(__file__).parents[2]
STATUS = {
    Status.FINE: "everything measured is well",
    Status.FOUND: "a cause is confirmed, or the health check found something",
    Status.USAGE: "the call, the settings, the inventory or the knowledge cannot be used; standard error says what to correct",
    Status.UNMEASURED: "nothing is confirmed, and something could not be measured",
    Status.UNRECOGNISED: "the paste is no problem that is known",
}


def pages() -> dict[Path, str]:
    """Every generated page by its path."""
    library = load()
    recorded = {name: cases(folder) for name, folder in library.folders.items()}
    readme = BUILT_IN / "README.md"
    return {
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
    needed = " **needed**" if action.required else ""
    default = f" (default: {action.default})" if action.default not in (None, False) else ""
    return f"- `{written}`{choices}{needed}{': ' + action.help if action.help else ''}{default}"


def _errors() -> str:
    head = (
        "# Errors\n\nGenerated from `bot/errors.py` (`make docs`). Each error has a stable code; its text says what happened, "
        "why, and what to do next.\n\n| code | text |\n| --- | --- |\n"
    )
    found = {one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, PostmedicError)}
    return head + "".join(f"| {one.code} | {' '.join((one.__doc__ or '').split())} |\n" for one in sorted(found, key=_code))


def _code(one: type[PostmedicError]) -> str:
    return one.code


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))
