"""`postmedic`, the command line. Every command is one file in `bot/cli/` and is imported only when it is called."""

from __future__ import annotations

import argparse
import importlib
import io
import os
import sys
from pathlib import Path

from bot.cli.status import Status
from bot.errors import PostmedicError
from bot.model.text import LANGS
from bot.render.visible import visible


def parser() -> argparse.ArgumentParser:
    """The whole command line; docs/commands.md is tested against it."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--settings", type=Path, help="the settings file (default: postmedic.toml, if it is there)")
    common.add_argument("--lang", choices=LANGS, help="in which language to speak")
    top = argparse.ArgumentParser(prog="postmedic", description="Recognise, measure and mend problems of Postfix hosts.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, where: str, says: str, under: argparse._SubParsersAction[argparse.ArgumentParser] = commands):  # type: ignore[no-untyped-def]
        one = under.add_parser(name, help=says, description=says, parents=[common])
        one.set_defaults(run=where)
        return one

    check = command("check", "check:run", "measure the general health of a host, or of this machine with `local`")
    check.add_argument("host")
    check.add_argument("--json", action="store_true", help="plain values for scripts")
    diagnose = command("diagnose", "diagnose:run", "recognise a log on standard input, and measure its causes with --host")
    diagnose.add_argument("--host", help="a host of the inventory, or `local`")
    diagnose.add_argument("--json", action="store_true", help="plain values for scripts")
    match = command("match", "match:run", "name the problems a paste shows, without contacting anything")
    match.add_argument("--paste", help="a file, or - for standard input")
    match.add_argument("--jsonl", action="store_true", help='read {"id", "text"} objects, one a line, and answer each')
    match.add_argument("--json", action="store_true", help="plain values for scripts")
    about = commands.add_parser("knowledge", help="for people who write problems").add_subparsers(required=True, metavar="WHAT")
    command("check", "knowledge:check", "lint the entries and run their cases", about).add_argument("id", nargs="?")
    record = command("record", "knowledge:keep", "measure on a host and keep every raw reading as a case", about)
    record.add_argument("id")
    record.add_argument("--host", required=True)
    record.add_argument("--case", required=True, help="the name of the case")
    command("show", "knowledge:show", "print what an entry says", about).add_argument("id")
    command("serve", "serve:run", "connect to Slack and serve until stopped")
    demo = command("demo", "demo:run", "a local workspace, sample hosts and the bot, in your browser; no Slack account needed")
    demo.add_argument("--port", type=_port, default=8080, help="where the page is served on loopback")
    demo.add_argument("--inventory", type=Path, help="use the hosts of this inventory instead of the sample hosts")
    demo.add_argument("--samples", type=Path, help='the pastes the page offers: a JSON list of {"title", "text"}')
    approve = command("approve", "approve:run", "read a high risk plan, and confirm it outside Slack with your SSH key")
    approve.add_argument("plan", help="the plan's id, as its card in Slack shows it")
    approve.add_argument("--as", dest="person", help="your name in the inventory (default: who has your login)")
    approve.add_argument("--text", action="store_true", help="print only the words to sign")
    approve.add_argument("--key", type=Path, help="sign with this private key")
    approve.add_argument("--signature", help="a signature made elsewhere: a file, or - for standard input")
    approve.add_argument("--break-glass", action="store_true", help="confirm that you break the glass, not an approval")
    freeze = command("freeze", "freezing:freeze", "stop every change on every host that was not yet sent")
    freeze.add_argument("reason", nargs="*", help="why; everybody will see it")
    command("unfreeze", "freezing:unfreeze", "let approved changes run again")
    doctor = command("doctor", "doctor:run", "what is wrong with settings, Slack or hosts, and the command that mends it")
    doctor.add_argument("host", nargs="?", help="look only at this host of the inventory")
    doctor.add_argument("--json", action="store_true", help="plain values for scripts")
    return top


def _port(text: str) -> int:
    if not text.isdecimal() or int(text[:6]) > 65535:
        raise argparse.ArgumentTypeError(f"{visible(text[:40])} is no port number from 0 to 65535")
    return int(text)


def main(arguments: list[str] | None = None) -> int:
    """Run one command and give its exit status; errors are one clear message on standard error."""
    given = parser().parse_args(arguments)
    module, _, function = given.run.partition(":")
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")  # a log may hold bytes of any charset
    try:
        return int(getattr(importlib.import_module(f"bot.cli.{module}"), function)(given))
    except PostmedicError as error:
        print(f"{error.code}: {visible(str(error))}", file=sys.stderr)
        return Status.USAGE
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output went away, e.g. `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Status.FINE


if __name__ == "__main__":
    sys.exit(main())
